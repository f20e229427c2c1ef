// How a run is found by who comes to it: where this tab left it, as its maker wants it, or new.

import { recall, recallChoice, remember } from "./memory.js";

const TOLD = 400; // milliseconds from the last choice of a hand until the page hears of it

export class Visit {
  constructor(stage) {
    this.stage = stage;
  }

  /** A run that was not shown before. */
  open() {
    const { stage } = this;
    const { clock, run } = stage;
    const [left, opens] = [recall(run.id), run.header.opens || {}];
    clock.playing = clock.following = false;
    clock.t = 0;
    this._dress(left?.screen || opens);
    const usual = recallChoice() || (run.header.recorded ? "map" : "both"); // one thing that moves
    stage.chooser.state = left?.view || { kind: opens.view || usual };
    if (left) this._return(left);
    else if (clock.live) clock.follow();
    else if (opens.frame > 0 && opens.frame < run.last) clock.t = opens.frame;
    else if (!clock.calm && run.last > 0) clock.play();
  }

  _return(left) {
    const { clock, run } = this.stage;
    clock.t = run.every > 1 ? Math.floor(run.timeOf(left.step)) : Math.min(run.last, left.t || 0);
    if (clock.live && left.following) clock.follow();
    else if (left.playing && !clock.calm && !clock.atEnd) clock.play();
  }

  /** Colours, outlines and isolated classes. */
  _dress({ colour, ghost, only }) {
    const { look, root, run } = this.stage;
    const known = root.querySelector(`input[name=colour][value="${colour}"]`);
    look.set(known ? colour : "pred");
    root.querySelector(`input[name=colour][value=${look.mode}]`).checked = true;
    look.ghost = ghost ?? null;
    look.isolated = new Set((only || []).filter((id) => id in run.classes));
  }

  /** What is on the screen besides the time: a header's ``opens`` brings it back. */
  get screen() {
    const { chooser, look } = this.stage;
    const only = [...look.isolated];
    return { view: chooser.choice, colour: look.mode, ghost: look.ghost, only };
  }

  keep() {
    const { screen, stage: { run, chooser, clock: { t, playing, following } } } = this;
    remember(run.id, { t, step: run.stepAt(t), playing, following, view: chooser.state, screen });
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
