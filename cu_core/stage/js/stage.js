// The Stage: one run, one clock, and everything that follows it.

import { Beside, ROOM } from "./beside.js";
import { parseBlob } from "./blob.js";
import { Chooser } from "./chooser.js";
import { Choosing } from "./choosing.js";
import { Clock } from "./clock.js";
import { Compare } from "./compare.js";
import { Curves } from "./curves.js";
import { Help } from "./help.js";
import { onKey } from "./keys.js";
import { Legend } from "./legend.js";
import { Link } from "./link.js";
import { MapView } from "./map.js";
import { Look } from "./paint.js";
import { Pace } from "./pace.js";
import { createPanels } from "./panels.js";
import { Paper } from "./paper.js";
import { classPalette, movedRamp, readTheme } from "./palette.js";
import { Presenter } from "./presenter.js";
import { Run } from "./run.js";
import { Scrubber } from "./scrubber.js";
import { describe } from "./series.js";
import { Story } from "./story.js";
import { showLeftOut, showQuality } from "./texts.js";
import { Visit } from "./visit.js";

const MAX_RATIO = 2;
const NEED_MS = 8000; // between two askings for frames that do not come
const HEARD = 250; // milliseconds that a page is given to hear one question before the next

export class Stage {
  constructor(parent) {
    this.root = parent.querySelector(".lethe");
    this.errors = [];
    this.times = [];
    this.questions = []; // to the page, the first of which was put
    this.draws = 0; // pictures, since the page was made
    const find = (name) => this.root.querySelector(name);
    this.step = find(".step");
    this.live = find(".live");
    this.told = find(".told");
    this.notice = find(".notice");
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.shade = matchMedia("(prefers-color-scheme: dark)");
    this.clock = new Clock(this.calm.matches);
    this.pace = new Pace((now) => this._frame(now));
    this.look = new Look();
    const ask = () => this.request();
    this.map = new MapView(find(".map"), this.look, ask);
    this.legend = new Legend(find(".legend"), () => this.chosen());
    const seek = (t) => this.seek(t);
    const settle = () => this.settle();
    this.curves = new Curves(find(".plots"), seek, settle, () => this.layout());
    this.scrubber = new Scrubber(find(".scrub"), seek, settle);
    this.compare = new Compare(this);
    this.beside = new Beside(this);
    this.story = new Story(this);
    this.visit = new Visit(this);
    this.chooser = new Chooser(this);
    this.choosing = new Choosing(this);
    this.link = new Link(this);
    this.help = new Help(this);
    this.presenter = new Presenter(this, true);
    this.notes = this.presenter.notes;
    this.panels = createPanels(this, find(".parts"));
    this.paper = new Paper(this);
    this._listen(find);
  }

  _listen(find) {
    this.root.addEventListener("keydown", (event) => onKey(event, this));
    find(".play").addEventListener("click", () => this.toggle());
    find(".back").addEventListener("click", () => this.stepBy(-1));
    find(".forward").addEventListener("click", () => this.stepBy(1));
    this.live.addEventListener("click", () => this.toEnd());
    this.root.addEventListener("change", (event) => this._chosen(event.target));
    this.onShade = () => this.run && this.dress();
    this.onCalm = () => {
      this.clock.calm = this.calm.matches;
      this.request();
    };
    this.shade.addEventListener("change", this.onShade);
    this.calm.addEventListener("change", this.onCalm);
    this.onSeen = () => !this.pace.unseen && this.run && this.dress();
    document.addEventListener("visibilitychange", this.onSeen);
    // Whoever comes back to this tab hears what others have done to the run meanwhile.
    this.onBack = () => this.run && !this.run.header.recorded && this.ask("there", {});
    window.addEventListener("focus", this.onBack);
    this.watch = new ResizeObserver(() => this.layout());
    this.watch.observe(this.root);
    this.watch.observe(find(".map"));
    this.watch.observe(find(".curves"));
  }

