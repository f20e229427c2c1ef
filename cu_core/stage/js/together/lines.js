// The curves of all runs, one axis a measure: a colour and a dash a run, its letter at the end.

import { LineChart } from "../linechart.js";
import { standOut } from "../palette.js";
import { showValue, valueAt } from "../series.js";

const HUES = [[0, 104, 178], [204, 94, 0], [0, 158, 115], [184, 121, 164], [230, 159, 0]];
const PARTS = 200; // of the axis: a playhead that moves by less is drawn where it was
const DASHES = [[], [], [7, 4], [7, 4], [2, 3], [2, 3]];

/** {colour, dash} of each of so many runs; the first, to which the others are compared, in ink. */
export function strokes(count, theme) {
  const colours = [theme.ink, ...HUES.map((hue) => standOut(hue, theme))];
  return colours.slice(0, count).map((colour, k) => ({ colour, dash: DASHES[k] }));
}

/** [{key, title, unit, lines: [{pane, curve}]}] of what the runs have curves of, but for the losses:
 *  terms of one name in two methods are two things. */
export function measures(panes) {
  const found = new Map();
  for (const pane of panes) {
    for (const curve of pane.run.header.curves || []) {
      if (curve.group === "loss") continue;
      const { key, title, unit } = curve;
      if (!found.has(key)) found.set(key, { key, title, unit, lines: [] });
      found.get(key).lines.push({ pane, curve });
    }
  }
  return [...found.values()];
}

/** A curve's steps on the axis of all: themselves, or percent of the run. */
export function stretched(curve, run, by) {
  return by === "steps" ? curve.steps : curve.steps.map((step) => (100 * step) / run.endStep);
}

export class Lines {
  constructor(root) {
    this.root = root;
    this.charts = [];
  }

  load(panes, course, theme) {
    const wanted = measures(panes);
    this.course = course;
    while (this.charts.length > wanted.length) this.charts.pop().box.remove();
    const styles = strokes(panes.length, theme);
    wanted.forEach((measure, k) => {
      if (!this.charts[k]) this.root.append((this.charts[k] = new LineChart("")).box);
      this._set(this.charts[k], measure, panes, styles, theme);
    });
  }

  _set(chart, { title, unit, lines }, panes, styles, theme) {
    const { by, endStep } = this.course;
    const end = by === "steps" ? endStep : 100;
    const own = lines.map(({ pane, curve }) => ({
      ...styles[panes.indexOf(pane)], named: true, values: curve.values,
      steps: stretched(curve, pane.run, by),
      name: `${pane.letter} ${showValue(valueAt(curve, Infinity), unit)}`,
    }));
    const { retrained } = lines[0].curve;
    const beside = { name: "retrained", named: false, steps: [0, end], values: [retrained, retrained] };
    const all = Number.isFinite(retrained) ? [...own, beside] : own;
    chart.title.textContent = title;
    chart.set(all, [0], unit, end, theme, by === "steps" ? `${end} steps` : "100 % of the run");
  }

  resize(ratio) {
    for (const chart of this.charts) chart.resize(ratio);
  }

  draw(t) {
    const { course } = this;
    const steps = course.by === "steps";
    const fine = PARTS / (steps ? course.endStep : 100);
    const at = Math.round(fine * (steps ? course.stepAt(t) : 100 * course.share(t))) / fine;
    for (const chart of this.charts) chart.draw(at);
  }
}
