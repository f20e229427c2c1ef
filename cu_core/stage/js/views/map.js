// "Map": where the samples lie in the representation, laid out on a plane.

import { Camera, grown } from "../camera.js";
import { mapMovement } from "../between.js";
import { faithfulness } from "../texts.js";
import { Trails } from "../trails.js";
import { register } from "../views.js";

/** Frames as they came, which the graphics card already holds (``flat``). */
export class Plane {
  kind = "map";
  rank = 0;
  title = "Map";
  help = "Where the samples lie in the representation";
  hint = "";
  words = "on a map";
  progress = "";
  absent = "";
  wish = null;
  half = "half the map"; // what a slot has moved when "moved" shows the last of its colours
  named = true; // names of classes stand on the clusters
  comparable = true; // an exact map may stand beside it

  constructor() {
    this.morph = 0; // of the way that forget samples are on from their place to the retrained model's
    this.now = new Float32Array(0); // x, y, nearness of each slot, while they are on it
    this.camera = new Camera();
    this.trails = new Trails();
  }

  /** Whether places are those of the frames, which the graphics card has. */
  get flat() {
    return this.morph === 0;
  }

  load(run, firstNew, fresh) {
    this.run = run;
    this.last = run.last;
    this.trails.update(this, firstNew);
    if (this.source !== run.ghost) this.ghosts = triples(run.ghost);
    this.source = run.ghost;
    if (!fresh) return;
    this.camera.home(grown(run.bounds, run.header.live ? 0.12 : 0.05));
    this.camera.reset();
  }

  /** Pixels above and below that the picture leaves free; a name stands on the highest cluster. */
  room(above, below) {
    return [above + 20, below + 4];
  }

  get offered() {
    return true;
  }

  get moved() {
    return this.camera.moved;
  }

  get ghostSlots() {
    return this.run.ghostSlots;
  }

  get hasGhost() {
    return this.ghosts.length > 0;
  }

  enter() {}

  knows() {
    return true;
  }

  place(slot, t) {
    const own = this.run.place(slot, t);
    const k = this.morph && this.ghostSlots.indexOf(slot);
    if (!this.morph || k < 0) return own;
    return own.map((v, axis) => v + (this.ghosts[3 * k + axis] - v) * this.morph);
  }

  /** [x, y, nearness] of every slot, with the forget samples on their way to the retrained model's
   *  places. */
  fill(t) {
    const { run, morph } = this;
    if (this.now.length !== 3 * run.n) this.now = new Float32Array(3 * run.n);
    for (let slot = 0; slot < run.n; slot++) this.now.set([...run.place(slot, t), 1], 3 * slot);
    this.ghostSlots.forEach((slot, k) => {
      for (const axis of [0, 1]) {
        const at = 3 * slot + axis;
        this.now[at] += (this.ghosts[3 * k + axis] - this.now[at]) * morph;
      }
    });
    return this.now;
  }

  /** Whether a slot is further from frame 0 than noise could take it. */
  strayed(slot, t) {
    return this.run.moved(slot, t) * this.run.unit > this.run.floorTo(t);
  }

  /** How far a slot is from its place in frame 0, as a share of half the picture. */
  way(slot, t) {
    return this.run.moved(slot, t) / this.run.reach;
  }

  /** Fills the ends of a slot's way from frame i to i + 1; false when it may be noise. */
  segment(i, slot, out) {
    const { run } = this;
    const [a, b] = [2 * (i * run.n + slot), 2 * ((i + 1) * run.n + slot)];
    [out[0], out[1], out[2], out[3]] = [run.xy[a], run.xy[a + 1], run.xy[b], run.xy[b + 1]];
    const least = Math.max((run.floor(i + 1) * run.span(i + 1)) / run.unit, 1);
    return Math.hypot(out[2] - out[0], out[3] - out[1]) > least;
  }

  /** [x, y, nearness] of each ghost, one after the other. */
  ghost() {
    return this.ghosts;
  }

  drag(dx, dy) {
    this.camera.pan(dx, dy);
  }

  reset() {
    this.camera.reset();
  }

  happened(frame) {
    return mapMovement(this.run, frame);
  }

  says(frame) {
    const { quality, every, header } = this.run;
    return faithfulness("Map", quality[frame], every, header.ghost?.fidelity);
  }

  get state() {
    return this.camera.moved ? { camera: this.camera.state } : null;
  }

  set state(state) {
    if (state?.camera) this.camera.state = state.camera;
  }
}

function triples(pairs) {
  const out = new Float32Array((pairs.length / 2) * 3);
  for (let k = 0; 2 * k < pairs.length; k++) out.set([pairs[2 * k], pairs[2 * k + 1], 1], 3 * k);
  return out;
}

register(Plane);
