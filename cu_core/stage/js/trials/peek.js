// A trial's map once more, larger, beside its tile, with its values and knobs.

import { tag, within } from "../elements.js";
import { placeOf } from "./grid.js";
import { square } from "./pictures.js";
import { facts, marks } from "./words.js";

const SIDE = 300; // pixels
const SCALE = 1.5; // of its marks
const APART = 10; // pixels from the tile
const REST = 120; // milliseconds that a hand rests on a tile before it opens

export class Peek {
  constructor(root) {
    this.root = root;
    this.node = within(root, "div", "trials-peek");
    this.node.hidden = true;
    this.node.setAttribute("aria-hidden", "true"); // the tile's name says the same
    this.canvas = within(this.node, "canvas");
    this.title = within(this.node, "p", "trials-peek-title");
    this.list = within(this.node, "dl");
  }

  /** Opens for a tile, soon; at once where it was open for another one. */
  show(gallery, k) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this._open(gallery, k), this.node.hidden ? REST : 0);
  }

  hide() {
    clearTimeout(this.timer);
    this.node.hidden = true;
  }

  _open(gallery, k) {
    const trial = gallery.trials[k];
    if (!trial || !this.root.isConnected) return;
    this.node.hidden = false;
    this._draw(gallery, trial);
    const told = marks(trial).join(", ");
    this.title.textContent = `Trial ${trial.number}${told ? `: ${told}` : ""}`;
    const why = trial.message || trial.fault;
    const rows = [...facts(trial, gallery.header), ...(why ? [["Why", why]] : [])];
    this.list.replaceChildren(...rows.flatMap(([term, value]) =>
      [tag("dt", "", term), tag("dd", "", value)]));
    this._place(gallery, k);
  }

  _draw({ sheet, pictures, colours }, { number }) {
    const { canvas } = this;
    canvas.hidden = !pictures.has(number);
    if (canvas.hidden) return;
    const side = Math.round(SIDE * sheet.ratio);
    canvas.width = canvas.height = side;
    const raster = square(side);
    pictures.draw(number, raster, sheet.ratio * SCALE, colours);
    canvas.getContext("2d").putImageData(raster.image, 0, 0);
  }

  /** Right of the tile, or left where there is no room; as high as the box allows. */
  _place({ grid, box }, k) {
    const { node, root } = this;
    const [outer, inner] = [root.getBoundingClientRect(), box.getBoundingClientRect()];
    const [x, y] = placeOf(grid, k);
    const left = inner.left - outer.left + x;
    const right = left + grid.side + APART;
    const fits = right + node.offsetWidth <= outer.width;
    const at = fits ? right : Math.max(0, left - APART - node.offsetWidth);
    const top = inner.top - outer.top + y - box.scrollTop;
    const most = outer.height - node.offsetHeight;
    node.style.translate = `${at}px ${Math.max(Math.min(0, most), Math.min(top, most))}px`;
  }
}
