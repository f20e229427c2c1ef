// Hands up: one person counts a class's hands for each option, and sees them beside the truth.

import { tag, within, write } from "../elements.js";
import { csv, optionsOf, recallHands, rememberHands, tally } from "./tally.js";

const MOST = 999;

export class Hands {
  /** ``changed()``: a count is another one. */
  constructor(box, changed) {
    Object.assign(this, { box, changed, hands: {} });
    this.summary = within(box, "summary", "", "Count a class's hands");
    this.rows = within(box, "div", "tale-hands");
    this.save = within(box, "button", "quiet", "Save as CSV");
    this.save.type = "button";
    this.save.addEventListener("click", () => this._save());
    this.clear = within(box, "button", "quiet", "Clear");
    this.clear.type = "button";
    this.clear.addEventListener("click", () => this._clear());
  }

  /** ``where``: {story, stop}; with the truth, once it is known. */
  show(question, where) {
    Object.assign(this, { question, where });
    this.hands = recallHands(where.story, where.stop);
    this.rows.replaceChildren(...optionsOf(question).map((option) => this._row(option)));
    if (Object.keys(this.hands).length) this.box.open = true;
    this._draw();
  }

  get any() {
    return Object.keys(this.hands).length > 0;
  }

  _row({ value, name }) {
    const row = tag("label", "tale-row");
    within(row, "span", "tale-name", name);
    const count = within(row, "input", "tale-count-hands");
    Object.assign(count, { type: "number", min: 0, max: MOST, step: 1, value: this.hands[value] || 0 });
    count.setAttribute("aria-label", `Hands for ${name}`);
    count.addEventListener("input", () => this._count(value, count.valueAsNumber));
    const bars = within(row, "span", "tale-bars");
    within(bars, "i", "tale-bar said");
    within(bars, "i", "tale-bar true");
    within(row, "span", "tale-share", "");
    return row;
  }

  _count(value, number) {
    const n = Math.min(MOST, Math.max(0, Math.trunc(number) || 0));
    const { [value]: _, ...others } = this.hands;
    this.hands = n ? { ...others, [value]: n } : others;
    rememberHands(this.where.story, this.where.stop, this.hands);
    this._draw();
    this.changed();
  }

  _draw() {
    const rows = tally(this.question, this.hands);
    rows.forEach(({ hands, share, truth }, k) => {
      const row = this.rows.children[k];
      row.querySelector(".said").style.width = `${share}%`;
      row.querySelector(".true").style.width = `${truth ?? 0}%`;
      const told = truth === null ? "" : `, truth ${Math.round(truth)} %`;
      const said = hands || truth !== null ? `${Math.round(share)} %${told}` : "";
      write(row.querySelector(".tale-share"), said.replaceAll(" %", "\u00a0%"));
    });
    this.save.hidden = this.clear.hidden = !this.any;
  }

  /** For the next class: nobody has a hand up. */
  _clear() {
    this.hands = {};
    rememberHands(this.where.story, this.where.stop, this.hands);
    for (const row of this.rows.children) row.querySelector("input").value = 0;
    this.summary.focus(); // the button goes, and what had the focus with it
    this._draw();
    this.changed();
  }

  /** A file that this browser makes; nothing of it goes anywhere else. */
  _save() {
    const { where, question } = this;
    const text = csv({ ...where, prompt: question.prompt }, tally(question, this.hands));
    const link = tag("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `lethe-hands-${where.story}-${where.stop + 1}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}