  _chosen(input) {
    if (input.name === "view") return this.chooser.choose(input.value);
    if (input.name === "colour") this.look.set(input.value);
    else if (input.name === "speed") this.clock.speed = Number(input.value);
    else this.look.ghost = input.checked;
    this.look.version++;
    this.chosen();
  }

  /** A hand has changed how the run is looked at. */
  chosen() {
    this.keep();
    this.visit.tell();
    this.request();
  }

  // --- data

  /** Called on mount, with new data, and when the theme changes. */
  update({ data, setStateValue, setTriggerValue, alone }) {
    Object.assign(this, { setStateValue, setTriggerValue });
    this.link.lead(alone);
    if (data && data !== this.data) this._take(data);
    else if (this.run) this.dress();
  }

  _take(data) {
    this.data = data;
    clearTimeout(this.lacking);
    const { header, sections } = parseBlob(data);
    this.link.take(header);
    const { run } = this;
    const known = run && run.frames && !run.header.overview;
    const same = known && run.id === header.run && run.n === header.n;
    const joins = header.start === 0 || (same && run.every === (header.every || 1));
    if (!joins) return this._needs(header.total);
    if (same && header.overview) return this._lacks(0); // it would lead back to a few frames
    const step = run?.stepAt(this.clock.t);
    const next = header.start > 0 ? this.run : new Run(header, sections);
    if (same) next.atlas ??= run.atlas; // an overview comes without it
    const firstNew = header.start > 0 ? next.append(header, sections) : 0;
    if (firstNew < 0) return this._lacks(this.run.frames);
    if (!same) this.compare.forget();
    this.run = next;
    if (!same) this.map.forget();
    for (const pictures of [this.map, this.beside]) pictures.load(next, firstNew, !same);
    this.scrubber.load(next);
    this.story.load(next);
    const shifted = same && (run.every > 1 || next.every > 1); // other frames, or another newest
    this.clock.grow(next.last, Boolean(header.live), shifted ? next.timeOf(step) : undefined);
    if (!same) this._enter();
    this.chooser.load(); // before the layout, which measures the controls
    if (run === next && header.live && !sections.ghost) this._grown();
    else this.dress();
    this.compare.take(header, sections);
    this.choosing.load(next, !same);
    for (const panel of this.panels) panel.load?.(next, !same);
    this.panelled = next; // colours and layout come first, and draw
    this._words();
    if (!this.clock.moving) this.tell();
    if (header.overview) this._lacks(0);
  }

  /** Frames are on their way that a page, perhaps made anew, does not have. */
  _needs(total) {
    if (!this.run) this.notice.textContent = `Loading ${total} pictures of this run.`;
    this._lacks(0);
  }

  /** Asks for the frames from this one on until they come: a page that is being drawn anew at that
   * very moment does not hear it, and a run that rests gives no other occasion. */
  _lacks(from) {
    this.setTriggerValue("need", { from });
    this.lacking = setTimeout(() => this.root.isConnected && this._lacks(from), NEED_MS);
  }

  _enter() {
    this.visit.open();
    this.reported = null;
  }

  _words() {
    const { run } = this;
    this.notice.hidden = run.frames > 0;
    this.notice.textContent =
      "The map and the curves appear here once the original model has placed the samples.";
    showLeftOut(this.root.querySelector(".left-out"), run);
    this.root.classList.toggle("blank", !run.frames);
    this.root.classList.toggle("trains", Boolean(run.header.live));
    this.root.classList.toggle("still", Boolean(run.header.still));
    this.root.querySelector(".transport").inert = !run.frames;
  }

  /** Colours for the theme as it is now. */
  dress() {
    const theme = readTheme(this.root);
    const style = getComputedStyle(this.map.root);
    theme.panel = readTheme(this.map.root).bg;
    Object.assign(theme, { font: style.fontFamily, letters: this.presenter.letters });
    this.look.dress(classPalette(this.run.classes.length, theme), movedRamp(theme), theme);
    this.curves.load(this.run, theme);
    for (const panel of this.panels) panel.dress?.(this.look);
    this.layout();
  }

