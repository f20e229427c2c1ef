// Several runs side by side: a map each, one clock, one look, and threads between equal samples.

import { parseBlob } from "../blob.js";
import { Choosing } from "../choosing.js";
import { Clock } from "../clock.js";
import { Help } from "../help.js";
import { onKey } from "../keys.js";
import { Legend } from "../legend.js";
import { Pace } from "../pace.js";
import { Look } from "../paint.js";
import { classPalette, movedRamp, readTheme } from "../palette.js";
import { Paper } from "../paper.js";
import { Presenter } from "../presenter.js";
import { Toast } from "../toast.js";
import { addressOf, screenIn, screenOf, takeUp } from "./address.js";
import { Course } from "./course.js";
import { Lines } from "./lines.js";
import { follow, together } from "./linked.js";
import { Pane } from "./pane.js";
import { Player } from "./player.js";
import { Threads } from "./threads.js";

const MAX_RATIO = 2;
const TOLD = 400; // milliseconds from the last choice of a hand until the page hears of it

export class Together {
  constructor(parent) {
    this.root = parent.querySelector(".lethe");
    const find = (name) => this.root.querySelector(name);
    [this.errors, this.times, this.panes, this.drawn] = [[], [], [], 0];
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.shade = matchMedia("(prefers-color-scheme: dark)");
    this.clock = new Clock(this.calm.matches);
    this.pace = new Pace((now) => this._frame(now));
    this.look = new Look(); // of all maps; samples by their indices in the data
    this.look.ghost = false;
    [this.host, this.model, this.notice] = [find(".panes"), find(".pane"), find(".notice")];
    this.model.remove();
    this.legend = new Legend(find(".legend"), () => this.chosen());
    this.choosing = new Choosing(this);
    this.player = new Player(this.root, this);
    this.threads = new Threads(find(".threads"));
    this.lines = new Lines(find(".lines"));
    this.help = new Help(this);
    this.presenter = new Presenter(this, false);
    this.paper = new Paper(this);
    const toast = new Toast(this.root);
    this.link = { copy: () => toast.copy(addressOf(location.href, screenOf(this))) };
    this._listen();
  }

  _listen() {
    const { root } = this;
    root.addEventListener("keydown", (event) => onKey(event, this));
    root.addEventListener("change", ({ target }) => this._set(target));
    root.querySelector(".link").addEventListener("click", () => this.link.copy());
    for (const name of ["pointerup", "wheel"]) root.addEventListener(name, () => this.tell());
    this.onShade = () => this.run && this.dress();
    this.onCalm = () => {
      this.clock.calm = this.calm.matches;
      this.request();
    };
    this.shade.addEventListener("change", this.onShade);
    this.calm.addEventListener("change", this.onCalm);
    document.addEventListener("visibilitychange", this.onShade);
    this.watch = new ResizeObserver(() => this.layout());
    this.watch.observe(root);
  }

  _set({ name, value }) {
    if (name === "by") this._go(value);
    else if (name === "colour") this.look.set(value);
    else if (name === "speed") this.clock.speed = Number(value);
    this.chosen();
  }

  // What keys and the choice ask of a Stage.
  get run() { return this.course; }
  get map() { return this.lead.map; }
  get beside() { return { map: null }; }
  get chooser() { return { next() {} }; }
  get compare() { return { close: () => false }; }

  /** The pane that a hand was on last: it shows the card, leads the zoom, and is tied to the others. */
  get lead() {
    return this.panes.find(({ map }) => map === this.look.hand) || this.panes[0];
  }

  // --- data

  /** ``alone``: an exported page, whose address nobody else reads. */
  update({ data, setStateValue, alone }) {
    Object.assign(this, { setStateValue, alone });
    if (data && data !== this.data) this._take(data);
    else if (this.run) this.dress();
  }

  /** A pack of blobs; its header has ``panes``: [{letter, title}], whether they are ``linked``, and
   *  the ``screen`` that it opens on. */
  _take(data) {
    this.data = data;
    const { header, sections } = parseBlob(data);
    for (const pane of this.panes) pane.destroy();
    this.look.hand = null;
    this.linked = header.linked;
    this.panes = header.panes.map((told, k) => this._pane(parseBlob(sections[`run${k}`]), told));
    this.host.dataset.count = String(this.panes.length);
    this.notice.hidden = true;
    if (this.linked) together(this.panes);
    this._opens(this.alone ? screenIn(location.href) : header.screen || {});
    this.dress();
  }

  _pane(blob, told) {
    const root = this.model.cloneNode(true);
    this.host.append(root);
    const pane = new Pane(root, blob, told, this.look, () => this.request());
    for (const name of ["pointerenter", "focusin"]) {
      pane.map.root.addEventListener(name, () => {
        this.look.hand = pane.map;
        this.request();
      });
    }
    return pane;
  }

