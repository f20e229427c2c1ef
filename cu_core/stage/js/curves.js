// The curves: one canvas a panel; the lines are drawn once, the playhead moves over them.

import { css } from "./palette.js";
import { FOLDED, panels, scaleOf, shortName, showValue, spread, valueAt } from "./series.js";

const TEXT = 15; // CSS pixels, the small one of the three sizes
const LINE_GAP = 19;
const FAR = 48; // pixels from the playhead to the lines' ends, from which their values stand there

/** Colour and width of each line: forget in the accent, the others in ink, then softer. */
export function lineStyles(lines, theme) {
  const seen = { forget: 0, other: 0 };
  return lines.map((line) => {
    const of = /forget/i.test(line.key + line.title) || line.group === "between" || line.group === "planted";
    const kind = of ? "forget" : "other";
    const rank = seen[kind]++;
    const colours = kind === "forget" ? [theme.accent, theme.accent] : [theme.ink, theme.soft];
    return { colour: colours[Math.min(rank, 1)], width: rank ? 1.5 : 2.75 };
  });
}

function retrainedNote(line) {
  const known = Number.isFinite(line.retrained);
  return known ? `retrained ${showValue(line.retrained, line.unit)}` : "";
}

class Panel {
  /** ``changed()``: it was opened or folded by a hand. */
  constructor(host, changed) {
    this.box = document.createElement("div");
    this.box.className = "panel";
    this.title = document.createElement("h3");
    this.fold = document.createElement("button");
    this.fold.type = "button";
    this.fold.className = "fold";
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.box.append(this.title, this.canvas);
    host.append(this.box);
    this.fold.addEventListener("click", () => {
      this.open = !this.open;
      this._folds();
      changed();
    });
    this.context = this.canvas.getContext("2d");
    this.layers = [document.createElement("canvas"), document.createElement("canvas")];
  }

  /** ``untold``: nothing is drawn, or said, that lies behind the playhead's step. */
  set(panel, run, theme, untold) {
    Object.assign(this, { panel, run, theme, untold, size: TEXT * theme.letters });
    this.open = panel.group === this.group ? this.open : !FOLDED.has(panel.group);
    this.group = panel.group;
    this._folds();
    this.scale = scaleOf(panel);
    this.styles = lineStyles(panel.lines, theme);
    this.stale = true;
  }

  /** A panel that can be folded has its title as a button. */
  _folds() {
    const { title, fold, panel } = this;
    const folds = FOLDED.has(panel.group);
    this.box.classList.toggle("folded", !this.open);
    fold.textContent = panel.title;
    fold.setAttribute("aria-expanded", String(this.open));
    if (folds) title.replaceChildren(fold);
    else title.textContent = panel.title;
  }

