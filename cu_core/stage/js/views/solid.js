// "3-D": the representation laid out once more, with a third axis, and turned by hand.

import { MIDDLE, Projected } from "../projected.js";
import { faithfulness } from "../texts.js";
import { register } from "../views.js";

const REACH = 18000; // quanta from the middle to the farthest sample of frame 0
const PERSPECTIVE = 0.22; // how much nearer samples are enlarged; none at 0
const START = { yaw: -0.5, pitch: 0.3 }; // radians: a little to the side, so that depth is seen
const LAYERS = 256; // of depth, for the order of drawing

/** Three dimensions, turned by hand: yaw about the upright axis, then pitch. */
export class Solid extends Projected {
  kind = "solid";
  rank = 2;
  title = "3-D";
  help = "The representation with a third dimension";
  hint = "Drag to turn, shift-drag to move.";
  words = "in three dimensions";
  absent = "This frame is not laid out in three dimensions.";

  named = true; // names of classes stand on the clusters
  ghostSlots = [];

  constructor() {
    super();
    const half = 0.9 * REACH; // the farthest sample is seldom seen quite from the side
    this.camera.home([MIDDLE - half, MIDDLE - half, MIDDLE + half, MIDDLE + half]);
    this.camera.reset();
    this.aim(START.yaw, START.pitch);
  }

  /** The points keep clear of the controls at the top and of the line of help at the bottom. */
  room(above, below) {
    return [above, below + 26];
  }

  load(run, firstNew, fresh) {
    super.load(run, firstNew, fresh);
    if (this.source === run.solid.xyz) return;
    this.source = run.solid.xyz;
    this.stale = 0;
    this._measure();
    this.ghostSlots = run.solid.ghostSlots;
    this.order = new Uint32Array(run.n);
  }

  /** Middle, reach and scale of the first frame there is: the view is fitted to them for good. */
  _measure() {
    const { solid: { xyz }, n } = this.run;
    const [low, high, sum, squares] = [[1e9, 1e9, 1e9], [0, 0, 0], [0, 0, 0], [0, 0, 0]];
    for (let k = 0; k < Math.min(xyz.length, 3 * n); k++) {
      const axis = k % 3;
      low[axis] = Math.min(low[axis], xyz[k]);
      high[axis] = Math.max(high[axis], xyz[k]);
      sum[axis] += xyz[k];
      squares[axis] += xyz[k] ** 2;
    }
    this.middle = low.map((v, axis) => (v + high[axis]) / 2);
    let far = 1;
    for (let k = 0; k < Math.min(xyz.length, 3 * n); k += 3) {
      const away = [0, 1, 2].map((axis) => xyz[k + axis] - this.middle[axis]);
      far = Math.max(far, Math.hypot(...away));
    }
    this.gain = REACH / far;
    const spread = sum.map((v, axis) => Math.sqrt(Math.max(0, squares[axis] / n - (v / n) ** 2)));
    this.scale = (spread[0] + spread[1] + spread[2]) / 3; // quanta of the wire
  }

  get offered() {
    return this.run.solid.facts !== null;
  }

  get hasGhost() {
    return this.ghostSlots.length > 0;
  }

  get progress() {
    const { done, total } = this.run.solid.facts;
    return done < total ? `Laying out in three dimensions: ${done} of ${total} frames` : "";
  }

  /** It is laid out only when somebody wants it. */
  get wish() {
    const { state, done, total } = this.run.solid.facts;
    const asked = state === "working" || (state !== "none" && done >= total);
    return asked ? null : "solid";
  }

  /** Whether time t can be drawn: both frames it lies between are there. */
  knows(t) {
    const { solid: { at } } = this.run;
    return at[Math.floor(t)] >= 0 && at[Math.min(Math.ceil(t), this.run.last)] >= 0;
  }

  /** Looks from this side, in radians. */
  aim(yaw, pitch) {
    const half = Math.PI / 2;
    this.yaw = yaw - 2 * Math.PI * Math.round(yaw / (2 * Math.PI));
    this.pitch = Math.min(half, Math.max(-half, pitch));
    this.across = [Math.cos(this.yaw), Math.sin(this.yaw)];
    this.along = [Math.cos(this.pitch), Math.sin(this.pitch)];
  }

  turn(dx, dy) {
    this.aim(this.yaw + dx, this.pitch + dy);
  }

  drag(dx, dy, pan) {
    if (pan) this.camera.pan(dx, dy);
    else this.turn(dx * 0.008, dy * 0.008); // radians a pixel
  }

  reset() {
    this.aim(START.yaw, START.pitch);
    this.camera.reset();
  }

