// The map without a graphics card: the same picture on a plain canvas. Where WebGL is done in
// software this is several times faster than WebGL itself, so it is taken there as well.

import { paintPoints } from "./paint.js";
import { makeStamp, Raster } from "./raster.js";

const SPLAT_RATIO = 1.5; // work grows with the square of it
const NONE = []; // colour of what is not drawn
const NEARNESS = 12; // sizes of a mark between nearness 0 and 1

export class SplatMap {
  constructor(canvas) {
    this.mode = "canvas";
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    if (!this.context) throw new Error("This browser draws neither WebGL nor canvas.");
    this.stamps = new Map();
  }

  resize(width, height, ratio) {
    this.ratio = Math.min(ratio, SPLAT_RATIO);
    this.canvas.width = Math.max(1, Math.round(width * this.ratio));
    this.canvas.height = Math.max(1, Math.round(height * this.ratio));
    this.raster = new Raster(this.context, this.canvas.width, this.canvas.height);
  }

  load(run) {
    this.colours = new Uint8Array(run.n * 8);
    const parts = (from) => Array.from({ length: run.n }, (_, slot) =>
      this.colours.subarray(slot * 8 + from, slot * 8 + from + 3));
    [this.fills, this.edges] = [parts(0), parts(4)];
    this.painted = this.inked = "";
  }

  enter() {}

  clear({ theme: { panel } }) {
    this.raster.clear(panel);
    this.raster.show();
  }

  draw({ run, view, t, look, size }) {
    const frame = look.follows ? Math.min(Math.round(t), run.last) : 0; // answers change with it
    const key = `${look.version}/${look.mode === "moved" ? t : frame}/${view.kind}`;
    if (this.painted !== key) paintPoints(view, look, t, this.colours);
    this.painted = key;
    this.raster.clear(look.theme.panel);
    if (!view.flat) view.fill(t);
    const keep = { radius: size.keep, rim: size.rim, diamond: false, hollow: false };
    this._points(run, view, t, 0, run.kept, keep);
    if (size.trail.strength) this._trails(run, view, t, look, size.trail);
    const forget = { radius: size.forget, rim: size.outline, diamond: true, hollow: false };
    if (look.outlines && view.hasGhost) this._ghost(view, t, look, { ...forget, hollow: true });
    this._points(run, view, t, run.kept, run.n, forget);
    this.raster.show();
  }

  _points(run, view, t, from, to, shape) {
    if (view.flat) this._frames(run, view.camera, t, from, to, this._stamp(shape, 1));
    else this._places(view, from, to, shape);
  }

  /** The masks of a mark at a nearness; made again only when its size changes. */
  _stamp({ radius, rim, diamond, hollow }, near) {
    const key = `${diamond}/${hollow}/${near}`;
    const wish = `${radius * this.ratio}/${rim * this.ratio}`;
    if (this.stamps.get(key)?.wish !== wish) {
      const shape = { radius: radius * near * this.ratio, rim: rim * this.ratio, diamond, hollow };
      this.stamps.set(key, { wish, stamp: makeStamp(shape) });
    }
    return this.stamps.get(key).stamp;
  }

  /** [pixels a quantum, x of quantum 0, y of quantum 0], in the canvas's own pixels. */
  _frame(camera) {
    const [x, y] = camera.toPixel(0, 0);
    return [camera.scale * this.ratio, x * this.ratio, y * this.ratio];
  }

  _frames(run, camera, t, from, to, stamp) {
    const { raster, colours, fills, edges } = this;
    const { xy, n } = run;
    const [s, x0, y0] = this._frame(camera);
    const i = Math.min(Math.floor(t), run.last);
    const j = Math.min(i + 1, run.last);
    const m = t - i;
    for (let slot = from; slot < to; slot++) {
      const [a, b] = [2 * (i * n + slot), 2 * (j * n + slot)];
      const x = xy[a] + (xy[b] - xy[a]) * m;
      const y = xy[a + 1] + (xy[b + 1] - xy[a + 1]) * m;
      const alpha = colours[slot * 8 + 3];
      raster.mark(stamp, x0 + x * s, y0 - y * s, fills[slot], edges[slot], alpha);
    }
  }

  /** Marks at the places that the view has worked out, nearer ones larger and stronger. */
  _places({ camera, now, order }, from, to, shape) {
    const { raster, colours, fills, edges } = this;
    const [s, x0, y0] = this._frame(camera);
    for (let k = from; k < to; k++) {
      const slot = order ? order[k] : k;
      const near = now[3 * slot + 2];
      const stamp = this._stamp(shape, Math.round(near * NEARNESS) / NEARNESS);
      const alpha = colours[slot * 8 + 3] * Math.min(1, near * near);
      const [x, y] = [x0 + now[3 * slot] * s, y0 - now[3 * slot + 1] * s];
      raster.mark(stamp, x, y, fills[slot], edges[slot], alpha);
    }
  }

  _ghost(view, t, look, shape) {
    const frame = Math.min(Math.round(t), view.run.last);
    const [s, x0, y0] = this._frame(view.camera);
    const ghosts = view.ghost();
    for (let k = 0; k < ghosts.length; k += 3) {
      const near = ghosts[k + 2];
      const stamp = this._stamp(shape, Math.round(near * NEARNESS) / NEARNESS);
      const { colour, alpha: own } = look.outline(view.run, view.ghostSlots[k / 3], frame);
      const alpha = own * Math.min(1, near * near);
      this.raster.mark(stamp, x0 + ghosts[k] * s, y0 - ghosts[k + 1] * s, colour, colour, alpha);
    }
  }

  _trails(run, view, t, look, { width, strength }) {
    const { camera, trails } = view;
    const [first, end] = trails.range(t);
    if (!view.flat) trails.replace(view, first, end);
    const [s, x0, y0] = this._frame(camera);
    const { places } = trails;
    const inks = this._inks(view, look);
    for (let k = first; k < end; k++) {
      const start = trails.times[k];
      const grow = Math.min(1, t - start);
      if (grow <= 0) continue;
      const ink = (inks[k] ??= this._ink(view, look, trails.slots[k], start + 1));
      if (ink === NONE) continue;
      const [ax, ay] = [places[4 * k], places[4 * k + 1]];
      const [bx, by] = [ax + (places[4 * k + 2] - ax) * grow, ay + (places[4 * k + 3] - ay) * grow];
      const share = strength * trails.strength(k, t);
      const ends = [x0 + ax * s, y0 - ay * s, x0 + bx * s, y0 - by * s];
      this.raster.line(...ends, width * this.ratio, ink, share);
    }
  }

  /** Colours of the segments, each worked out when it is first drawn: they depend on no time. */
  _inks(view, look) {
    const key = `${look.version}/${look.mode}/${view.kind}`;
    if (this.inked !== key) this.inks = [];
    this.inked = key;
    return this.inks;
  }

  _ink(view, look, slot, frame) {
    return look.dimsSample(view.run, slot, frame) ? NONE : look.colour(view, slot, frame).edge;
  }

  destroy() {
    this.canvas.width = this.canvas.height = 1;
  }
}
