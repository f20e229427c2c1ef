// Trails: where forget samples went, drawn only where a step exceeds its frame's noise floor.

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

  /** Brings the segments up to the view's frames; those from ``firstNew`` on are made again. */
  update(view, firstNew) {
    const { run } = view;
    this.clear(Math.max(0, firstNew - 1));
    const crowd = TRAIL_BUDGET / Math.max(1, run.n - run.kept);
    this.reach = Math.max(4, Math.min(TRAIL_FRAMES, Math.round(crowd)));
    for (let i = this.from.length - 1; i < view.last; i++) {
      this._frame(view, i);
      this.from[i + 1] = this.slots.length;
    }
  }

  _frame(view, i) {
    const ends = [0, 0, 0, 0];
    for (let slot = view.run.kept; slot < view.run.n; slot++) {
      if (!view.segment(i, slot, ends)) continue;
      this.places.push(...ends);
      this.slots.push(slot);
      this.times.push(i);
    }
  }

  /** Puts segments [first, end) where the view has their ends now. */
  replace(view, first, end) {
    const ends = [0, 0, 0, 0];
    for (let k = first; k < end; k++) {
      view.segment(this.times[k], this.slots[k], ends);
      for (let c = 0; c < 4; c++) this.places[4 * k + c] = ends[c];
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

const inside = (v) => Math.min(65535, Math.max(0, Math.round(v)));

/** Four corners a segment of [first, end), 12 bytes each: its two ends, its frame, (end, side). */
export function trailVertices(trails, first, end) {
  const words = new Uint16Array((end - first) * 24);
  const corners = new Int8Array(words.buffer);
  for (let k = first; k < end; k++) {
    for (let corner = 0; corner < 4; corner++) {
      const at = 24 * (k - first) + 6 * corner;
      for (let c = 0; c < 4; c++) words[at + c] = inside(trails.places[4 * k + c]);
      words[at + 4] = trails.times[k];
      corners[2 * at + 10] = corner >> 1;
      corners[2 * at + 11] = corner & 1 ? 1 : -1;
    }
  }
  return words;
}
