// The run as the page holds it: every frame that has arrived, in drawing order.

import { NO_PLACE, Shares, SolidFrames } from "./layers.js";

/**
 * Points are kept in slots: keep samples first, then forget samples, so that each kind is one
 * contiguous range for the renderers. Positions are the wire's uint16 (0..65535 in the box).
 */
export class Run {
  constructor(header, sections) {
    this.id = header.run;
    this.n = header.n;
    this.box = header.box;
    this.classes = header.classes;
    this.forgetClasses = new Set(header.forget_classes);
    this.unit = Math.max(header.box[2] - header.box[0], header.box[3] - header.box[1]) / 65535;
    this.every = header.every || 1; // of so many frames on record the page has one, and the newest
    this.frames = 0;
    this.capacity = 0;
    this.steps = [];
    this.quality = [];
    this.floors = [];
    this._order(sections.forget);
    this.label = this._pick(sections.label);
    this.index = this._pick(sections.index);
    this.trueLabel = sections.true_label ? this._pick(sections.true_label) : this.label;
    this.names = header.names || null; // of the samples' owner; older recordings have none
    this.ghost = new Uint16Array(0);
    this.ghostSlots = []; // whose places in the retrained model these are
    this.atlas = sections.atlas ? { ...header.atlas, bytes: sections.atlas.slice() } : null;
    this.xy = new Uint16Array(0);
    this.pred = new sections.pred.constructor(0);
    this.shares = new Shares();
    this.solid = new SolidFrames();
    this.append(header, sections);
    this._extent();
  }

  _order(forget) {
    const slots = Array.from({ length: this.n }, (_, i) => i);
    this.order = Uint32Array.from([
      ...slots.filter((i) => !forget[i]), ...slots.filter((i) => forget[i]),
    ]);
    this.kept = slots.filter((i) => !forget[i]).length;
  }

  _pick(values) {
    return values.constructor.from(this.order, (i) => values[i]);
  }

  _ghosts(places) {
    const at = (slot) => places.subarray(2 * this.order[slot], 2 * this.order[slot] + 2);
    const slots = Array.from({ length: this.n }, (_, slot) => slot);
    this.ghostSlots = slots.filter((slot) => at(slot).some((v) => v !== NO_PLACE));
    this.ghost = Uint16Array.from(this.ghostSlots.flatMap((slot) => [...at(slot)]));
  }

  /** Bounds of frame 0 and how far a point can sensibly move: half its longer side (quanta). */
  _extent() {
    const bounds = [65535, 65535, 0, 0];
    for (let k = 0; k < this.frames * this.n && this.frames; k++) {
      const [x, y] = [this.xy[2 * k], this.xy[2 * k + 1]];
      if (x < bounds[0]) bounds[0] = x;
      if (y < bounds[1]) bounds[1] = y;
      if (x > bounds[2]) bounds[2] = x;
      if (y > bounds[3]) bounds[3] = y;
      if (k === this.n - 1) this.reach = Math.max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / 2;
    }
    this.bounds = this.header.bounds ?? (this.frames ? bounds : [0, 0, 65535, 65535]);
    this.reach = Math.max(this.reach || 0, 1);
  }

  /** Takes the frames of a blob. Returns the first frame that is new, or -1 when some lack. */
  append(header, sections) {
    const { start, count, n } = header;
    const staying = this.frames - (this.every > 1 ? 1 : 0); // the newest may give way
    if (start > Math.max(0, staying)) return -1;
    if (sections.ghost) this._ghosts(sections.ghost);
    this._grow(start + count);
    for (let f = 0; f < count; f++) {
      for (let slot = 0; slot < n; slot++) {
        const from = f * n + this.order[slot];
        const to = (start + f) * n + slot;
        this.xy[2 * to] = sections.xy[2 * from];
        this.xy[2 * to + 1] = sections.xy[2 * from + 1];
        this.pred[to] = sections.pred[from];
      }
      this.steps[start + f] = header.steps[f];
      this.quality[start + f] = header.quality[f] || null;
    }
    // A run that was rewound has fewer frames than this page had.
    this.frames = Math.max(start + count, Math.min(this.frames, header.total));
    this.steps.length = this.quality.length = this.frames;
    this.header = header;
    this.shares.append(this, header, sections);
    this.solid.append(this, header, sections);
    this._floors(start);
    return start;
  }

  /** The largest floor up to each frame: what has not moved further since frame 0 may be noise. */
  _floors(start) {
    this.floors.length = Math.min(start, this.floors.length);
    for (let i = this.floors.length; i < this.frames; i++) {
      this.floors.push(Math.max(this.floors[i - 1] || 0, this.floor(i)));
    }
  }

