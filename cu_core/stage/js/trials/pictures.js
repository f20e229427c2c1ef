// The last frames: those that have come so far, the part of the map they share, and their drawing.

import { makeStamp, Raster } from "../raster.js";

const BINS = 256; // along each axis
const BIN = 65536 / BINS;
const BESIDE = 0.005; // share of a picture's points that may lie outside, at each of the four sides
const MARGIN = 0.06;
const FAINT = 105; // alpha of what was not to be forgotten

export class Pictures {
  constructor() {
    this.forget();
  }

  forget() {
    this.held = new Map(); // trial -> {xy, pred}
    this.label = this.keep = this.leave = null;
  }

  /** Adds what a blob brings. Returns the trials whose picture is another one now. */
  take({ number, xy, pred, label, forget }) {
    if (!number) return [];
    const n = label.length;
    Object.assign(this, { n, label });
    const slots = Array.from(forget, (_, slot) => slot);
    this.keep = slots.filter((slot) => !forget[slot]);
    this.leave = slots.filter((slot) => forget[slot]);
    number.forEach((trial, t) => {
      const places = xy.subarray(2 * n * t, 2 * n * (t + 1));
      this.held.set(trial, { xy: places, pred: pred.subarray(n * t, n * (t + 1)) });
    });
    this.window = windowOf([...this.held.values()].map((one) => one.xy));
    return [...number];
  }

  has(trial) {
    return this.held.has(trial);
  }

  /** Draws a trial's map over the whole raster. ``scale``: device pixels a page's pixel, larger for
   *  a larger map; ``colours``: {palette, theme, panel, mode}. */
  draw(trial, raster, scale, { palette, theme, panel, mode }) {
    const { xy, pred } = this.held.get(trial);
    const shown = mode === "true" ? this.label : pred;
    const [small, large] = stampsOf(scale);
    raster.clear(panel);
    const mark = (slot, stamp, alpha, rim) => {
      const [x, y] = within(this.window, xy[2 * slot], xy[2 * slot + 1], raster.width);
      const { fill, edge } = palette[shown[slot]];
      raster.mark(stamp, x, y, fill, rim || edge, alpha);
    };
    for (const slot of this.keep) mark(slot, small, FAINT, null);
    for (const slot of this.leave) mark(slot, large, 255, theme.ink);
  }
}

/** A drawn map as it is kept: ``side`` device pixels square. */
export function square(side) {
  return new Raster({ createImageData: (w, h) => new ImageData(w, h) }, side, side);
}

const stamps = new Map();

function stampsOf(scale) {
  if (!stamps.has(scale)) {
    const keep = { radius: 1.15 * scale, rim: 0, diamond: false, hollow: false };
    const leave = { radius: 2.3 * scale, rim: 0.6 * scale, diamond: false, hollow: false };
    stamps.set(scale, [makeStamp(keep), makeStamp(leave)]);
  }
  return stamps.get(scale);
}

/** {x, y, side} of the square that all pictures are seen in: around all but a few strays of each. */
export function windowOf(pictures) {
  const [x0, x1, y0, y1] = pictures.map((xy) => [...span(xy, 0), ...span(xy, 1)])
    .reduce((a, b) => a.map((v, k) => (k % 2 ? Math.max : Math.min)(v, b[k])));
  const side = Math.max(x1 - x0, y1 - y0) * (1 + 2 * MARGIN);
  return { x: (x0 + x1 - side) / 2, y: (y0 + y1 - side) / 2, side };
}

/** [low, high] of a picture's places along one axis, to a bin. */
function span(xy, axis) {
  const counts = new Uint32Array(BINS);
  for (let k = axis; k < xy.length; k += 2) counts[xy[k] >> 8]++;
  const few = (xy.length / 2) * BESIDE;
  const end = (from, way) => {
    let seen = counts[from];
    while (seen <= few) seen += counts[(from += way)];
    return from;
  };
  return [end(0, 1) * BIN, (end(BINS - 1, -1) + 1) * BIN];
}

/** A place in pixels of a square map, y upwards; what lies outside is drawn at its rim. */
export function within({ x, y, side }, px, py, pixels) {
  const clamp = (v) => Math.min(pixels - 1, Math.max(1, v));
  return [clamp(((px - x) / side) * pixels), clamp((1 - (py - y) / side) * pixels)];
}
