// The one canvas: the maps of those rows that are in sight, and of some above and below. It lies in
// the scrolled content, so that it scrolls as the words do, and moves on when its edge comes near.

import { css } from "../palette.js";
import { between, placeOf } from "./grid.js";
import { square } from "./pictures.js";

const BEYOND = 0.75; // of the box's height, drawn above and below it
const FADED = 0.66; // how much of the ground lies over what is not selected
const MEMORY = 64 * 2 ** 20; // bytes of drawn maps that are kept
const MAX_RATIO = 2;
const SCALE = 148; // pixels of a map whose marks are of the usual size

export class Sheet {
  constructor(box, canvas, pictures) {
    Object.assign(this, { box, canvas, pictures });
    this.context = canvas.getContext("2d", { alpha: false });
    this.drawn = new Map(); // trial -> Raster, the one used last at the end
    this.top = this.bottom = 0;
  }

  get ratio() {
    return Math.min(MAX_RATIO, devicePixelRatio || 1);
  }

  /** Maps of another size, colour or window are drawn anew; ``trials``: only these. */
  drop(trials = null) {
    if (trials) for (const trial of trials) this.drawn.delete(trial);
    else this.drawn.clear();
  }

  /** Whether what is in sight is on the canvas. */
  get covers() {
    const { scrollTop, clientHeight } = this.box;
    const end = Math.min(this.grid.height, scrollTop + clientHeight);
    return scrollTop >= this.top && end <= this.bottom;
  }

  /** Draws the rows around what is in sight. ``choice``: of which others stand back. */
  draw(grid, trials, choice, colours) {
    const { box, canvas, context, ratio } = this;
    const beyond = box.clientHeight * BEYOND;
    this.grid = grid;
    this.top = Math.max(0, Math.floor(box.scrollTop - beyond));
    this.bottom = Math.min(grid.height, Math.ceil(box.scrollTop + box.clientHeight + beyond));
    const [width, height] = [box.clientWidth, Math.max(1, this.bottom - this.top)];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.cssText = `width:${width}px;height:${height}px;top:${this.top}px`;
    context.fillStyle = css(colours.theme.bg);
    context.fillRect(0, 0, canvas.width, canvas.height);
    const [first, end] = between(grid, this.top, this.bottom);
    for (let k = first; k < end; k++) this._tile(k, trials[k], choice, colours);
  }

  _tile(k, trial, choice, colours) {
    const { context, ratio, grid, pictures } = this;
    const side = Math.round(grid.side * ratio);
    const [x, y] = placeOf(grid, k);
    const [left, top] = [Math.round(x * ratio), Math.round((y - this.top) * ratio)];
    if (pictures.has(trial.number)) {
      context.putImageData(this.map(trial.number, side, colours).image, left, top);
    } else {
      context.fillStyle = css(colours.panel);
      context.fillRect(left, top, side, side);
      if (trial.state === "failed") this._cross(left, top, side, colours.theme);
    }
    if (!choice.fades(trial.number)) return;
    context.fillStyle = css(colours.theme.bg, FADED);
    context.fillRect(left, top, side, side);
  }

  /** The drawn map of a trial, from memory where it is there. */
  map(trial, side, colours) {
    const raster = this.drawn.get(trial) || square(side);
    if (!this.drawn.delete(trial)) {
      const scale = this.ratio * Math.max(0.8, side / this.ratio / SCALE) ** 0.5;
      this.pictures.draw(trial, raster, scale, colours);
    }
    this.drawn.set(trial, raster);
    while (this.drawn.size * side * side * 4 > MEMORY) {
      this.drawn.delete(this.drawn.keys().next().value);
    }
    return raster;
  }

  _cross(left, top, side, theme) {
    const { context, ratio } = this;
    context.strokeStyle = css(theme.line);
    context.lineWidth = 1.5 * ratio;
    context.beginPath();
    for (const [from, to] of [[0.2, 0.8], [0.8, 0.2]]) {
      context.moveTo(left + from * side, top + 0.2 * side);
      context.lineTo(left + to * side, top + 0.8 * side);
    }
    context.stroke();
  }
}
