// A small picture of some lines over the run: names at their ends, the playhead over them.

import { css } from "./palette.js";
import { scaleOf, showValue, spread, valueAt } from "./series.js";

const TEXT = 15; // CSS pixels, the small one of the three sizes
const GAP = 18;
const WIDEST = 96; // of a name
const FOOT = 24; // below the plot: the steps

/** The text, or as much of it as fits into ``room`` pixels. */
function cut(c, text, room) {
  if (c.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && c.measureText(`${text.slice(0, end)}…`).width > room) end--;
  return `${text.slice(0, end)}…`;
}

export class LineChart {
  constructor(title) {
    this.box = document.createElement("figure");
    this.title = document.createElement("figcaption");
    this.title.textContent = title;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.box.append(this.title, this.canvas);
    this.layer = document.createElement("canvas");
    this.lines = [];
  }

  /** ``lines``: [{name, colour, strong, named, values}], one value (or null) a step, and where it has
   *  them its own ``steps`` and a ``dash``; ``unit``: "%" for 0 to 100; ``end``: the step at the
   *  right, in ``words``. */
  set(lines, steps, unit, end, theme, words = `${end} steps`) {
    const own = lines.map((line) => ({ steps, ...line }));
    Object.assign(this, { lines: own, unit, end, words, theme, stale: true });
    this.scale = scaleOf({ unit, lines: own });
    const told = own.filter(({ named }) => named).map((line) => {
      const [first, last] = [valueAt(line, line.steps[0]), valueAt(line, Infinity)];
      return `${line.name} from ${showValue(first, unit)} to ${showValue(last, unit)}`;
    });
    this.canvas.setAttribute("aria-label", `${this.title.textContent}: ${told.join(", ")}.`);
  }

  resize(ratio) {
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!width || (width === this.width && height === this.height && ratio === this.ratio)) return;
    Object.assign(this, { width, height, ratio, stale: true });
    for (const canvas of [this.canvas, this.layer]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
  }

  draw(step) {
    if (!this.width || !this.theme) return;
    if (!this.stale && step === this.step) return;
    if (this.stale) this._build();
    this.step = step;
    const c = this.canvas.getContext("2d");
    c.clearRect(0, 0, this.width, this.height);
    c.drawImage(this.layer, 0, 0, this.width, this.height);
    const x = this.toX(Math.min(step, this.end));
    c.strokeStyle = css(this.theme.ink);
    c.lineWidth = 1.5;
    c.beginPath();
    c.moveTo(x, this.y0 - 4);
    c.lineTo(x, this.y1 + 4);
    c.stroke();
  }

  _build() {
    this.stale = false;
    const c = this.layer.getContext("2d");
    c.clearRect(0, 0, this.width, this.height);
    c.font = `${TEXT}px ${this.theme.font}`;
    c.textBaseline = "middle";
    this._place(c);
    this._axes(c);
    for (const line of [...this.lines].reverse()) this._line(c, line);
    this._names(c);
  }

  _place(c) {
    const { low, high, ticks } = this.scale;
    const widest = (texts) => Math.max(0, ...texts.map((text) => c.measureText(text).width));
    this.x0 = Math.ceil(widest(ticks.map((v) => showValue(v, this.unit)))) + 8;
    const names = this.lines.filter(({ named }) => named).map(({ name }) => name);
    c.font = `600 ${TEXT}px ${this.theme.font}`;
    this.x1 = this.width - 12 - Math.min(WIDEST, widest(names));
    c.font = `${TEXT}px ${this.theme.font}`;
    [this.y0, this.y1] = [10, this.height - FOOT];
    this.toX = (step) => this.x0 + ((this.x1 - this.x0) * step) / this.end;
    this.toY = (v) => this.y1 - ((this.y1 - this.y0) * (v - low)) / (high - low);
  }

  _axes(c) {
    const { theme, unit } = this;
    c.lineWidth = 1;
    c.strokeStyle = css(theme.line);
    c.fillStyle = css(theme.soft);
    c.textAlign = "right";
    for (const tick of this.scale.ticks) {
      const y = Math.round(this.toY(tick)) + 0.5;
      c.beginPath();
      c.moveTo(this.x0, y);
      c.lineTo(this.x1, y);
      c.stroke();
      c.fillText(showValue(tick, unit), this.x0 - 8, y);
    }
    c.fillText(this.words, this.x1, this.y1 + 14);
    c.textAlign = "left";
    c.fillText("0", this.x0, this.y1 + 14);
  }

  _line(c, line) {
    c.lineJoin = "round";
    c.lineWidth = line.strong ? 3 : line.named ? 2 : 1;
    c.strokeStyle = line.named ? css(line.colour) : css(this.theme.grey, 0.4);
    c.setLineDash(line.dash || []);
    c.beginPath();
    let pen = false;
    line.values.forEach((value, i) => {
      if (value !== null) c[pen ? "lineTo" : "moveTo"](this.toX(line.steps[i]), this.toY(value));
      pen = value !== null;
    });
    c.stroke();
    c.setLineDash([]);
  }

  /** Each at the height where its line ends, pushed apart until none overlap. */
  _names(c) {
    const named = this.lines.filter((line) => line.named);
    const wish = named.map((line) => this.toY(valueAt(line, Infinity) ?? this.scale.low));
    const at = spread(wish, GAP, this.y0, this.y1);
    c.textAlign = "left";
    named.forEach((line, k) => {
      c.font = `${line.strong ? 600 : 400} ${TEXT}px ${this.theme.font}`;
      c.fillStyle = css(this.theme.ink);
      c.fillText(cut(c, line.name, this.width - this.x1 - 10), this.x1 + 9, at[k]);
      c.strokeStyle = css(line.colour);
      c.lineWidth = line.strong ? 3 : 2;
      c.beginPath();
      c.moveTo(this.x1 + 1, wish[k]);
      c.lineTo(this.x1 + 6, at[k]);
      c.stroke();
    });
  }
}