  /** Movement (layout units) that frame i draws when nothing changes; 0 where it is unknown. */
  floor(i) {
    return (this.quality[i]?.noise_floor || 0) * (this.header.scale || 0);
  }

  /** The largest floor (layout units) of the frames up to time t. */
  floorTo(t) {
    return this.floors[Math.min(Math.round(t), this.last)] || 0;
  }

  _grow(frames) {
    if (frames <= this.capacity) return;
    this.capacity = Math.max(frames, Math.ceil(this.capacity * 1.5));
    const [xy, pred] = [this.xy, this.pred];
    this.xy = new Uint16Array(this.capacity * this.n * 2);
    this.pred = new pred.constructor(this.capacity * this.n);
    this.xy.set(xy);
    this.pred.set(pred);
  }

  /** Frames on record from the last of every k-th to the newest; 0 where they are the same. */
  get tail() {
    return this.every > 1 ? (this.header.on_record - 1) % this.every : 0;
  }

  /** Frames on record from the frame before i to frame i. */
  span(i) {
    return i === this.last && this.tail ? this.tail : this.every;
  }

  /** Whether frame i is in the page only until the run has its next one. */
  passes(i) {
    return Boolean(this.header.live) && i === this.last && this.tail > 0;
  }

  get last() {
    return Math.max(0, this.frames - 1);
  }

  /** Whether the label that a sample was learned with is a wrong one, planted on purpose. */
  mislabelled(slot) {
    return this.trueLabel[slot] !== this.label[slot];
  }

  /** What the sample's owner calls it: its file, else its key, else its row. */
  called(slot) {
    const [names, place] = [this.names, this.order[slot]];
    if (!names) return `index ${this.index[slot]}`;
    return names.file?.[place] || names.key?.[place] || `row ${names.row?.[place] ?? this.index[slot]}`;
  }

  /** What a person reads of the sample in place of a picture; "" where there is nothing. */
  text(slot) {
    return (!this.atlas && this.names?.text?.[this.order[slot]]) || "";
  }

  /** The kept sample of a class that lies nearest to the middle of these on the first map, or -1;
   *  where no sample of the class is kept, a forget sample. */
  typical(id) {
    this.typicals ??= this.classes.map((_, of) => this._middle(of, 0, this.kept));
    if (this.typicals[id] < 0) this.typicals[id] = this._middle(id, this.kept, this.n);
    return this.typicals[id];
  }

  _middle(id, from, to) {
    const slots = [];
    for (let slot = from; slot < to; slot++) if (this.label[slot] === id) slots.push(slot);
    const sum = (k) => slots.reduce((total, s) => total + this.xy[2 * s + k], 0);
    const mean = [0, 1].map((k) => sum(k) / slots.length);
    const far = (s) => Math.hypot(this.xy[2 * s] - mean[0], this.xy[2 * s + 1] - mean[1]);
    return slots.reduce((best, s) => (best < 0 || far(s) < far(best) ? s : best), -1);
  }

  isForget(slot) {
    return slot >= this.kept;
  }

  /** Place of a slot at time t (frames, may be fractional), in quanta. */
  place(slot, t) {
    const i = Math.min(Math.floor(t), this.last);
    const j = Math.min(i + 1, this.last);
    const m = t - i;
    const [a, b] = [2 * (i * this.n + slot), 2 * (j * this.n + slot)];
    return [
      this.xy[a] + (this.xy[b] - this.xy[a]) * m,
      this.xy[a + 1] + (this.xy[b + 1] - this.xy[a + 1]) * m,
    ];
  }

  /** How far a slot is from where frame 0 had it, in quanta. */
  moved(slot, t) {
    const [x, y] = this.place(slot, t);
    return Math.hypot(x - this.xy[2 * slot], y - this.xy[2 * slot + 1]);
  }

  /** The optimizer step at time t, between two frames in proportion. */
  stepAt(t) {
    const i = Math.min(Math.floor(t), this.last);
    const j = Math.min(i + 1, this.last);
    return (this.steps[i] || 0) + ((this.steps[j] || 0) - (this.steps[i] || 0)) * (t - i);
  }

  /** The time (frames) of a step: the inverse of stepAt, clamped to the frames known. */
  timeOf(step) {
    if (this.frames < 2 || step <= this.steps[0]) return 0;
    for (let i = 1; i < this.frames; i++) {
      if (step <= this.steps[i]) {
        return i - 1 + (step - this.steps[i - 1]) / (this.steps[i] - this.steps[i - 1] || 1);
      }
    }
    return this.last;
  }

  /** The step at the right end of the scrubber and of the curves. */
  get endStep() {
    const known = this.steps[this.last] || 0;
    return Math.max(1, known, this.header.live ? this.header.total_steps || 0 : 0);
  }
}
