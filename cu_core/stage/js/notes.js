// What only the person who presents sees, in a window of its own that goes with the Stage.

import { tag, within, write } from "./elements.js";
import { onKey } from "./keys.js";
import { showValue, valueAt } from "./series.js";

const FEATURES = "popup,width=520,height=680";
const BLOCKED = "The browser blocked the window with the notes. Allow windows of this page, then " +
  "press W again.";
const STYLE = `
  :root {
    color-scheme: light dark;
    font: 20px/1.4 "Source Sans 3", "Segoe UI", system-ui, sans-serif;
  }
  body { margin: 0; padding: 20px 24px; display: grid; gap: 16px; }
  header { display: flex; justify-content: space-between; font-variant-numeric: tabular-nums; }
  h2 { margin: 0; font-size: 15px; font-weight: 600; opacity: 0.75; }
  p { margin: 0; text-wrap: pretty; }
  .now { font-size: 26px; font-weight: 600; }
  .note { white-space: pre-wrap; }
  .soft { opacity: 0.8; }
  table { border-collapse: collapse; font-size: 16px; font-variant-numeric: tabular-nums; }
  th { text-align: left; font-weight: 400; } td { text-align: right; padding-left: 16px; }
  section:has(:nth-child(2):empty) { display: none; }
`;

const last = (list, holds) => list.findLast(holds);
const atStep = ({ step, text }) => `Step ${step}: ${text}`;

/** What is said at a step: {now, note, next, end}. ``told``: captions [{step, text}], in order. */
export function speech(told, notes, step, verdict) {
  const now = last(told, (one) => one.step <= step);
  const next = told.find((one) => one.step > step);
  return {
    now: now?.text || "",
    note: last(notes, (one) => one.step <= step)?.text || "",
    next: next ? atStep(next) : "",
    end: verdict || "",
  };
}

export class Notes {
  /** ``opens()``: called before the window opens. */
  constructor(stage, opens) {
    Object.assign(this, { stage, opens });
  }

  get open() {
    return Boolean(this.window && !this.window.closed);
  }

  toggle() {
    if (this.open) return this.close();
    this.opens();
    this.window = window.open("", "lethe-notes", FEATURES);
    if (!this.window) return this.stage.link.toast.show(BLOCKED);
    this._make(this.window.document);
    this.ticking = setInterval(() => this._clock(), 1000);
    this.draw();
  }

  close() {
    clearInterval(this.ticking);
    this.window?.close();
    this.window = null;
  }

  _make(page) {
    page.title = `Notes: ${this.stage.run.header.title || "this run"}`;
    page.head.replaceChildren(tag("style", "", STYLE));
    page.body.replaceChildren();
    const head = within(page.body, "header");
    const [step, clock] = ["step", "clock"].map((name) => within(head, "span", name, ""));
    this.parts = { step, clock };
    const rows = { now: "On the screen", note: "Notes", next: "Next", end: "At the end" };
    for (const [name, title] of Object.entries(rows)) {
      const section = within(page.body, "section");
      within(section, "h2", "", title);
      this.parts[name] = within(section, "p", name, "");
    }
    const section = within(page.body, "section");
    within(section, "h2", "", "Now, at the end, retrained");
    this.parts.figures = within(section, "table", "soft", "");
    page.addEventListener("keydown", (event) => onKey(event, this.stage)); // it steps from here too
    page.addEventListener("keyup", this.stage.presenter.onUp);
    this._clock();
  }

  /** With every new picture. */
  draw() {
    if (!this.open) return;
    const { stage: { run, clock, story }, parts } = this;
    const step = Math.round(run.stepAt(clock.t));
    const told = story.captions.map(({ t, text }) => ({ step: run.steps[Math.round(t)], text }));
    const { header } = run;
    const said = speech(told, header.opens?.notes || [], step, header.verdict);
    write(parts.step, `Step ${step} of ${run.endStep}`);
    for (const [name, text] of Object.entries(said)) write(parts[name], text);
    this._figures(parts.figures, header.curves || [], step);
  }

  _figures(table, curves, step) {
    const shown = curves.filter(({ group }) => group !== "loss");
    table.replaceChildren(...shown.map((curve) => {
      const row = tag("tr");
      within(row, "th", "", curve.title);
      for (const value of [valueAt(curve, step), valueAt(curve, Infinity), curve.retrained]) {
        const known = typeof value === "number" && Number.isFinite(value);
        within(row, "td", "", known ? showValue(value, curve.unit) : "");
      }
      return row;
    }));
  }

  _clock() {
    if (!this.open) return this.close();
    const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    write(this.parts.clock, now);
  }
}
