// The hand on the tiles: a click, a rectangle, what it hovers, and the keys of the focused tile.

import { within } from "../elements.js";
import { intent } from "../lasso.js";
import { tileAt, touched } from "./grid.js";

const DRAG_STARTS = 4; // pixels; less is a click

export class Hand {
  /** ``gallery`` has grid, trials, choose(numbers, how), card(number), open(number), peek(k). */
  constructor(gallery, box, sheet) {
    Object.assign(this, { gallery, box, sheet, grip: null });
    this.brush = within(sheet, "div", "trials-brush");
    this.brush.hidden = true;
    const on = (name, act) => sheet.addEventListener(name, act);
    on("pointerdown", (event) => this._down(event));
    on("pointermove", (event) => this._move(event));
    on("pointerup", (event) => this._up(event));
    on("pointercancel", () => this._drop());
    on("pointerleave", () => gallery.peek(-1));
    on("keydown", (event) => this._key(event));
  }

  /** A place in the content, whatever is scrolled. */
  _place(event) {
    const { left, top } = this.sheet.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  _down(event) {
    if (event.button) return;
    const [x, y] = this._place(event);
    this.grip = { x, y, brushes: false, touch: event.pointerType === "touch" };
    this.gallery.peek(-1);
  }

  _move(event) {
    const [x, y] = this._place(event);
    const { gallery, grip } = this;
    if (!grip) {
      if (event.pointerType !== "touch") gallery.peek(tileAt(gallery.grid, x, y));
      return;
    }
    if (grip.touch) return; // a finger scrolls
    if (!grip.brushes && Math.hypot(x - grip.x, y - grip.y) <= DRAG_STARTS) return;
    if (!grip.brushes) this.sheet.setPointerCapture(event.pointerId);
    grip.brushes = true;
    const box = [Math.min(x, grip.x), Math.min(y, grip.y), Math.abs(x - grip.x),
      Math.abs(y - grip.y)].map((v) => `${v}px`);
    const { style } = this.brush;
    [style.left, style.top, style.width, style.height] = box;
    this.brush.hidden = false;
  }

  _up(event) {
    const { gallery, grip } = this;
    this._drop();
    if (!grip) return;
    const [x, y] = this._place(event);
    const numbers = (tiles) => tiles.map((k) => gallery.trials[k].number);
    if (grip.brushes) {
      gallery.choose(numbers(touched(gallery.grid, [grip.x, grip.y, x, y])), intent(event));
      return;
    }
    const [number] = numbers([tileAt(gallery.grid, x, y)].filter((k) => k >= 0));
    if (number === undefined) gallery.choose([], "set");
    else if (event.shiftKey || event.ctrlKey || event.metaKey) gallery.choose([number], "toggle");
    else gallery.card(number);
  }

  _drop() {
    this.grip = null;
    this.brush.hidden = true;
  }

  _key(event) {
    const { gallery } = this;
    const number = gallery.tiles.focused;
    if (number === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      Enter: () => gallery.open(number),
      " ": () => gallery.choose([number], "toggle"),
      Escape: () => gallery.choose([], "set"),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }
}
