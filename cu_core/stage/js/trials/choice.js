// Which trials are selected: a hand and the page both say so, and the page later than the hand.

export class Choice {
  constructor() {
    this.trials = new Set();
    this.heard = keyOf([]); // what the page said last
    this.told = []; // what the page was told and has not said again
  }

  /** A hand sets these trials, or is to "add", "remove" or "toggle" them. Returns whether that
   *  changed anything. */
  gesture(numbers, how) {
    const before = keyOf(this.trials);
    const next = new Set(how === "set" ? [] : this.trials);
    for (const number of numbers) {
      if (how === "remove" || (how === "toggle" && next.has(number))) next.delete(number);
      else next.add(number);
    }
    this.trials = next;
    const after = keyOf(next);
    if (after === before) return false;
    this.told.push(after);
    return true;
  }

  /** The page's selection. What it was told it says again, late: that undoes no newer gesture. */
  hears(chosen) {
    const key = keyOf(chosen);
    const at = this.told.indexOf(key);
    if (at >= 0) this.told.splice(0, at + 1);
    if (key === this.heard) return;
    this.heard = key;
    if (at < 0) this.told = []; // it is of the page's own making
    if (!this.told.length) this.trials = new Set(chosen);
  }

  /** Whether one stands back, since others are selected. */
  fades(number) {
    return this.trials.size > 0 && !this.trials.has(number);
  }
}

function keyOf(trials) {
  return [...trials].sort((a, b) => a - b).join(" ");
}
