// One drawing of flows: labels at the left, answers at the right, a band for each pair of them.

import { write } from "./elements.js";
import { OTHERS } from "./flow.js";
import { css } from "./palette.js";

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 180; // CSS pixels that all samples together are high
const GAP = 22; // between two classes: a line of text beside each, also where it has none
const BAR = 8; // width of a class's bar
const APART = 6; // between a bar and its text
const [SIDE, BOTH] = [0.3, 0.64]; // of the width, at most: the texts at the left, those of both
const ROOMY = 17; // height of a band that has room for its count
const REACH = 10; // height within which a hand meets a thin band
const SIZE = 15;

/**
 * Where everything lies: {height, columns: {from, to}: [{id, count, y, h}], bands: [{name, from, to,
 * kind, keys, count, h, y0, y1}]}. A band has the rows (``keys``) of one pair of drawn classes and
 * one ``kind``: "stays", "home" or "moves". Together they are HIGH, none less than one pixel; the
 * classes of a column keep their places in its order, whatever they have.
 */
export function layout(flow, side, drawn) {
  const bands = banded(flow, side, drawn);
  const heights = thickness(bands.map((band) => band.count));
  bands.forEach((band, k) => (band.h = heights[k]));
  const height = HIGH + GAP * Math.max(drawn.from.length, drawn.to.length);
  const columns = { from: column(bands, "from", "y0"), to: column(bands, "to", "y1") };
  function column(of, end, at) {
    const sum = of.reduce((all, band) => all + band.h, 0);
    let y = (height - sum - GAP * (drawn[end].length - 1)) / 2;
    return drawn[end].map((id) => {
      const node = { id, count: 0, y, h: 0 };
      for (const band of of) {
        if (band[end] !== id) continue;
        band[at] = y + node.h;
        node.h += band.h;
        node.count += band.count;
      }
      y += node.h + GAP;
      return node;
    });
  }
  return { height, columns, bands };
}

/** The rows that have samples on this side, joined where their classes are, in drawing order. */
function banded(flow, side, drawn) {
  const place = (list, id) => (list.includes(id) ? id : OTHERS);
  const found = new Map();
  for (const row of flow.rows.filter((one) => one[side])) {
    const kind = row.from === row.to ? "stays" : row.home ? "home" : "moves";
    const [from, to] = [place(drawn.from, row.from), place(drawn.to, row.to)];
    const name = `${from}>${to}>${kind}`;
    const band = found.get(name) || { name, from, to, kind, keys: new Set(), count: 0 };
    band.keys.add(row.key);
    band.count += row[side];
    found.set(name, band);
  }
  const rank = ({ from, to, kind }) =>
    [drawn.from.indexOf(from), drawn.to.indexOf(to), ["stays", "home", "moves"].indexOf(kind)];
  const by = (a, b) => {
    const [p, q] = [rank(a), rank(b)];
    return p[0] - q[0] || p[1] - q[1] || p[2] - q[2];
  };
  return [...found.values()].sort(by);
}

/** Heights in proportion to counts that sum to HIGH, none below one pixel. */
function thickness(counts) {
  const thin = new Set();
  for (;;) {
    const rest = counts.reduce((all, value, k) => all + (thin.has(k) ? 0 : value), 0);
    const unit = (HIGH - thin.size) / rest;
    const more = [...counts.keys()].filter((k) => !thin.has(k) && counts[k] * unit < 1);
    if (!more.length) return counts.map((value, k) => (thin.has(k) ? 1 : value * unit));
    for (const k of more) thin.add(k);
  }
}

function mark(kind, name, parent) {
  const made = document.createElementNS(SVG, kind);
  made.setAttribute("class", name);
  parent.append(made);
  return made;
}

