// What the views beside the map share: places that depend on a hand, worked out as they are drawn.

import { Camera } from "./camera.js";
import { NOTHING } from "./texts.js";
import { Trails } from "./trails.js";

export const MIDDLE = 32768; // of a view's square, in quanta

const apart = ([x0, y0], [x1, y1]) => Math.hypot(x1 - x0, y1 - y0) > 1; // quanta

/** A view whose places are worked out for each picture, into one array that is uploaded. A view
 *  that extends it says kind, title, help, words, and ``point(slot, t, out, at)``: x, y (quanta)
 *  and nearness (1 in the middle) of a slot at a time, written to out[at], out[at + 1], out[at + 2]. */
export class Projected {
  constructor() {
    this.flat = false;
    this.camera = new Camera();
    this.trails = new Trails();
    this.now = new Float32Array(0); // x, y, nearness of each slot
    this.order = null; // slots from far to near within each kind, where there is depth
    this.stale = 0; // trails are to be made again from this frame on
  }

  load(run, firstNew, fresh) {
    this.run = run;
    this.last = run.last;
    this.stale = Math.min(this.stale, fresh ? 0 : firstNew);
    if (this.now.length !== 3 * run.n) this.now = new Float32Array(3 * run.n);
    if (fresh) this.reset();
  }

  // What a view says of itself unless it says otherwise; getters, which a subclass may override.
  get rank() { return 9; }
  get hint() { return ""; }
  get progress() { return ""; }
  get absent() { return ""; }
  get wish() { return null; }
  get offered() { return true; }
  get hasGhost() { return false; }
  get ghostSlots() { return []; }
  get half() { return "half the picture"; }
  get moved() { return this.camera.moved; }

  says() {
    return NOTHING;
  }

  room(above, below) {
    return [above, below];
  }

  reset() {
    this.camera.reset();
  }

  /** Whether a slot has gone anywhere since frame 0. */
  strayed(slot, t) {
    return apart(this.place(slot, 0), this.place(slot, Math.min(Math.round(t), this.run.last)));
  }

  /** How far a slot is from its place in frame 0, as a share of half the picture. */
  way(slot, t) {
    const [[x0, y0], [x1, y1]] = [this.place(slot, 0), this.place(slot, t)];
    return Math.hypot(x1 - x0, y1 - y0) / MIDDLE;
  }

  /** Whether a trail is drawn for its way from frame i to i + 1. */
  travels(i, slot) {
    return apart(this.place(slot, i), this.place(slot, i + 1));
  }

  ghost() {
    return new Float32Array(0);
  }

  get state() {
    return this.camera.moved ? { camera: this.camera.state } : null;
  }

  set state(state) {
    if (state?.camera) this.camera.state = state.camera;
  }

  /** Brings the trails up to date; only while the view is looked at. */
  enter() {
    if (this.stale < Infinity) this.trails.update(this, this.stale);
    this.stale = Infinity;
  }

  knows() {
    return true;
  }

  fill(t) {
    for (let slot = 0; slot < this.run.n; slot++) this.point(slot, t, this.now, 3 * slot);
    return this.now;
  }

  place(slot, t) {
    const out = [0, 0, 1];
    this.point(slot, t, out, 0);
    return out;
  }

  segment(i, slot, out) {
    const [a, b] = [this.place(slot, i), this.place(slot, i + 1)];
    [out[0], out[1], out[2], out[3]] = [a[0], a[1], b[0], b[1]];
    return this.travels(i, slot);
  }

  drag(dx, dy) {
    this.camera.pan(dx, dy);
  }
}
