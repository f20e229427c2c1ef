// Numbers for the curves: which panel, which line, which scale, which label. No drawing here.

const PANELS = [
  ["accuracy", "Accuracy"],
  ["probe", "15-neighbour probe on the features"],
  ["planted", "What was planted"],
  ["between", "Centrality: 1 rim, about 0.7 middle"],
  ["loss", "Loss terms"],
];

export const FOLDED = new Set(["loss"]); // groups that are shown when somebody asks for them

/** [{group, title, unit, lines}] of a header's curves, in a fixed order, empty groups left out. */
export function panels(curves) {
  const known = new Map(PANELS);
  const groups = [...new Set([...known.keys(), ...curves.map((curve) => curve.group)])];
  return groups
    .map((group) => {
      const lines = curves.filter((curve) => curve.group === group);
      return { group, title: known.get(group) || group, unit: lines[0]?.unit || "", lines };
    })
    .filter((panel) => panel.lines.length);
}

/** What a line is called beside the panel's title, which already says "accuracy" or "probe". */
export function shortName(curve) {
  const bare = curve.title.replace(/^[A-Z]{2,4},/, "").replace(/\b(accuracy|probe|loss)\b/gi, "")
    .replace(/\s+/g, " ").replace(/^[\s,:·-]+|[\s,:·-]+$/g, "");
  const name = curve.short || bare || curve.title;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The newest value at or before a step; null where there is none. */
export function valueAt(curve, step) {
  let [low, high] = [0, curve.steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (curve.steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  for (let i = low - 1; i >= 0; i--) if (curve.values[i] !== null) return curve.values[i];
  return null;
}

export function showValue(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "%") return `${Math.round(value)} %`;
  const size = Math.abs(value);
  const text = value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2).replace("-", "−");
  return unit ? `${text} ${unit}` : text;
}

function niceStep(span, count) {
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 2.5, 5].find((k) => k * power >= raw) || 10);
}

/** {low, high, ticks} of a panel: 0..100 for percent, else the values' range on round numbers. */
export function scaleOf(panel) {
  if (panel.unit === "%") return { low: 0, high: 100, ticks: [0, 50, 100] };
  const all = panel.lines
    .flatMap((line) => [...line.values, line.original, line.retrained])
    .filter((v) => Number.isFinite(v));
  let [low, high] = [Infinity, -Infinity];
  for (const v of all) [low, high] = [Math.min(low, v), Math.max(high, v)];
  if (low > high) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const by = niceStep(high - low, 2);
  [low, high] = [Math.floor(low / by + 1e-9) * by, Math.ceil(high / by - 1e-9) * by];
  const ticks = [];
  for (let k = 0; low + k * by <= high + by / 2; k++) ticks.push(low + k * by);
  return { low, high, ticks };
}

/** Heights for labels that want to be at ``wish`` but at least ``gap`` apart within [top, end]. */
export function spread(wish, gap, top, end) {
  const order = wish.map((_, i) => i).sort((a, b) => wish[a] - wish[b] || a - b);
  const room = Math.min(gap, (end - top) / Math.max(1, wish.length - 1));
  const out = [...wish];
  let least = top;
  for (const i of order) {
    out[i] = Math.max(out[i], least);
    least = out[i] + room;
  }
  let most = end;
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i], most);
    most = out[i] - room;
  }
  return out;
}

/** The sentence read out while paused: where the run is and what each curve says there. */
export function describe(curves, step, end) {
  const told = curves.filter((curve) => curve.group !== "loss").map((curve) => {
    const value = valueAt(curve, step);
    return value === null ? null : `${curve.title.toLowerCase()} ${showValue(value, curve.unit)}`;
  });
  const values = told.filter(Boolean).join(", ");
  return `Step ${Math.round(step)} of ${end}${values ? `: ${values}` : ""}.`;
}
