// The order of the tiles, by an objective or a knob.

const RANKS = { done: 0, running: 2, stopped: 3, failed: 4 };
const BELOW = 1; // done, but below the floor

function rank(trial) {
  return trial.below_floor ? BELOW : RANKS[trial.state] ?? RANKS.failed;
}

/** The trials, best first by the objective ``key``, those without a value behind them; then those
 *  below the floor, at work, stopped, failed. By a knob: all by its value. Equal ones by number. */
export function ordered(trials, key, objectives) {
  const objective = objectives.find((one) => one.key === key);
  const sign = objective?.better === "high" ? -1 : 1;
  const value = (trial) => (objective ? trial.values[key] : trial.knobs[key]) ?? null;
  const compare = (a, b) => {
    const apart = objective ? rank(a) - rank(b) : 0;
    return apart || sign * versus(value(a), value(b), sign) || a.number - b.number;
  };
  return [...trials].sort(compare);
}

/** Numbers by size, words by the alphabet, nothing last whichever way it is sorted. */
function versus(a, b, sign) {
  if (a === null || b === null) return sign * ((a === null) - (b === null));
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : Number(String(a) > String(b));
}
