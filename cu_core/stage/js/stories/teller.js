// A story: the picture, which plays from stop to stop, and what is said at each.

import { parseBlob } from "../blob.js";
import { write } from "../elements.js";
import { Asking } from "./asking.js";
import { legs, Passage } from "./passage.js";
import { Pair, Single } from "./picture.js";
import { prose, unbroken } from "./prose.js";
import { goal, screenAt } from "./screens.js";
import { Stops } from "./stops.js";
import { WholeScreen } from "../wholescreen.js";

const HIDING = "hides-"; // and the name of a part: a class of the root
const ELSEWHERE = "clvw?"; // keys of the Stage for a link, views, notes and help: not a story's

export class Teller {
  constructor(parent) {
    this.root = parent.querySelector(".tale");
    const find = (name) => this.root.querySelector(name);
    [this.host, this.notice] = [find(".tale-picture"), find(".tale > .notice")];
    [this.saying, this.line] = [find(".tale-saying"), find(".tale-line")];
    this.text = find(".tale-text");
    [this.back, this.next, this.told] = [find(".tale-back"), find(".tale-next"), find(".tale-told")];
    [this.notes, this.noted] = [find(".tale-notes"), find(".tale-noted")];
    this.errors = [];
    this.at = 0;
    this.passage = new Passage();
    this.stops = new Stops(find(".tale-stops"), find(".tale-count"), (i) => this.go(i));
    this.asking = new Asking(find(".tale-question"), (guess) => this._guessed(guess));
    this._listen();
  }

  _listen() {
    this.back.addEventListener("click", () => this.go(this.at - 1));
    this.next.addEventListener("click", () => this.go(this.at + 1));
    this.noted.addEventListener("click", () => this._note());
    this.whole = new WholeScreen(this.root, "whole", () => this._screen());
    this.root.querySelector(".tale-whole").addEventListener("click", () => this._screen());
    this.root.addEventListener("keydown", (event) => this._key(event), true);
    this.onKey = (event) => event.target === document.body && this._key(event);
    document.addEventListener("keydown", this.onKey);
  }

