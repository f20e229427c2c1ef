// What is said of a trial: its label, its accessible name, the lines of its card.

/** A value in three digits, as a person reads it. */
export function short(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  if (size >= 0.001 && size < 1e6) return String(Number(value.toPrecision(3)));
  return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
}

const lower = (title) => title[0].toLowerCase() + title.slice(1);
export const upper = (title) => title[0].toUpperCase() + title.slice(1);

/** What stands in place of a map, or "" where there is one. */
export function missing(trial) {
  if (trial.fault) return "no picture";
  if (trial.picture) return "";
  return { failed: "failed", running: "running", stopped: "stopped" }[trial.state] ?? "no picture";
}

/** [term, value] for each objective and knob. */
export function facts(trial, { objectives, knobs }) {
  const unit = (one) => (one.unit && trial.values[one.key] != null ? ` ${one.unit}` : "");
  return [
    ...objectives.map((one) => [one.title, short(trial.values[one.key]) + unit(one)]),
    ...knobs.map(({ key, title }) => [upper(title), short(trial.knobs[key])]),
  ];
}

/** Words on how a trial came out, beside its values. */
export function marks(trial) {
  const out = [];
  if (trial.front) out.push("on the front");
  if (trial.confirmed) out.push("confirmed with three seeds");
  if (trial.below_floor) out.push("below the floor");
  if (missing(trial)) out.push(missing(trial));
  return out;
}

/** "Trial 12: mean gap 0.8, contrast weight 3.2; on the front". */
export function named(trial, header) {
  const known = facts(trial, header).filter(([, value]) => value !== "–");
  const told = known.map(([term, value]) => `${lower(term)} ${value}`).join(", ");
  return [`Trial ${trial.number}: ${told}`, ...marks(trial)].join("; ");
}

/** "Best first by mean gap to retrained, points". */
export function heading({ trials, objectives, knobs }, key) {
  if (!trials.length) return "Each trial's last map appears here when it has ended.";
  const found = objectives.find((one) => one.key === key);
  if (!found) return `By ${lower(knobs.find((one) => one.key === key)?.title ?? key)}`;
  return `Best first by ${lower(found.title)}${found.unit ? `, ${found.unit}` : ""}`;
}
