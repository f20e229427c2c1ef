// The flows of a frame as a table: a row for each label and answer, nothing joined, and their sum.

import { within, write } from "./elements.js";
import { Roving } from "./roving.js";

const KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const KINDS = { home: "its true class", stays: "stays" };

export class FlowTable {
  /** ``choose(row, side)``: a count, or the row of it, was pressed. */
  constructor(host, choose) {
    this.lines = new Map(); // key of a row -> its line, which stays while a run plays
    this.fold = within(host, "details");
    within(this.fold, "summary", "", "As a table");
    this.table = within(within(this.fold, "div", "flow-rows"), "table");
    this.head = within(within(this.table, "thead"), "tr");
    this.body = within(this.table, "tbody");
    this.foot = within(within(this.table, "tfoot"), "tr");
    this.roving = new Roving(this.body, KEYS);
    this.fold.addEventListener("toggle", () => this.open && this.flow && this._fill());
    this.body.addEventListener("click", ({ target }) => {
      const row = this.lines.get(Number(target.closest("tr")?.dataset.key))?.row;
      if (row) choose(row, target.closest("[data-side]")?.dataset.side || "now");
    });
  }

  get open() {
    return this.fold.open;
  }

  /** ``pressed(row, side)``: whether its samples are the marked ones. */
  draw(flow, pressed) {
    Object.assign(this, { flow, pressed });
    if (this.open) this._fill();
  }

  /** Another run, or another side: its lines are made anew. */
  forget() {
    this.lines.clear();
    for (const part of [this.head, this.body, this.foot]) part.replaceChildren();
  }

  _fill() {
    const { flow, lines, body } = this;
    const sides = flow.known ? ["now", "retrained"] : ["now"];
    if (sides.length !== this.sides?.length) this.forget();
    this.sides = sides;
    if (!this.head.firstChild) this._frame();
    const keys = new Set(flow.rows.map(({ key }) => key));
    for (const [key, { line }] of lines) {
      if (keys.has(key)) continue;
      line.remove();
      lines.delete(key);
    }
    flow.rows.forEach((row, place) => {
      const held = lines.get(row.key) || this._line(row, place);
      held.row = row;
      sides.forEach((side, k) => this._count(held.buttons[k], row, side));
    });
    sides.forEach((side, k) => {
      const all = flow.rows.reduce((total, row) => total + row[side], 0);
      write(this.foot.children[k + 1], all.toLocaleString("en"));
    });
    this.roving.take([...body.querySelectorAll("button:enabled")]);
  }

  /** What stands above and below the lines. */
  _frame() {
    const titles = ["Label", "Answer", "", "Now", ...(this.flow.known ? ["Retrained"] : [])];
    for (const title of titles) {
      const cell = within(this.head, title ? "th" : "td", "", title);
      if (title) cell.scope = "col";
    }
    const sum = within(this.foot, "th", "", "Sum");
    Object.assign(sum, { scope: "row", colSpan: 3 });
    for (const side of this.sides) within(this.foot, "td").dataset.side = side;
  }

  _line(row, place) {
    const { classes } = this.flow;
    const line = document.createElement("tr");
    this.body.insertBefore(line, this.body.children[place]);
    line.dataset.key = String(row.key);
    within(line, "th", "", classes[row.from]).scope = "row";
    within(line, "td", "", classes[row.to]);
    const kind = row.from === row.to ? KINDS.stays : row.home ? KINDS.home : "";
    within(line, "td", "", kind);
    const buttons = this.sides.map((side) => {
      const cell = within(line, "td");
      cell.dataset.side = side;
      const button = within(cell, "button");
      button.type = "button";
      return button;
    });
    const held = { line, buttons };
    this.lines.set(row.key, held);
    return held;
  }

  _count(button, row, side) {
    const { classes } = this.flow;
    const number = row[side].toLocaleString("en");
    const model = side === "now" ? "now" : "in the retrained model";
    const what = `labelled ${classes[row.from]}, answered ${classes[row.to]} ${model}`;
    write(button, number);
    button.disabled = !row[side];
    button.setAttribute("aria-pressed", String(this.pressed(row, side)));
    button.setAttribute("aria-label", `${number} ${what}`);
    button.title = row[side] ? `Mark those ${what}` : "";
  }
}
