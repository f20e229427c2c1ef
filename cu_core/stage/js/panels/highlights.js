// "Highlight": some samples shown alone because of how they fare at the frame under the playhead,
// how many they are, and which.

import { drawSample, shortened } from "../card.js";
import { tag } from "../elements.js";
import { held, offered } from "../highlight.js";
import { register } from "../panels.js";
import { Roving } from "../roving.js";

const MOST = 60; // thumbnails; more are counted
const PACE = 200; // milliseconds from one change of the thumbnails to the next
const SIDE = 40; // CSS pixels
const ARROWS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

class Highlights {
  static kind = "highlights";
  static rank = 1;

  constructor(stage, box) {
    Object.assign(this, { stage, box, slots: [], buttons: new Map(), at: -Infinity });
    this.label = stage.root.querySelector(".highlight");
    this.select = this.label.querySelector("select");
    this.select.addEventListener("change", (event) => this._choose(event));
    this.says = tag("p", "highlighted");
    this.strip = tag("div", "strip");
    this.strip.setAttribute("role", "group");
    this.strip.setAttribute("aria-label", "Highlighted samples: press one to pin it, arrows go on");
    this.roving = new Roving(this.strip, ARROWS);
    this.more = tag("span", "more");
    this.take = tag("button", "quiet", "Choose these");
    this.take.type = "button";
    this.take.addEventListener("click", () => this._take());
    const line = tag("div", "head");
    line.append(this.says, this.take);
    box.append(line, this.strip, this.more);
  }

  load(run, fresh) {
    const found = offered(run);
    const keys = ["", ...found.map(({ key }) => key)];
    if (fresh || keys.length !== this.select.options.length) {
      const titles = ["none", ...found.map(({ title }) => title)];
      this.select.replaceChildren(...keys.map((key, k) => new Option(titles[k], key)));
    }
    if (fresh) {
      this.buttons.clear();
      this.which = null;
    }
    this.select.value = this.stage.look.highlight?.key ?? "";
    this.label.hidden = !found.length;
    this.shown = "";
  }

  _choose(event) {
    event.stopPropagation(); // the Stage takes changes of its own controls
    const { look, run } = this.stage;
    look.highlight = offered(run).find(({ key }) => key === this.select.value) ?? null;
    look.version++;
    this.at = -Infinity;
    this.stage.chosen();
  }

  draw() {
    const { look, run, clock, map } = this.stage;
    this.box.hidden = !look.highlight;
    if (!look.highlight) return;
    this._mark(look.pinned);
    const key = `${look.highlight.key}/${clock.frame}/${run.frames}/${Boolean(map.card.sheet)}`;
    if (key === this.shown) return;
    const wait = this.at + PACE - performance.now();
    if (wait <= 0) this._show(key);
    else this.timer ??= setTimeout(() => this._later(), wait);
  }

  _later() {
    this.timer = null;
    this.draw();
  }

  _show(key) {
    const { look, run, clock, map: { card: { sheet } } } = this.stage;
    Object.assign(this, { shown: key, at: performance.now() });
    this.slots = held(look.highlight, run, clock.frame);
    const { length } = this.slots;
    this.says.textContent = look.highlight.says(length, run).replaceAll(" %", "\u00a0%");
    this.take.hidden = !length;
    const first = this.slots.slice(0, MOST);
    const which = `${first.join()}/${Boolean(sheet)}`;
    if (which !== this.which) this._strip(run, sheet, first);
    this.which = which;
    this._name(run, clock.frame);
    this.more.textContent = length > MOST ? `and ${(length - MOST).toLocaleString("en")} more` : "";
  }

  /** Buttons that stay keep their pictures, and the focus. */
  _strip(run, sheet, slots) {
    if (this.sheet !== sheet) this.buttons.clear();
    this.sheet = sheet;
    const held = this.strip.getRootNode().activeElement;
    const had = this.strip.contains(held) ? held : null;
    const items = slots.map((slot) => {
      if (!this.buttons.has(slot)) this.buttons.set(slot, this._button(run, sheet, slot));
      return this.buttons.get(slot);
    });
    this.strip.replaceChildren(...items);
    this.strip.hidden = !items.length;
    this.roving.take(items);
    if (had) (items.includes(had) ? had : items[this.roving.at])?.focus({ preventScroll: true });
    this.marked = null;
    this._mark(this.stage.look.pinned);
  }

  _button(run, sheet, slot) {
    const button = tag("button", "sample", sheet ? "" : shortened(run.called(slot)));
    button.type = "button";
    button.dataset.slot = String(slot);
    button.addEventListener("click", () => this._pin(slot));
    if (sheet) {
      const canvas = document.createElement("canvas");
      drawSample(canvas, run, sheet, slot, 2 * SIDE);
      canvas.classList.toggle("large", run.atlas.tile > SIDE);
      button.append(canvas);
    }
    return button;
  }

  /** Says of each what it is, and what the model answers at this frame. */
  _name(run, frame) {
    for (const button of this.strip.children) {
      const slot = Number(button.dataset.slot);
      const [label, answer] = [run.label[slot], run.pred[frame * run.n + slot]]
        .map((id) => run.classes[id] ?? `class ${id}`);
      button.title = `${run.called(slot)}, labelled ${label}, answered ${answer}`;
      button.setAttribute("aria-label", button.title);
    }
  }

  _pin(slot) {
    const { map } = this.stage;
    map.pinned = map.pinned === slot ? -1 : slot;
    this.stage.request();
  }

  /** Which of them is pinned. */
  _mark(pinned) {
    if (this.marked === pinned) return;
    this.marked = pinned;
    for (const button of this.strip.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.slot) === pinned));
    }
  }

  _take() {
    const { look, run, clock } = this.stage;
    this.stage.select(held(look.highlight, run, clock.frame), "add");
  }

  drop() {
    clearTimeout(this.timer);
  }
}

register(Highlights);
