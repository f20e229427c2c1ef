// "Answers": what the model's head says. Exact, without a seed: a weighted mean of handles.

import { answerMovement } from "../between.js";
import { Handles } from "../handles.js";
import { MIDDLE, Projected } from "../projected.js";
import { register } from "../views.js";

const RADIUS = 28000; // quanta
const CROWD = 24; // classes
const WHOLE = 255; // parts that a sample's shares sum to
const EXACT = "Exact: each sample lies between the classes in proportion to the model's answers.";
const [one, two] = [[0, 0], [0, 0]]; // filled and read at once, so that no picture allocates

/** Each class a handle on a circle, each sample where its shares of the classes pull it. */
export class Answers extends Projected {
  kind = "answers";
  rank = 1;
  title = "Answers";
  help = "Where the answers for each sample lie between the classes";
  hint = "Half-way between two handles means 50/50. Drag one to see what follows.";
  words = "between the classes, by the model's answers";

  get half() { return "half the circle"; }

  constructor() {
    super();
    this.circle = { x: MIDDLE, y: MIDDLE, radius: RADIUS };
    this.handles = new Float64Array(0); // x, y of each class
    this.version = 0;
    const wide = 1.3 * RADIUS; // names stand beside the circle
    this.camera.home([MIDDLE - wide, MIDDLE - RADIUS, MIDDLE + wide, MIDDLE + RADIUS]);
    this.camera.reset();
  }

  furnish(root, changed) {
    return new Handles(root, this, changed);
  }

  get offered() {
    const { shares, frames } = this.run;
    return shares.width > 0 && shares.frames >= frames;
  }

  get hasGhost() {
    return this.run.shares.ghost !== null && this.run.kept < this.run.n;
  }

  /** Names need room, and below them the line that explains, which may break in two. */
  room(above, below, across) {
    const more = this.crowded ? 9 : 0;
    return [above + 44 + more, below + (across < 640 ? 92 : 70) + more];
  }

  /** More classes than names have room: knobs stand between the circle and the names. */
  get crowded() {
    return this.run?.classes.length > CROWD;
  }

  home(id) {
    const angle = (2 * Math.PI * id) / this.run.classes.length;
    return [MIDDLE + RADIUS * Math.sin(angle), MIDDLE + RADIUS * Math.cos(angle)];
  }

  /** Puts a class's handle somewhere on the disc. */
  move(id, x, y) {
    const [dx, dy] = [x - MIDDLE, y - MIDDLE];
    const shrink = Math.min(1, RADIUS / Math.max(1e-9, Math.hypot(dx, dy)));
    this.handles[2 * id] = MIDDLE + dx * shrink;
    this.handles[2 * id + 1] = MIDDLE + dy * shrink;
    this.version++;
  }

  /** All handles, or one, back to their places; the view as it was at first. */
  reset() {
    const { length } = this.run.classes;
    if (this.handles.length !== 2 * length) this.handles = new Float64Array(2 * length);
    for (let id = 0; id < length; id++) this.handles.set(this.home(id), 2 * id);
    this.version++;
    this.camera.reset();
  }

  get rearranged() {
    const at = (id) => this.home(id);
    return this.run.classes.some((_, id) =>
      Math.hypot(this.handles[2 * id] - at(id)[0], this.handles[2 * id + 1] - at(id)[1]) > 1);
  }

  get moved() {
    return this.camera.moved || this.rearranged;
  }

  /** The sum of handles weighted by the shares of one row; what is left over, at the centre. */
  _sum(part, of, row, out) {
    const { width } = this.run.shares;
    let [x, y, rest] = [0, 0, WHOLE];
    for (let k = row * width; k < (row + 1) * width; k++) {
      const p = part[k];
      if (!p) continue;
      const id = of ? of[k] : k - row * width;
      x += p * this.handles[2 * id];
      y += p * this.handles[2 * id + 1];
      rest -= p;
    }
    out[0] = (x + rest * MIDDLE) / WHOLE;
    out[1] = (y + rest * MIDDLE) / WHOLE;
  }

  point(slot, t, out, at) {
    const { n, last, shares } = this.run;
    const i = Math.min(Math.floor(t), last);
    const m = t - i;
    this._sum(shares.part, shares.of, i * n + slot, one);
    if (m) this._sum(shares.part, shares.of, Math.min(i + 1, last) * n + slot, two);
    out[at] = one[0] + (m && (two[0] - one[0]) * m);
    out[at + 1] = one[1] + (m && (two[1] - one[1]) * m);
    out[at + 2] = 1;
  }

  /** Shares are exact: whatever changed has moved, and there is no noise to leave out. */
  _differs(i, j, slot) {
    const { shares: { width, part, of }, n } = this.run;
    const [a, b] = [(i * n + slot) * width, (j * n + slot) * width];
    for (let k = 0; k < width; k++) {
      if (part[a + k] !== part[b + k] || (of && of[a + k] !== of[b + k])) return true;
    }
    return false;
  }

  travels(i, slot) {
    return this._differs(i, i + 1, slot);
  }

  strayed(slot, t) {
    return this._differs(0, Math.min(Math.round(t), this.run.last), slot);
  }

  get ghostSlots() {
    const { n, kept } = this.run;
    if (this.ghosts?.length !== n - kept) {
      this.ghosts = Array.from({ length: n - kept }, (_, k) => kept + k);
    }
    return this.ghosts;
  }

  ghost() {
    const { n, kept, shares } = this.run;
    const out = new Float32Array(3 * (n - kept));
    for (let slot = kept; slot < n; slot++) {
      this._sum(shares.ghost, shares.ghostOf, slot, one);
      out.set([one[0], one[1], 1], 3 * (slot - kept));
    }
    return out;
  }

  happened(frame) {
    return answerMovement(this.run, frame);
  }

  says() {
    return { text: EXACT, poor: false, details: [] };
  }

  get state() {
    if (!this.moved) return null;
    const { camera } = this;
    return { camera: camera.moved ? camera.state : null, handles: [...this.handles] };
  }

  set state(state) {
    if (state?.camera) this.camera.state = state.camera;
    const { handles } = state || {};
    if (handles?.length !== this.handles.length || !handles.every(Number.isFinite)) return;
    for (let id = 0; 2 * id < handles.length; id++) {
      this.move(id, handles[2 * id], handles[2 * id + 1]);
    }
  }
}

register(Answers);
