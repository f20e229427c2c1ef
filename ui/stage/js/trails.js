// Trails: where forget samples went, drawn only where a step is longer than the noise floor.

const TRAIL_FRAMES = 14; // how far back a trail reaches, at most
const TRAIL_BUDGET = 7000; // segments in one picture; a crowd gets shorter trails

/**
 * Segments (x0, y0, x1, y1) of forget samples, ordered by time: those of the last frames are one
 * contiguous range, [from[i - reach], from[i + 1]), which one draw call takes.
 */
export class Trails {
  constructor() {
    this.clear(0);
  }

  clear(firstFrame) {
    if (!firstFrame) {
      this.places = [];
      this.slots = [];
      this.times = [];
      this.from = [0]; // from[i]: first segment that starts at frame i
      return;
    }
    const keep = this.from[Math.min(firstFrame, this.from.length - 1)];
    this.places.length = keep * 4;
    this.slots.length = this.times.length = keep;
    this.from.length = Math.min(this.from.length, firstFrame + 1);
  }

  /** Brings the segments up to the run's frames; those from ``firstNew`` on are made again. */
  update(run, firstNew) {
    this.clear(Math.max(0, firstNew - 1));
    const crowd = TRAIL_BUDGET / Math.max(1, run.n - run.kept);
    this.reach = Math.max(4, Math.min(TRAIL_FRAMES, Math.round(crowd)));
    const least = Math.max(run.header.floor / run.unit, 1);
    for (let i = this.from.length - 1; i < run.last; i++) {
      this._frame(run, i, least);
      this.from[i + 1] = this.slots.length;
    }
  }

  _frame(run, i, least) {
    for (let slot = run.kept; slot < run.n; slot++) {
      const [a, b] = [2 * (i * run.n + slot), 2 * ((i + 1) * run.n + slot)];
      const [x0, y0, x1, y1] = [run.xy[a], run.xy[a + 1], run.xy[b], run.xy[b + 1]];
      if (Math.hypot(x1 - x0, y1 - y0) <= least) continue;
      this.places.push(x0, y0, x1, y1);
      this.slots.push(slot);
      this.times.push(i);
    }
  }

  get count() {
    return this.slots.length;
  }

  /** [first, end) of the segments that are seen at time t. */
  range(t) {
    const last = this.from.length - 1;
    const i = Math.floor(t);
    const first = this.from[Math.min(last, Math.max(0, i - this.reach))];
    return [first, this.from[Math.min(last, t > i ? i + 1 : i)]];
  }

  /** How strong a segment is at time t: 0 before it starts, then fading with age. */
  strength(k, t) {
    const age = t - this.times[k];
    return age <= 0 ? 0 : Math.max(0, 1 - age / (this.reach + 1));
  }
}

export const QUADS = 16384; // quads that 16-bit indices can name in one draw call

export function quadIndices() {
  const out = new Uint16Array(QUADS * 6);
  for (let k = 0; k < QUADS; k++) out.set([0, 1, 2, 2, 1, 3].map((v) => 4 * k + v), 6 * k);
  return out;
}

/** Four corners a segment, 12 bytes each: its two ends, its frame, (end, side) of the corner. */
export function trailVertices(trails) {
  const words = new Uint16Array(trails.count * 24);
  const corners = new Int8Array(words.buffer);
  for (let k = 0; k < trails.count; k++) {
    for (let corner = 0; corner < 4; corner++) {
      const at = 24 * k + 6 * corner;
      for (let c = 0; c < 4; c++) words[at + c] = trails.places[4 * k + c];
      words[at + 4] = trails.times[k];
      corners[2 * at + 10] = corner >> 1;
      corners[2 * at + 11] = corner & 1 ? 1 : -1;
    }
  }
  return words;
}