  /** Alone on the whole screen, or back: there what is not played yet is drawn nowhere. */
  presents(on) {
    this.curves.untold = on;
    if (this.run) this.dress();
  }

  /** More of the run that is shown: colours stay, and what changes its size says so itself. */
  _grown() {
    if (this.pace.unseen) return;
    const panels = this.curves.panels.length;
    this.curves.load(this.run, this.look.theme);
    if (this.curves.panels.length !== panels) return this.layout();
    this.curves.resize(this.ratio);
    this.request();
  }

  get ratio() {
    return Math.min(MAX_RATIO, window.devicePixelRatio || 1);
  }

  layout() {
    if (!this.run || this.pace.unseen || !this.root.clientWidth) return;
    this.chooser.fit();
    const { root } = this.legend;
    this.root.classList.toggle("rows", this.root.clientWidth < ROOM || !this.chooser.alone);
    this._legend();
    const { ratio } = this;
    const inset = root.offsetTop < this.map.root.offsetTop ? 0 : root.offsetWidth + 20;
    this.map.resize(ratio, inset);
    this.beside.resize(ratio);
    this.compare.resize(ratio, inset);
    this.curves.resize(ratio);
    this.draw();
    this.request();
  }

  _legend() {
    const { view } = this.map;
    this.legend.draw(view, this.look, view.hasGhost && this.look.outlines > 0);
  }

  /** Asks the page for something: ``what`` names it, ``payload`` is plain data. One after the other:
   *  of two triggers at once a page hears the last alone. */
  ask(what, payload) {
    this.questions.push({ what, ...payload });
    if (this.questions.length === 1) this._tellNext();
  }

  _tellNext() {
    if (!this.questions.length || this.gone) return;
    this.setTriggerValue("asked", this.questions[0]);
    setTimeout(() => {
      this.questions.shift();
      this._tellNext();
    }, HEARD);
  }

  /** A hand has chosen samples, in whatever way: "set" these slots, "add" them or "remove" them. All
   *  pictures mark them, and the page hears of them by their indices in the data. */
  select(slots, how = "set") {
    const { chosen } = this.look;
    if (how === "set") chosen.clear();
    for (const slot of slots) how === "remove" ? chosen.delete(slot) : chosen.add(slot);
    this.look.version++;
    const index = [...slots].map((slot) => this.run.index[slot]);
    this.ask("choose", { how, index });
    this.request();
  }

  /** Points at samples in all pictures; nothing is chosen by that, and the page hears of nothing. */
  mark(slots) {
    this.look.marked = new Set(slots);
    this.look.version++;
    this.request();
  }

  // --- time

  toggle() {
    if (this.clock.playing || this.clock.following) this.pause();
    else {
      this.clock.play();
      this.request();
    }
  }

  pause() {
    this.clock.pause();
    this.settle();
  }

  seek(t) {
    this.clock.seek(this.clock.calm ? Math.round(t) : t);
    this.request();
  }

  seekTo(t) {
    this.clock.seek(t);
    this.settle();
  }

  stepBy(count) {
    this.seekTo(this.clock.frame + count);
  }

  toEnd() {
    if (this.clock.live) this.clock.follow();
    else this.clock.seek(this.clock.last);
    this.settle();
  }

  /** After a pause or a jump: on a whole frame, said aloud, and reported if a hand did it. At a
   * run's end nobody asked for the page to be drawn again: that drawing swallowed a click. */
  settle(byHand = true) {
    const { clock } = this;
    clock.t = clock.frame;
    this.request();
    this.tell();
    this.keep();
    if (!byHand || clock.frame === this.reported) return;
    this.reported = clock.frame;
    this.setStateValue("frame", clock.frame);
  }

  keep() {
    this.visit.keep();
  }

