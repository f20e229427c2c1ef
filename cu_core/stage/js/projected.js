// What the views beside the map share: places that depend on a hand, worked out as they are drawn.

import { Camera } from "./camera.js";
import { Trails } from "./trails.js";

export const MIDDLE = 32768; // of a view's square, in quanta

/** A view whose places are worked out for each picture, into one array that is uploaded. */
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

  room() {
    return [0, 0];
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
