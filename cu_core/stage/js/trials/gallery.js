// The gallery: what the page says of a sweep, its order, its selection, and all that draws them.

import { parseBlob } from "../blob.js";
import { tag, within, write } from "../elements.js";
import { blend, classPalette, readTheme } from "../palette.js";
import { Choice } from "./choice.js";
import { gridOf } from "./grid.js";
import { Hand } from "./hand.js";
import { ordered } from "./order.js";
import { Peek } from "./peek.js";
import { Pictures } from "./pictures.js";
import { Sheet } from "./sheet.js";
import { Tiles } from "./tiles.js";
import { heading, upper } from "./words.js";

const HEARD = 250; // milliseconds that a page is given to hear one question before the next

export class Gallery {
  constructor(parent) {
    this.root = parent.querySelector(".trials");
    Object.assign(this, { trials: [], choice: new Choice(), questions: [], mode: "pred" });
    this.pictures = new Pictures();
    this._build();
    this.peeks = new Peek(this.root);
    this.hand = new Hand(this, this.box, this.tiles.root);
    this.box.addEventListener("scroll", () => {
      this.peek(-1);
      if (!this.sheet.covers) this.request();
    });
    this.root.addEventListener("change", ({ target }) => this._chosen(target));
    this.watch = new ResizeObserver(() => this.header && this.layout());
    this.watch.observe(this.box);
    this.shade = matchMedia("(prefers-color-scheme: dark)");
    this.onShade = () => this.header && this.dress();
    this.shade.addEventListener("change", this.onShade);
  }

  _build() {
    const bar = within(this.root, "div", "trials-bar");
    this.told = within(bar, "p", "trials-told");
    const sorts = within(bar, "label", "trials-sort");
    within(sorts, "span", "", "Sort by");
    this.sort = within(sorts, "select");
    this.sort.setAttribute("aria-label", "Sort by");
    const colours = within(bar, "fieldset", "segments");
    colours.setAttribute("aria-label", "Colour by");
    colours.append(radio("true", "True class"), radio("pred", "Predicted"));
    this.box = within(this.root, "div", "trials-box");
    const list = within(this.box, "div", "trials-sheet");
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-multiselectable", "true");
    list.setAttribute("aria-label", "Trials");
    list.setAttribute("aria-description", "Arrows move, Enter opens the run, space selects.");
    const canvas = within(list, "canvas");
    canvas.setAttribute("aria-hidden", "true");
    this.tiles = new Tiles(list);
    this.sheet = new Sheet(this.box, canvas, this.pictures);
  }

  // --- what the page says

  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue;
    if (data && data !== this.data) this._take(data);
    else if (this.header) this.dress();
  }

  _take(data) {
    this.data = data;
    const { header, sections } = parseBlob(data);
    const before = this.header;
    if (before?.sweep !== header.sweep) this._forget();
    this.header = header;
    const window = JSON.stringify(this.pictures.window);
    const fresh = this.pictures.take(sections);
    this.sheet.drop(window === JSON.stringify(this.pictures.window) ? fresh : null);
    if (before?.sweep !== header.sweep || before.sort !== header.sort) this._sorts(header);
    this.choice.hears(header.chosen);
    if (header.trials.some(({ number, picture }) => picture && !this.pictures.has(number))) {
      this.ask("need", {});
    }
    this.show();
    this.dress();
  }

  _forget() {
    this.pictures.forget();
    this.sheet.drop();
    this.choice = new Choice();
  }

  /** What can be sorted by, and what the page wants it to be. */
  _sorts({ objectives, knobs, sort }) {
    this.sort.replaceChildren(...[...objectives, ...knobs].map(({ key, title }) => {
      const option = tag("option", "", upper(title));
      option.value = key;
      return option;
    }));
    this.sort.value = sort;
  }

  // --- what a hand does

  _chosen(input) {
    if (input === this.sort) {
      this.box.scrollTop = 0;
      this.show();
      this.layout();
      return;
    }
    this.mode = input.value;
    this.sheet.drop();
    this.layout();
  }

  /** A gesture on the selection: "set" these trials, "add", "remove" or "toggle" them. */
  choose(numbers, how) {
    if (!this.choice.gesture(numbers, how)) return;
    this._marked();
    this.ask("chosen", { trials: [...this.choice.trials] });
  }

  /** One trial is looked at, which selects it alone. */
  card(number) {
    this.choice.gesture([number], "set");
    this._marked();
    this.ask("card", { trial: number });
  }

  open(number) {
    this.ask("open", { trial: number });
  }

  _marked() {
    this.tiles.mark(this.choice);
    this.request();
  }

  peek(k) {
    if (k === this.peeked) return;
    this.peeked = k;
    if (k < 0) this.peeks.hide();
    else this.peeks.show(this, k);
  }

  /** Asks the page for something. One after the other: of two triggers at once a page hears the
   *  last alone. */
  ask(what, payload) {
    if (what === "need" && this.questions.some((one) => one.what === what)) return;
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

  // --- what is seen

  /** The tiles in their order. */
  show() {
    const { header, sort } = this;
    header.isKnob = header.knobs.some(({ key }) => key === sort.value);
    this.trials = ordered(header.trials, sort.value, header.objectives);
    this.tiles.show(this.trials, header, sort.value);
    this.tiles.mark(this.choice);
    write(this.told, heading(header, sort.value));
  }

  /** Colours for the theme as it is now. */
  dress() {
    const theme = readTheme(this.root);
    const key = JSON.stringify([theme, this.header.classes.length]);
    if (key !== this.dressed) {
      this.dressed = key;
      const palette = classPalette(this.header.classes.length, theme);
      this.theme = { palette, theme, panel: blend(theme.bg, theme.ink, 0.03) };
      this.sheet.drop();
    }
    this.layout();
  }

  get colours() {
    return { ...this.theme, mode: this.mode };
  }

  layout() {
    const grid = gridOf(this.box.clientWidth, this.trials.length);
    if (grid.side !== this.grid?.side || this.ratio !== this.sheet.ratio) this.sheet.drop();
    this.ratio = this.sheet.ratio;
    this.grid = grid;
    this.tiles.lay(grid);
    this.request();
  }

  request() {
    this.wanted ??= requestAnimationFrame(() => {
      this.wanted = null;
      if (!this.gone && this.header && this.box.clientWidth) this.draw();
    });
  }

  draw() {
    const began = performance.now();
    this.sheet.draw(this.grid, this.trials, this.choice, this.colours);
    this.took = performance.now() - began;
    this.draws = (this.draws || 0) + 1;
  }

  fail(error) {
    this.told.textContent = `The gallery stopped: ${error.message} Reload the page to try again.`;
    console.error(error);
  }

  /** Nothing calls for this gallery just now, though it is still on the page. */
  rest() {
    this.peeks.hide();
  }

  destroy() {
    this.gone = true;
    this.watch.disconnect();
    this.shade.removeEventListener("change", this.onShade);
    this.peeks.hide();
  }
}

function radio(value, text) {
  const label = tag("label");
  const input = within(label, "input");
  Object.assign(input, { type: "radio", name: "trials-colour", value, checked: value === "pred" });
  within(label, "span", "", text);
  return label;
}
