// One look for several maps: how they are read, and which samples a hand is on, is one thing for all,
// though each run has its own slots for the same samples.

import { Look } from "../paint.js";

/** Slots of a run by the samples' indices in the data, and back; -1 where there is none. */
export class Samples {
  constructor(run) {
    this.index = run.index;
    this.slots = new Map();
    run.index.forEach((index, slot) => this.slots.set(index, slot));
  }

  slotOf(index) {
    return this.slots.get(index) ?? -1;
  }

  indexOf(slot) {
    return slot < 0 ? -1 : this.index[slot];
  }

  /** Those of these samples that this run shows. */
  slotsOf(indices) {
    return [...indices].map((index) => this.slotOf(index)).filter((slot) => slot >= 0);
  }
}

const ALIKE = ["mode", "ghost", "outlines", "larger", "isolated", "choosing", "highlight", "hand",
  "version", "palette", "ramp", "theme"];

/** A map's own look onto ``shared``, which holds indices in the data where a look holds slots. */
export function joined(shared, samples) {
  const look = new Look();
  const own = (name, get, set) => Object.defineProperty(look, name, { get, set });
  for (const name of ALIKE) own(name, () => shared[name], (value) => (shared[name] = value));
  own("hover", () => samples.slotOf(shared.hover), (slot) => (shared.hover = samples.indexOf(slot)));
  own("pins", () => samples.slotsOf(shared.pins), (slots) => {
    const elsewhere = shared.pins.filter((index) => samples.slotOf(index) < 0);
    shared.pins = [...elsewhere, ...slots.map((slot) => samples.indexOf(slot))];
  });
  own("chosen", memoised(() => shared.chosen, (chosen) => new Set(samples.slotsOf(chosen))));
  look.choose = (slots, how) => shared.choose(slots.map((slot) => samples.indexOf(slot)), how);
  return look;
}

/** ``made(value)``, made again when ``read()`` gives another value. */
function memoised(read, made) {
  let [held, result] = [undefined, undefined];
  return () => {
    const value = read();
    if (value !== held) [held, result] = [value, made(value)];
    return result;
  };
}