  resize(ratio, showSteps) {
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    Object.assign(this, { width, height, ratio, showSteps, stale: true });
    for (const canvas of [this.canvas, ...this.layers]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
  }

  /** Texts beside the plot, and the room they want: {left, right} in pixels. ``values``: how wide
   * the values are in panels above and below, whose names stand in line with these. */
  measure(values) {
    const c = this.context;
    const { unit, lines } = this.panel;
    c.font = `${this.size}px ${this.theme.font}`;
    const widest = (texts) => Math.max(0, ...texts.map((text) => c.measureText(text).width));
    this.tickText = this.scale.ticks.map((v) => showValue(v, unit));
    this.names = lines.map(shortName);
    const { low, high } = this.scale;
    const ends = unit === "%" ? ["100 %"] : [low, high].map((v) => showValue(v, unit));
    this.ownWidth = widest([...ends, "–"]);
    this.valueWidth = Math.max(values, this.ownWidth);
    this.notes = lines.map((line) => (lines.length > 2 ? "" : retrainedNote(line)));
    const label = Math.max(this.valueWidth + 8 + widest(this.names), widest(this.notes));
    return {
      left: Math.ceil(widest(this.tickText)) + 8,
      right: Math.min(this.width * 0.54, 14 + label),
    };
  }

  /** The plot's rectangle; panels above each other share left and right. */
  place({ left, right }) {
    this.x0 = left;
    this.x1 = Math.max(left + 20, this.width - right);
    const { letters } = this.theme;
    this.y0 = 9 * letters;
    this.y1 = this.height - (this.showSteps ? 27 : 9) * letters;
    const { low, high } = this.scale;
    this.toX = (step) => this.x0 + ((this.x1 - this.x0) * step) / this.run.endStep;
    this.toY = (value) => this.y1 - ((this.y1 - this.y0) * (value - low)) / (high - low);
    this._labels(Infinity);
  }

  /** One label a line, at its height at this step, pushed apart until none overlap. */
  _labels(step) {
    const ends = this.panel.lines.map((line) => valueAt(line, step) ?? this.scale.low);
    const wish = ends.map((value) => this.toY(value));
    const line = LINE_GAP * this.theme.letters;
    const gap = this.notes.some(Boolean) ? 2 * line : line;
    this.labelY = spread(wish, gap, this.y0, this.y1 - (gap - line));
    this.endY = wish;
  }

  _build() {
    this.stale = false;
    const [faint, full] = this.layers.map((canvas) => canvas.getContext("2d"));
    for (const c of [faint, full]) c.clearRect(0, 0, this.width, this.height);
    this._axes(faint);
    if (!this.untold) this._lines(faint, 0.24);
    this._lines(full, 1);
    this.canvas.title = this._summary();
    this.canvas.setAttribute("aria-label", this.canvas.title);
  }

  _axes(c) {
    const { theme } = this;
    c.font = `${this.size}px ${theme.font}`;
    c.textBaseline = "middle";
    c.textAlign = "right";
    this.scale.ticks.forEach((tick, k) => {
      const y = Math.round(this.toY(tick)) + 0.5;
      c.strokeStyle = css(theme.line);
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(this.x0, y);
      c.lineTo(this.x1, y);
      c.stroke();
      c.fillStyle = css(theme.soft);
      c.fillText(this.tickText[k], this.x0 - 8, y);
    });
    if (this.showSteps) {
      const y = this.y1 + 16 * this.theme.letters;
      c.textAlign = "left";
      if (this.x1 - this.x0 > 130) c.fillText("0", this.x0, y);
      c.textAlign = "right";
      c.fillText(`${this.run.endStep} steps`, this.x1, y);
    }
    this._references(c);
  }

  /** Retrained values dashed, original ones dotted, each in its line's colour. */
  _references(c) {
    const kinds = [["original", [1.5, 3.5], 0.75], ["retrained", [7, 4], 1]];
    for (const [kind, dash, alpha] of kinds) {
      this.panel.lines.forEach((line, k) => {
        if (!Number.isFinite(line[kind])) return;
        c.setLineDash(dash);
        c.lineWidth = 1.5;
        c.strokeStyle = css(this.styles[k].colour, alpha);
        c.beginPath();
        c.moveTo(this.x0, this.toY(line[kind]));
        c.lineTo(this.x1, this.toY(line[kind]));
        c.stroke();
      });
    }
    c.setLineDash([]);
  }

  _lines(c, alpha) {
    c.lineJoin = "round";
    this.panel.lines.forEach((line, k) => {
      c.strokeStyle = css(this.styles[k].colour, alpha);
      c.lineWidth = this.styles[k].width;
      c.beginPath();
      let pen = false;
      line.values.forEach((value, i) => {
        if (value === null) pen = false;
        else c[pen ? "lineTo" : "moveTo"](this.toX(line.steps[i]), this.toY(value));
        pen = value !== null;
      });
      c.stroke();
    });
  }

  _summary() {
    const parts = this.panel.lines.map((line) => {
      const values = ["original", "retrained"].filter((kind) => Number.isFinite(line[kind]));
      const told = values.map((kind) => `${kind} ${showValue(line[kind], line.unit)}`);
      if (this.untold) return `${line.title}: ${told.join(", ")}`;
      const end = `ends at ${showValue(valueAt(line, Infinity), line.unit)}`;
      return `${line.title}: ${[end, ...told].join(", ")}`;
    });
    return `${this.panel.title}. ${parts.join(". ")}.`;
  }

  draw(step) {
    if (this.width < 2 || this.height < 2) return;
    if (this.stale) this._build();
    if (this.untold) this._labels(step);
    const c = this.context;
    const x = Math.min(this.x1, Math.max(this.x0, this.toX(step)));
    c.clearRect(0, 0, this.width, this.height);
    const [faint, full] = this.layers;
    c.drawImage(faint, 0, 0, this.width, this.height);
    const cut = Math.max(1, Math.round((x + 0.5) * this.ratio));
    c.drawImage(full, 0, 0, cut, full.height, 0, 0, cut / this.ratio, this.height);
    c.fillStyle = css(this.theme.ink);
    c.fillRect(Math.round(x) - 0.5, this.y0 - 6, 1, this.y1 - this.y0 + 12);
    this._values(c, x, step);
  }

  /** The values now, each a dot on the playhead and a number beside its line's name. */
  _values(c, x, step) {
    if (x < this.x1 - FAR && !this.untold) this._ends(c);
    c.font = `${this.size}px ${this.theme.font}`;
    c.textBaseline = "middle";
    this.panel.lines.forEach((line, k) => {
      const value = valueAt(line, step);
      const { colour } = this.styles[k];
      c.fillStyle = css(colour);
      if (value !== null) {
        c.beginPath();
        c.arc(x, this.toY(value), 3.5, 0, 2 * Math.PI);
        c.fill();
      }
      const left = this.x1 + 14;
      c.strokeStyle = css(colour, 0.5);
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(this.x1 + 2, this.endY[k]);
      c.lineTo(left - 3, this.labelY[k]);
      c.stroke();
      c.textAlign = "right";
      c.fillText(showValue(value, line.unit), left + this.valueWidth, this.labelY[k]);
      c.textAlign = "left";
      const at = left + this.valueWidth + 8;
      c.fillText(this._fit(c, this.names[k], at), at, this.labelY[k]);
      if (!this.notes[k]) return;
      c.fillStyle = css(this.theme.soft);
      const under = left + this.valueWidth - this.ownWidth;
      c.fillText(this._fit(c, this.notes[k], under), under, this.labelY[k] + LINE_GAP * this.theme.letters);
    });
  }

  /** The last value of each line, above its end, while the playhead is not there yet. */
  _ends(c) {
    const known = this.panel.lines.map((line) => valueAt(line, Infinity));
    const heights = spread(this.endY.map((y) => y - 9), 14, this.y0, this.y1 - 7);
    c.font = `600 13px ${this.theme.font}`;
    c.textBaseline = "middle";
    c.textAlign = "right";
    c.lineWidth = 4;
    c.strokeStyle = css(this.theme.bg);
    known.forEach((value, k) => {
      if (value === null) return;
      const text = showValue(value, this.panel.unit);
      c.strokeText(text, this.x1 - 3, heights[k]);
      c.fillStyle = css(this.styles[k].colour);
      c.fillText(text, this.x1 - 3, heights[k]);
    });
  }

  _fit(c, text, left) {
    const room = this.width - left;
    let name = text;
    if (c.measureText(name).width <= room) return name;
    while (name.length > 1 && c.measureText(`${name}…`).width > room) name = name.slice(0, -1);
    return `${name.trimEnd()}…`;
  }
}

export class Curves {
  /** ``seek(t)`` when a panel is pressed or dragged over, ``settle()`` when it is let go,
   *  ``changed()`` when one is opened or folded. */
  constructor(root, seek, settle, changed) {
    Object.assign(this, { root, changed });
    this.panels = [];
    this.untold = false;
    const to = (event) => {
      const panel = this.panels.find((item) => item.canvas === event.target);
      if (!panel || !panel.run) return;
      const x = event.clientX - panel.canvas.getBoundingClientRect().left;
      const share = (x - panel.x0) / (panel.x1 - panel.x0);
      seek(panel.run.timeOf(Math.min(1, Math.max(0, share)) * panel.run.endStep));
    };
    root.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.tagName !== "CANVAS") return;
      this.held = true;
      event.target.setPointerCapture(event.pointerId);
      to(event);
    });
    root.addEventListener("pointermove", (event) => this.held && to(event));
    root.addEventListener("pointerup", () => {
      if (this.held) settle();
      this.held = false;
    });
  }

  load(run, theme) {
    const wanted = panels(run.header.curves || []);
    while (this.panels.length > wanted.length) this.panels.pop().box.remove();
    while (this.panels.length < wanted.length) this.panels.push(new Panel(this.root, this.changed));
    wanted.forEach((panel, k) => this.panels[k].set(panel, run, theme, this.untold));
    const beside = wanted.flatMap(({ lines }) => lines.flatMap((l) => [l.original, l.retrained]));
    this.root.classList.toggle("alone", !beside.some(Number.isFinite)); // nothing to tell apart
    this.drawn = null;
  }

  get open() {
    return this.panels.filter((panel) => panel.open);
  }

  resize(ratio) {
    const { open } = this;
    const stacked = open.every((panel) => panel.box.offsetLeft === open[0].box.offsetLeft);
    open.forEach((panel, k) => panel.resize(ratio, !stacked || k === open.length - 1));
    const measured = (values) => open.map((panel) => panel.measure(values));
    const alone = measured(0);
    const values = Math.max(...open.map((panel) => panel.valueWidth));
    const wishes = stacked ? measured(values) : alone;
    const widest = (side) => Math.max(...wishes.map((wish) => wish[side]));
    const shared = { left: widest("left"), right: widest("right") };
    open.forEach((panel, k) => panel.place(stacked ? shared : wishes[k]));
    this.drawn = null;
  }

  /** Draws the playhead at a step, when it has moved by at least a pixel. */
  draw(step) {
    const [first] = this.open;
    const at = first && first.toX ? Math.round(first.toX(step) * 2) : null;
    if (at !== null && at === this.drawn) return;
    for (const panel of this.open) panel.draw(step);
    this.drawn = at;
  }
}