  // --- data

  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue;
    if (data && data !== this.data) this._take(data);
    else this.picture?.update();
  }

  /** A telling: its stops as far as they may be seen, and the picture as far. */
  _take(data) {
    this.data = data;
    const { header, sections } = parseBlob(data);
    const other = header.story !== this.header?.story;
    const answered = !other && this.header.open !== null && header.open !== this.header.open;
    this.header = header;
    this.notice.hidden = true;
    if (other || !this.picture) this._mount(header.letters.length);
    this.picture.take(sections.picture.slice());
    if (other) this.dressed = null;
    const at = other ? 0 : Math.min(this.at, header.stops.length - 1);
    this._arrive(at);
    if (answered && header.stops[at].question) {
      this.saying.focus({ preventScroll: true });
      this.asking.answer.scrollIntoView({ block: "nearest" }); // on a phone it is below the fold
    }
  }

  /** An element for the picture, of one run or of two. */
  _mount(runs) {
    this.picture?.destroy();
    const kind = runs > 1 ? "two" : "one";
    const { content } = this.root.parentNode.querySelector(`template.${kind}`);
    this.host.replaceChildren(content.cloneNode(true));
    this.picture = runs > 1 ? new Pair(this.host) : new Single(this.host);
  }

  // --- from stop to stop

  /** To stop i, as far as it may be seen: through the frames between, or, with reduced motion, at
   *  once. */
  go(i) {
    const { header, picture } = this;
    const last = header.stops.length - 1;
    if (i > last && header.open !== null) return this.asking.enter();
    if (i > header.total - 1) return this._again();
    const to = Math.min(last, Math.max(0, i));
    if (to === this.at) return;
    this._say(to);
    if (picture.calm) return this._arrive(to);
    const from = { t: picture.t, morph: picture.morph };
    const screen = this._dress(to);
    const there = { t: picture.timeOf(header.stops[to]), morph: screen.morph ? 1 : 0 };
    const show = { time: (t) => picture.seek(t), morph: (share) => picture.go(share) };
    this.passage.go(legs(from, there, show), () => this._arrive(to));
  }

  /** The picture as a stop wants it: another stop's is whole again, wherever a hand has been. */
  _dress(i) {
    const screen = screenAt(this.header.stops, i);
    this.picture.dress(screen);
    if (i !== this.dressed) this.picture.home();
    this.dressed = i;
    return screen;
  }

  /** Stands at a stop. */
  _arrive(i) {
    const { header: { stops }, picture } = this;
    this.passage.stop();
    const screen = this._dress(i);
    picture.seek(picture.timeOf(stops[i]));
    picture.go(screen.morph ? 1 : 0);
    this._say(i);
  }

  _say(i) {
    const { header: { stops, open, total, so_far: soFar, story }, root } = this;
    const { line, text, notes, question } = stops[i];
    this.at = i;
    write(this.line, unbroken(line));
    this.text.replaceChildren(...prose(text));
    this.notes.replaceChildren(...prose(notes));
    this.noted.hidden = !notes;
    this.notes.hidden = !notes || this.noted.getAttribute("aria-expanded") !== "true";
    this.asking.show(question, { story, stop: i, line, soFar });
    this.stops.draw(stops, i, total, open);
    this.back.disabled = i === 0;
    this.next.classList.toggle("waits", open === i);
    write(this.next, i === total - 1 ? "Again" : "Next");
    for (const name of [...root.classList]) if (name.startsWith(HIDING)) root.classList.remove(name);
    for (const part of screenAt(stops, i).hide) root.classList.add(HIDING + part);
    const asks = question?.prompt ? ` ${question.prompt}` : "";
    write(this.told, `Stop ${i + 1} of ${total}: ${line}. ${this.text.textContent}${asks}`);
  }

  _again() {
    if (this.header.stops.some(({ question }) => question)) this.setTriggerValue("again", {});
    this.go(0);
  }

  _note() {
    const opens = this.noted.getAttribute("aria-expanded") !== "true";
    this.noted.setAttribute("aria-expanded", String(opens));
    this.notes.hidden = !opens || !this.notes.childElementCount;
  }

  _guessed(value) {
    this.setTriggerValue("guess", { stop: this.at, value });
  }

  // --- keys

  /** Before the Stage hears of it, whose keys these would be elsewhere. */
  _key(event) {
    if (!this.header || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, target } = event;
    const inside = event.composedPath()[0];
    const typing = inside.matches?.("input, select, textarea") && !key.startsWith("Page");
    const pressing = key === " " && inside.matches?.("button, summary");
    if (typing || pressing || (target.closest?.(".legend") && key.startsWith("Arrow"))) return;
    if (ELSEWHERE.includes(key.toLowerCase())) return event.stopPropagation();
    if (event.shiftKey) return;
    if (key.toLowerCase() === "f") return this._does(event, () => this._screen());
    if (key === "Escape" && this.whole.on) return this._does(event, () => this._screen());
    if (key.toLowerCase() === "t") return this._does(event, () => this._note());
    const to = goal(key, this.at, this.header.stops.length);
    if (to !== null) this._does(event, () => this.go(to));
  }

  /** The story alone on the whole screen, or back. */
  async _screen() {
    const { whole } = this;
    if (whole.on) whole.leave();
    else await whole.enter();
    if (whole.on) this.next.focus({ preventScroll: true });
    else whole.refocus();
  }

  _does(event, act) {
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  // --- what holds a component

  fail(error) {
    this.errors.push(String(error.stack || error));
    this.notice.hidden = false;
    this.notice.textContent = `The story stopped: ${error.message} Reload the page to try again.`;
    console.error(error);
  }

  rest() {
    this.passage.stop();
    this.picture?.rest();
  }

  destroy() {
    this.gone = true;
    this.passage.stop();
    document.removeEventListener("keydown", this.onKey);
    if (this.whole.on) this.whole.leave();
    this.whole.end();
    this.picture?.destroy();
  }
}
