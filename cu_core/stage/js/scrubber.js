// One slider under map and curves: time by step, event marks, and where the map is unfaithful.

import { tag } from "./elements.js";
import { frameOf, groups, happened, sentence, tone } from "./happenings.js";

// A fresh UMAP of CIFAR-10's embeddings draws 80 of 100 rightly: two dimensions hold no more. Below
// three quarters the picture misleads, and is marked.
export const POOR_FIDELITY = 0.75;
const MARK = 12; // pixels: marks that are nearer to each other are one
const USUAL = 600; // pixels of a scrubber that is not laid out yet

/** Stretches of frames [first, last] whose fidelity is poor, with the lowest value in each. */
export function poorStretches(quality) {
  const out = [];
  quality.forEach((entry, i) => {
    if (!entry || !(entry.fidelity < POOR_FIDELITY)) return;
    const open = out[out.length - 1];
    if (open && open.last === i - 1) {
      open.last = i;
      open.least = Math.min(open.least, entry.fidelity);
    } else out.push({ first: i, last: i, least: entry.fidelity });
  });
  return out;
}

export class Scrubber {
  /** ``seek(t)`` while dragging; ``settle()`` when the hand lets go. */
  constructor(root, seek, settle) {
    this.root = root;
    this.seek = seek;
    this.settle = settle;
    this.parts = {};
    for (const name of ["known", "fill", "poor", "thumb", "marks"]) {
      this.parts[name] = root.querySelector(`.${name}`);
    }
    root.addEventListener("pointerdown", (event) => this._grab(event));
    root.addEventListener("pointermove", (event) => this.held && this._to(event));
    for (const name of ["pointerup", "pointercancel"]) {
      root.addEventListener(name, () => this._release());
    }
  }

  _grab(event) {
    if (event.button || event.target.closest(".mark") || !this.run) return;
    this.held = true;
    this.root.setPointerCapture(event.pointerId);
    this.root.focus({ preventScroll: true });
    this._to(event);
    event.preventDefault();
  }

  _release() {
    if (!this.held) return;
    this.held = false;
    this.settle();
  }

  _to(event) {
    const box = this.root.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    this.seek(this.run.timeOf(share * this.run.endStep));
  }

  share(step) {
    return Math.min(1, Math.max(0, step / this.run.endStep));
  }

  /** Marks and stretches of this run; called when data arrives. */
  load(run) {
    this.run = run;
    const { known, poor } = this.parts;
    known.style.width = `${100 * this.share(run.steps[run.last] || 0)}%`;
    this.root.setAttribute("aria-valuemax", run.last);
    poor.replaceChildren(...poorStretches(run.quality).map((stretch) => this._poor(stretch)));
    const told = [...poor.children].map((made) => made.title).join(" ");
    if (told) this.root.setAttribute("aria-description", told); // what is in a slider is not read
    else this.root.removeAttribute("aria-description");
    this.events = happened(run);
    this._marks();
  }

  /** One mark for all events that would lie on each other. */
  _marks() {
    this.width = this.root.clientWidth;
    const near = (this.run.endStep * MARK) / (this.width || USUAL);
    const made = groups(this.events, near).map((events) => this._mark(events));
    this.parts.marks.replaceChildren(...made);
  }

  _poor({ first, last, least }) {
    const made = tag("span", "stretch");
    const [from, to] = [this.run.steps[first], this.run.steps[last]];
    made.style.left = `${100 * this.share(from)}%`;
    made.style.width = `max(6px, ${100 * (this.share(to) - this.share(from))}%)`;
    const of100 = Math.round(100 * least);
    const where = first === last ? `Step ${from}` : `Steps ${from} to ${to}`;
    made.title = `${where}: the map is less faithful, down to ${of100} of 100 forget samples.`;
    return made;
  }

  /** The sentences of all its events; a click goes to the first, the next one to the next. The
   *  keyboard has the list under the picture. */
  _mark(events) {
    const made = tag("button", `mark ${tone(events)} ${events.length > 1 ? "many" : ""}`);
    made.type = "button";
    made.tabIndex = -1;
    made.style.left = `${100 * this.share(events[0].step)}%`;
    made.title = events.map(sentence).join("\n");
    made.setAttribute("aria-label", events.map(sentence).join(". "));
    made.addEventListener("click", () => {
      const here = this.run.stepAt(this.t);
      const inside = here >= events[0].step;
      const next = inside ? events.find(({ step }) => step > here) : null;
      this.seek(frameOf(this.run, (next || events[0]).step));
      this.settle();
    });
    return made;
  }

  draw(t, text) {
    this.t = t;
    if (this.root.clientWidth !== this.width) this._marks();
    const share = this.share(this.run.stepAt(t));
    this.parts.thumb.style.transform = `translateX(${share * this.root.clientWidth}px)`;
    this.parts.fill.style.transform = `scaleX(${share})`;
    if (text === this.text) return;
    this.text = text;
    this.root.setAttribute("aria-valuenow", Math.round(t));
    this.root.setAttribute("aria-valuetext", text);
  }
}
