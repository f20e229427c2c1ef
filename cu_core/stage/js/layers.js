// What the views beside the map are drawn from: the shares of the classes, places in three
// dimensions. Both are kept in the run's slots, keep samples first.

export const NO_PLACE = 65535;

/** The values of one row a sample, in slot order; ``width`` values a row. */
function inSlots(values, order, width) {
  const out = new values.constructor(values.length);
  const row = order.length * width;
  for (let frame = 0; frame * row < values.length; frame++) {
    for (let slot = 0; slot < order.length; slot++) {
      const [from, to] = [frame * row + order[slot] * width, frame * row + slot * width];
      for (let k = 0; k < width; k++) out[to + k] = values[from + k];
    }
  }
  return out;
}

function joined(kept, length, fresh, at) {
  const out = new fresh.constructor(Math.max(length, at + fresh.length));
  out.set(kept.subarray(0, Math.min(kept.length, out.length)));
  out.set(fresh, at);
  return out;
}

/** What the model answers of each sample: shares of the classes in 255ths, ``width`` a sample. */
export class Shares {
  constructor() {
    this.width = 0;
    this.frames = 0;
    this.part = new Uint8Array(0);
    this.of = null; // the class of each share, where not every class is kept
    this.ghost = this.ghostOf = null;
  }

  /** The class that the retrained model answers for a slot; -1 where that is not known. */
  ghostAnswer(slot) {
    if (!this.ghost) return -1;
    const width = this.ghost.length / this.slots;
    let best = slot * width;
    for (let k = best + 1; k < (slot + 1) * width; k++) {
      if (this.ghost[k] > this.ghost[best]) best = k;
    }
    return this.ghostOf ? this.ghostOf[best] : best - slot * width;
  }

  append(run, header, { share, share_class: of, ghost_share: ghost, ghost_share_class: ghostOf }) {
    const { start, count, n, total } = header;
    this.slots = n;
    if (ghost) {
      const width = ghost.length / n;
      this.ghost = inSlots(ghost, run.order, width);
      this.ghostOf = ghostOf ? inSlots(ghostOf, run.order, width) : null;
    }
    if (!share || start > this.frames) return void (this.frames = Math.min(this.frames, start));
    if (count) this.width = share.length / (count * n);
    const [row, kept] = [n * this.width, Math.max(start + count, Math.min(this.frames, total))];
    this.part = joined(this.part, kept * row, inSlots(share, run.order, this.width), start * row);
    if (of) {
      const fresh = inSlots(of, run.order, this.width);
      this.of = joined(this.of || new of.constructor(0), kept * row, fresh, start * row);
    }
    this.frames = kept;
  }
}

/** Places of the samples in three dimensions, for as many of the run's frames as there are. */
export class SolidFrames {
  constructor() {
    this.facts = null;
    this.xyz = this.ghost = new Uint16Array(0);
  }

  append(run, header, { xyz, ghost_xyz: ghost }) {
    this.facts = header.solid || null;
    if (xyz) {
      this.xyz = inSlots(xyz, run.order, 3);
      this.ghost = ghost ? inSlots(ghost, run.order, 3) : new Uint16Array(0);
    }
    const known = new Map((this.facts?.steps || []).map((step, k) => [step, k]));
    const frames = this.xyz.length / (3 * run.n);
    /** For each frame of the run, which of these frames it is; -1 where it is not there yet. */
    this.at = run.steps.map((step) => (known.get(step) < frames ? known.get(step) : -1));
  }

  /** Slots whose place in the retrained model is known. */
  get ghostSlots() {
    const out = [];
    for (let slot = 0; 3 * slot < this.ghost.length; slot++) {
      if (this.ghost.subarray(3 * slot, 3 * slot + 3).some((v) => v !== NO_PLACE)) out.push(slot);
    }
    return out;
  }
}