  _opens(screen) {
    const timed = takeUp(screen, this);
    this._go(screen.by === "steps" ? "steps" : "share");
    for (const [name, value] of [["by", this.course.by], ["colour", this.look.mode]]) {
      this.root.querySelector(`input[name=${name}][value=${value}]`).checked = true;
    }
    if (timed) this.clock.seek(Math.round(this.course.timeOfShare(screen.at)));
    else if (!this.clock.calm) this.clock.play();
  }

  /** By share of the run or by steps, from where the leading run stands. */
  _go(by) {
    const step = this.course?.stepAt(this.clock.t) ?? 0;
    const share = this.course?.share(this.clock.t) ?? 0;
    this.course = new Course(this.panes.map(({ run }) => run), by);
    const t = by === "steps" ? this.course.timeOf(step) : this.course.timeOfShare(share);
    this.clock.grow(this.course.last, false, t);
    this.player.load(this.course);
    if (this.look.theme) this._curves();
  }

  // --- how it looks

  /** Colours for the theme as it is now. */
  dress() {
    const theme = readTheme(this.root);
    theme.panel = readTheme(this.map.root).bg;
    theme.letters = this.presenter.letters;
    const classes = Math.max(...this.panes.map(({ run }) => run.classes.length));
    this.look.dress(classPalette(classes, theme), movedRamp(theme), theme);
    this._curves();
    this.layout();
  }

  /** Alone on the whole screen, or back. */
  presents() {
    if (this.run) this.dress();
  }

  _curves() {
    this.lines.load(this.panes, this.course, this.look.theme);
    this.lines.resize(this.ratio);
  }

  get ratio() {
    return Math.min(MAX_RATIO, window.devicePixelRatio || 1);
  }

  layout() {
    if (!this.run || this.pace.unseen || !this.root.clientWidth) return;
    this.legend.draw(this.map.view, this.look, false);
    for (const pane of this.panes) pane.map.resize(this.ratio, 0);
    this.threads.resize(this.ratio);
    this.lines.resize(this.ratio);
    this.draw();
    this.request();
  }

  /** A hand has changed how the runs are looked at. */
  chosen() {
    this.tell();
    this.request();
  }

  /** "set" these samples, by their indices in the data, "add" them or "remove" them: in all maps. */
  select(indices, how = "set") {
    const chosen = new Set(how === "set" ? [] : this.look.chosen);
    for (const index of indices) how === "remove" ? chosen.delete(index) : chosen.add(index);
    this.look.chosen = chosen;
    this.look.version++;
    this.chosen();
  }

  /** The page hears of what is on the screen when the hand rests. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      if (!this.clock.moving && !this.gone) this.setStateValue("screen", screenOf(this));
    }, TOLD);
  }

  // --- time

  toggle() {
    if (this.clock.playing) {
      this.clock.pause();
      this.settle();
    } else {
      this.clock.play();
      this.request();
    }
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
    this.seekTo(this.clock.last);
  }

  /** After a pause or a jump: on a whole frame of the run that leads. */
  settle() {
    this.clock.t = this.clock.frame;
    this.chosen();
  }

  // --- pictures

  request() {
    this.pace.soon();
  }

  _frame(now) {
    if (!this.run || this.gone) return;
    const ended = this.clock.tick(now);
    this.draw();
    this.times.push(now);
    if (this.times.length > 240) this.times.splice(0, 120);
    if (ended) this.settle();
    if (this.clock.moving) this.pace.next(false);
  }

  draw() {
    if (this.pace.unseen) return;
    try {
      const { t } = this.clock;
      const { lead, panes, look } = this;
      if (this.linked) follow(lead, panes);
      this.legend.draw(this.panes[0].map.view, look, false);
      this.choosing.draw();
      const turn = this.clock.moving ? this.drawn % panes.length : -1; // whose names are laid out
      panes.forEach((pane, k) => {
        pane.draw(this.course.timeIn(pane.run, t), this.clock.calm, turn >= 0 && k !== turn);
      });
      this.threads.draw(panes, lead, look.theme);
      this.lines.draw(t);
      this.player.draw(t);
      this.drawn++;
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

  /** Pictures a second over the last second of playing. */
  fps() {
    const end = this.times.at(-1);
    const recent = this.times.filter((time) => time > end - 1000);
    const span = recent.at(-1) - recent[0];
    return recent.length > 1 ? (1000 * (recent.length - 1)) / span : 0;
  }

  rest() {
    this.clock.pause();
  }

  destroy() {
    this.rest();
    this.gone = true;
    clearTimeout(this.telling);
    this.pace.end();
    this.watch.disconnect();
    this.presenter.end();
    this.paper.end();
    this.shade.removeEventListener("change", this.onShade);
    this.calm.removeEventListener("change", this.onCalm);
    document.removeEventListener("visibilitychange", this.onShade);
    for (const pane of this.panes) pane.destroy();
  }
}