  tell() {
    const { run, clock } = this;
    const said = describe(run.header.curves || [], run.stepAt(clock.t), run.endStep);
    const end = clock.ended ? run.header.verdict || "" : "";
    this.told.textContent = `${said} ${end}`.trim();
  }

  // --- pictures

  request() {
    this.pace.soon();
  }

  _frame(now) {
    if (!this.run || this.gone) return;
    const { playing } = this.clock;
    const ended = this.clock.tick(now);
    const fading = this.story.fade(now, playing);
    this.draw();
    this.times.push(now);
    if (this.times.length > 240) this.times.splice(0, 120);
    if (ended) this.settle(false);
    if (this.clock.moving || fading) this.pace.next(this.works);
  }

  /** Whether the run goes on just now, on these very cores for all that a page knows. */
  get works() {
    const { live, state } = this.run.header;
    return Boolean(live) && state !== "paused";
  }

  draw() {
    if (!this.run.frames || this.pace.unseen) return;
    this.draws++;
    try {
      const { t } = this.clock;
      this._legend();
      this.chooser.draw(t);
      this.choosing.draw();
      this.visit.draw();
      this.compare.draw();
      this.map.draw(t, this.clock.calm);
      this.beside.draw(t, this.clock.calm, this.clock.moving && !this.works);
      this.curves.draw(this.run.stepAt(t));
      if (this.panelled === this.run) for (const panel of this.panels) panel.draw?.(t);
      this._readout(t);
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error) {
    this.errors.push(String(error.stack || error));
    this.clock.pause();
    this.notice.hidden = false;
    this.notice.textContent = `The picture stopped: ${error.message} Reload the page to try again.`;
    console.error(error);
  }

  _readout(t) {
    const { run, clock } = this;
    const step = Math.round(run.stepAt(t));
    this.scrubber.draw(t, `step ${step} of ${run.endStep}`);
    this.story.say(t);
    const flags = [clock.playing, clock.following, clock.live, clock.ended];
    const state = [step, clock.frame, run.endStep, ...flags].join("/");
    if (state === this.shown && run.quality[clock.frame] === this.judged) return;
    Object.assign(this, { shown: state, judged: run.quality[clock.frame] });
    this.step.firstChild.textContent = `step ${step}`;
    this.step.lastChild.textContent = ` / ${run.endStep}`;
    this.root.classList.toggle("playing", clock.playing || clock.following);
    const play = this.root.querySelector(".play");
    const word = clock.playing || clock.following ? "Pause" : "Play";
    play.setAttribute("aria-label", `${word} the picture`); // the network has a Pause of its own
    play.title = `${play.getAttribute("aria-label")} (space)`;
    this.live.hidden = !clock.live;
    this.live.setAttribute("aria-pressed", String(clock.following));
    this.live.title = clock.following ? "Following the run" : "Go to the newest frame";
    this.story.draw(clock.frame, this.chooser.views);
    this.notes.draw();
    showQuality(this.root.querySelector(".quality"), this.map.view.says(clock.frame));
  }

  /** Pictures a second over the last second of playing. */
  fps() {
    const end = this.times[this.times.length - 1];
    const recent = this.times.filter((time) => time > end - 1000);
    const span = recent[recent.length - 1] - recent[0];
    return recent.length > 1 ? (1000 * (recent.length - 1)) / span : 0;
  }

  /** Nothing calls for this Stage just now, though it is still on the page. */
  rest() {
    if (this.run) this.keep();
    this.clock.pause();
  }

  destroy() {
    this.rest();
    this.gone = true;
    this.pace.end();
    document.removeEventListener("visibilitychange", this.onSeen);
    window.removeEventListener("focus", this.onBack);
    this.watch.disconnect();
    this.shade.removeEventListener("change", this.onShade);
    this.calm.removeEventListener("change", this.onCalm);
    for (const part of [this.visit, this.link, this.presenter, this.paper]) part.end();
    this.compare.destroy();
    this.beside.drop();
    for (const panel of this.panels) panel.drop?.();
    this.map.destroy();
  }
}