  get moved() {
    const turned = Math.abs(this.yaw - START.yaw) + Math.abs(this.pitch - START.pitch);
    return this.camera.moved || turned > 1e-6; // radians
  }

  /** Turns (x, y, z) of the wire into the view's x, y and nearness (1 in the middle). */
  _project(x, y, z, out, at) {
    const { middle, gain, across, along } = this;
    const [u, v, w] = [(x - middle[0]) * gain, (y - middle[1]) * gain, (z - middle[2]) * gain];
    const side = u * across[0] + w * across[1];
    const front = w * across[0] - u * across[1];
    const up = v * along[0] - front * along[1];
    const depth = v * along[1] + front * along[0];
    const near = 1 / (1 - PERSPECTIVE * Math.min(2, Math.max(-2, depth / REACH)));
    out[at] = MIDDLE + side * near;
    out[at + 1] = MIDDLE + up * near;
    out[at + 2] = near;
  }

  point(slot, t, out, at) {
    const { n, last, solid: { at: frames, xyz } } = this.run;
    const i = Math.min(Math.floor(t), last);
    const m = t - i;
    const a = 3 * (frames[i] * n + slot);
    const b = m ? 3 * (frames[Math.min(i + 1, last)] * n + slot) : a;
    this._project(
      xyz[a] + (xyz[b] - xyz[a]) * m,
      xyz[a + 1] + (xyz[b + 1] - xyz[a + 1]) * m,
      xyz[a + 2] + (xyz[b + 2] - xyz[a + 2]) * m,
      out, at,
    );
  }

  fill(t) {
    super.fill(t);
    const { n, kept } = this.run;
    this._sort(0, kept);
    this._sort(kept, n);
    return this.now;
  }

  /** Far to near within one kind: forget samples stay above keep samples, as on the map. */
  _sort(from, to) {
    const { now, order } = this;
    const layer = (slot) => {
      const share = (now[3 * slot + 2] - 0.65) / 1.2; // nearness lies within .69 and 1.79
      return Math.min(LAYERS - 1, Math.max(0, Math.floor(share * LAYERS)));
    };
    const next = new Uint32Array(LAYERS + 1);
    for (let slot = from; slot < to; slot++) next[layer(slot) + 1]++;
    for (let k = 1; k <= LAYERS; k++) next[k] += next[k - 1];
    for (let slot = from; slot < to; slot++) order[from + next[layer(slot)]++] = slot;
  }

  _apart(i, j, slot) {
    const { n, solid: { at, xyz } } = this.run;
    if (at[i] < 0 || at[j] < 0) return 0;
    const [a, b] = [3 * (at[i] * n + slot), 3 * (at[j] * n + slot)];
    return Math.hypot(xyz[a] - xyz[b], xyz[a + 1] - xyz[b + 1], xyz[a + 2] - xyz[b + 2]);
  }

  _floor(frame) {
    return Math.max(1, (this.quality(frame)?.noise_floor || 0) * this.scale);
  }

  /** In space: turning the picture moves no sample. */
  way(slot, t) {
    return (this._apart(0, Math.min(Math.round(t), this.run.last), slot) * this.gain) / REACH;
  }

  get half() { return "half the space"; }

  travels(i, slot) {
    return this._apart(i, i + 1, slot) > this._floor(i + 1) * this.run.span(i + 1);
  }

  strayed(slot, t) {
    const frame = Math.min(Math.round(t), this.run.last);
    return this._apart(0, frame, slot) > this._floor(frame);
  }

  ghost() {
    const { ghost } = this.run.solid;
    const out = new Float32Array(3 * this.ghostSlots.length);
    this.ghostSlots.forEach((slot, k) => {
      this._project(ghost[3 * slot], ghost[3 * slot + 1], ghost[3 * slot + 2], out, 3 * k);
    });
    return out;
  }

  /** The layout has frames of its own: undefined while the one of this step is not laid out. */
  quality(frame) {
    const { facts } = this.run.solid;
    return facts?.quality?.[facts.steps.indexOf(this.run.steps[frame])];
  }

  says(frame) {
    const { every, solid: { facts } } = this.run;
    return faithfulness("3-D map", this.quality(frame), every, facts?.ghost);
  }

  get state() {
    const { camera, yaw, pitch } = this;
    return this.moved ? { camera: camera.moved ? camera.state : null, yaw, pitch } : null;
  }

  set state(state) {
    if (state?.camera) this.camera.state = state.camera;
    const { yaw, pitch } = state || {};
    if ([yaw, pitch].every(Number.isFinite)) this.aim(yaw, pitch);
  }
}

register(Solid);
