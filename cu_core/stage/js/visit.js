// How a run is found by who comes to it: where this tab left it, as its maker wants it, or new.

import { offered } from "./highlight.js";
import { recall, recallChoice, remember } from "./memory.js";
import { slotsOf } from "./moment.js";

const TOLD = 400; // milliseconds from the last choice of a hand until the page hears of it

export class Visit {
  constructor(stage) {
    this.stage = stage;
    this.hidden = []; // parts of the page that are not shown
  }

  /** A run that was not shown before. */
  open() {
    const { stage } = this;
    const { clock, run } = stage;
    const [left, opens] = [recall(run.id), run.header.opens || {}];
    // An address leads a tab once; from then on the tab is where it was left.
    const said = !left || (opens.link && left.link !== opens.link) ? opens : {};
    clock.playing = clock.following = false;
    clock.t = 0;
    this.hide(opens.hide || []);
    this.dress({ ...left?.screen, ...said });
    const usual = recallChoice() || (run.header.recorded ? "map" : "both"); // one thing that moves
    const kind = said.view || left?.view?.kind || usual;
    stage.chooser.state = { ...left?.view, kind };
    const were = (left?.pins || []).filter((slot) => slot < run.n);
    stage.look.pins = this.pins = said.pin ? slotsOf(run, said.pin) : were;
    if (said.step !== undefined) this._stand(said.step);
    else if (left) this._return(left);
    else if (clock.live) clock.follow();
    else if (opens.frame > 0 && opens.frame < run.last) clock.t = opens.frame;
    else if (!clock.calm && run.last > 0) clock.play();
    stage.link.doubt(said.link ? said : {});
    if (run.header.overview) clock.playing = clock.following = false; // until the whole is there
  }

  /** At the nearest picture of a step, or, of an overview's few, the last one before it. */
  _stand(step) {
    const { clock, run } = this.stage;
    const t = run.timeOf(step);
    clock.t = run.header.overview ? Math.floor(t) : Math.round(t);
    this.found = { t: clock.t, step };
  }

  _return(left) {
    const { clock, root, run } = this.stage;
    const pace = root.querySelector(`input[name=speed][value="${left.speed}"]`);
    if (pace) [pace.checked, clock.speed] = [true, left.speed];
    const counted = run.every > 1 || left.overview; // in other frames than those of the run
    clock.t = counted ? Math.floor(run.timeOf(left.step)) : Math.min(run.last, left.t || 0);
    if (clock.live && left.following) clock.follow();
    else if (left.playing && !clock.calm && !clock.atEnd) clock.play();
    this.found = { t: clock.t, step: left.step };
  }

  /** Colours, outlines, isolated classes, and what is highlighted. */
  dress({ colour, ghost, only, highlight }) {
    const { look, root, run } = this.stage;
    const known = root.querySelector(`input[name=colour][value="${colour}"]`);
    look.set(known ? colour : "pred");
    root.querySelector(`input[name=colour][value=${look.mode}]`).checked = true;
    look.ghost = ghost ?? null;
    look.highlight = offered(run).find(({ key }) => key === highlight) ?? null;
    look.isolated = new Set((only || []).filter((id) => id in run.classes));
  }

  /** The Stage without these of its parts; the page around it hides its own. */
  hide(parts) {
    const { root } = this.stage;
    this.hidden = parts;
    for (const name of root.dataset.parts.split(",")) {
      root.classList.toggle(`without-${name}`, parts.includes(name));
      if (this.stage.link.alone) document.body.classList.toggle(`without-${name}`, parts.includes(name));
    }
  }

  /** What is on the screen besides the time: a header's ``opens`` brings it back. */
  get screen() {
    const { chooser, look, run } = this.stage;
    const [only, pin] = [[...look.isolated], look.pins.map((slot) => run.index[slot])];
    const shown = { view: chooser.choice, colour: look.mode, ghost: look.ghost, only, pin };
    return look.highlight ? { ...shown, highlight: look.highlight.key } : shown;
  }

  keep() {
    const { screen, stage: { run, chooser, look, clock: { t, playing, following, speed } } } = this;
    const { overview } = run.header;
    // Of an overview's few frames none need be where a hand stood, unless it has moved since.
    const step = overview && t === this.found?.t ? this.found.step : run.stepAt(t);
    const at = { t, step, overview, playing, following, speed };
    const { link } = run.header.opens || {};
    remember(run.id, { ...at, link, view: chooser.state, screen, pins: look.pins });
  }

  /** With every picture: whether a hand has pinned another sample, or one less. */
  draw() {
    const { pins } = this.stage.look;
    if (this.pins !== undefined && this.pins !== pins) this.tell();
    this.pins = pins;
  }

  /** A hand has changed how the run is looked at: the page hears of it when it rests. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.stage.setStateValue("screen", this.screen), TOLD);
  }

  end() {
    clearTimeout(this.telling);
  }
}