function set(node, values) {
  for (const [name, value] of Object.entries(values)) {
    const text = typeof value === "number" ? String(Math.round(100 * value) / 100) : value;
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

const path = (x0, x1, { y0, y1, h }) => {
  const half = (x0 + x1) / 2;
  return `M${x0} ${y0}C${half} ${y0} ${half} ${y1} ${x1} ${y1}v${h}` +
    `C${half} ${y1 + h} ${half} ${y0 + h} ${x0} ${y0 + h}Z`;
};

export class Sankey {
  /** ``choose(band)``: one was clicked, or activated by a key. */
  constructor(host, choose) {
    this.svg = mark("svg", "flow", host);
    this.svg.setAttribute("role", "group");
    const layers = ["hits", "bands", "bars"].map((name) => mark("g", name, this.svg));
    [this.below, this.middle, this.above] = layers; // what is seen is met before what is only near
    this.below.setAttribute("aria-hidden", "true");
    this.bands = new Map(); // name -> {group, band, …}
    this.texts = new Map();
    this.widths = new Map(); // of what was measured: the same few texts, picture after picture
    this.pen = document.createElement("canvas").getContext("2d");
    const act = (event) => {
      const held = this.bands.get(event.target.closest("[data-name]")?.dataset.name);
      if (held) choose(held.band);
      return Boolean(held);
    };
    this.svg.addEventListener("click", act);
    this.svg.addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey, altKey } = event;
      if ((key !== "Enter" && key !== " ") || ctrlKey || metaKey || altKey) return;
      if (!act(event)) return;
      event.preventDefault();
      event.stopPropagation(); // the space bar plays and pauses elsewhere
    });
  }

  /** ``plan``: a layout; ``label``: of the whole; ``says(band)``: its name aloud; ``pressed(band)``:
   *  whether its samples are the marked ones. */
  draw({ plan, classes, look, width, label, says, pressed }) {
    const { theme, palette } = look;
    Object.assign(this, { look });
    set(this.svg, { width, height: plan.height, viewBox: `0 0 ${width} ${plan.height}` });
    this.svg.setAttribute("aria-label", label);
    const name = (id) => (id === OTHERS ? "others" : classes[id]);
    const both = [plan.columns.from, plan.columns.to];
    const left = Math.min(this._widest(both[0], name), SIDE * width);
    const wide = [left, Math.min(this._widest(both[1], name), BOTH * width - left)];
    const [x0, x1] = [wide[0] + APART, width - wide[1] - APART];
    this._bands(plan, x0 + BAR + 1, x1 - BAR - 1, says, pressed);
    const colours = (id) => palette[id] || { fill: theme.grey, edge: theme.grey };
    const wanted = new Set();
    both.forEach((nodes, end) => nodes.forEach((node) => {
      const at = { end, x: end ? x1 - BAR : x0, room: wide[end], name: name(node.id) };
      wanted.add(this._bar(node, at, colours(node.id)));
    }));
    for (const [key, { group }] of this.texts) {
      if (wanted.has(key)) continue;
      group.remove();
      this.texts.delete(key);
    }
  }

  /** The bands that can be pressed, in their order. */
  get items() {
    return [...this.middle.children];
  }

  _measure(text, weight) {
    const font = `${weight} ${SIZE}px ${this.look.theme.font}`;
    const name = `${font}/${text}`;
    if (!this.widths.has(name)) {
      this.pen.font = font;
      this.widths.set(name, this.pen.measureText(text).width);
    }
    return this.widths.get(name);
  }

  /** What the widest text of a column needs, whatever count it comes to have. */
  _widest(nodes, name) {
    const need = nodes.map(({ id }) => this._measure(`${name(id)} `, 400));
    const all = nodes.reduce((sum, { count }) => sum + count, 0).toLocaleString("en");
    return Math.max(0, ...need) + this._measure(all, 600);
  }

  /** The name, shortened until it and its count have the room. */
  _fitted(name, count, room) {
    const left = room - this._measure(count, 600);
    if (this._measure(`${name} `, 400) <= left + 0.5) return name;
    let text = name;
    while (text && this._measure(`${text}… `, 400) > left) text = text.slice(0, -1).trimEnd();
    return `${text}…`;
  }

  _bar({ id, count, y, h }, { end, x, room, name }, { fill, edge }) {
    const key = `${end}/${id}`;
    let held = this.texts.get(key);
    if (!held) {
      const group = mark("g", "class-of-flow", this.above);
      const [title, bar, text] = ["title", "rect", "text"].map((kind) => mark(kind, "", group));
      const [named, counted] = ["tspan", "tspan"].map((kind) => mark(kind, "", text));
      counted.setAttribute("class", "count");
      held = { group, title, bar, text, named, counted };
      this.texts.set(key, held);
    }
    const counted = count.toLocaleString("en");
    write(held.title, `${name}: ${counted}`);
    held.group.classList.toggle("empty", !count);
    set(held.bar, {
      x, y: h ? y : y - 1, width: BAR, height: Math.max(h, 2), fill: css(fill), stroke: css(edge),
    });
    const away = end ? x + BAR + APART : x - APART;
    set(held.text, { x: away, y: y + h / 2, "text-anchor": end ? "start" : "end" });
    write(held.named, `${this._fitted(name, counted, room)} `);
    write(held.counted, counted);
    return key;
  }

  _bands(plan, x0, x1, says, pressed) {
    const { theme, palette } = this.look;
    const crowded = plan.columns.from.length > 1; // else the answer's own count says it
    const names = new Set(plan.bands.map((band) => band.name));
    for (const [name, { group, hit }] of this.bands) {
      if (names.has(name)) continue;
      for (const node of [group, hit]) node.remove();
      this.bands.delete(name);
    }
    plan.bands.forEach((band, place) => {
      const held = this.bands.get(band.name) || this._made(band, place);
      held.band = band;
      const quiet = band.kind === "stays" || !palette[band.to];
      const { fill, edge } = quiet ? { fill: theme.grey, edge: theme.grey } : palette[band.to];
      const d = path(x0, x1, band);
      set(held.shape, { d, fill: css(fill, quiet ? 0.22 : 0.42), stroke: css(edge) });
      set(held.hit, { d, "stroke-width": Math.max(0, REACH - band.h) });
      const said = says(band);
      write(held.title, said);
      set(held.group, { "aria-label": said, "aria-pressed": String(pressed(band)) });
      const roomy = crowded && band.h >= ROOMY;
      write(held.text, roomy ? band.count.toLocaleString("en") : "");
      set(held.text, { x: x0 + APART, y: band.y0 + band.h / 2 });
    });
  }

  _made({ name, kind: of }, place) {
    const group = mark("g", `band ${of}`, this.middle);
    this.middle.insertBefore(group, this.middle.children[place]);
    group.setAttribute("role", "button");
    group.dataset.name = name;
    const [title, shape, text] = ["title", "path", "text"].map((kind) => mark(kind, "", group));
    shape.setAttribute("class", "shape");
    const hit = mark("path", "hit", this.below);
    hit.dataset.name = name;
    const held = { group, title, shape, hit, text };
    this.bands.set(name, held);
    return held;
  }
}
