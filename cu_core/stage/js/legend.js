// The legend inside the map: classes as buttons that isolate, or the scale of "moved".

import { tag } from "./elements.js";
import { css } from "./palette.js";
import { Roving } from "./roving.js";

const RETRAINED = "The forget samples in a model that never saw them, in the colour of its answer";
const SVG = "http://www.w3.org/2000/svg";

/** A swatch as the map draws it: a disc for keep, an outlined diamond for forget. */
export function swatch(colours, outline) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, outline ? "path" : "circle");
  if (outline) shape.setAttribute("d", "M8 1.2 14.8 8 8 14.8 1.2 8Z");
  for (const name of outline ? [] : ["cx", "cy"]) shape.setAttribute(name, 8);
  if (!outline) shape.setAttribute("r", 5);
  shape.setAttribute("fill", colours ? css(colours.fill) : "none");
  shape.setAttribute("stroke", css(outline || colours.edge));
  shape.setAttribute("stroke-width", outline ? 1.8 : 1.2);
  svg.append(shape);
  return svg;
}

export class Legend {
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.roving = new Roving(root, { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 });
  }

  /** ``view``: the one that is looked at; ``ghost``: whether the retrained model's places are. */
  draw({ run, half }, look, ghost) {
    const key = `${run.id}/${look.version}/${run.classes.length}/${ghost}/${half}`;
    if (key === this.key) return;
    this.key = key;
    const held = this.root.querySelector(":focus-visible")?.dataset.id;
    this.root.replaceChildren(this._kinds(run, look, ghost), ...this._body(run, look, half));
    this.roving.take([...this.root.querySelectorAll("button.class")]);
    if (held) this.root.querySelector(`[data-id="${held}"]`)?.focus();
  }

  /** What the shapes mean, with counts. */
  _kinds(run, look, ghost) {
    const { theme } = look;
    const row = tag("div", "kinds");
    const grey = { fill: theme.grey, edge: theme.grey };
    const add = (mark, text, title = "") => {
      const item = tag("span", "kind", text);
      item.title = title;
      item.prepend(mark);
      row.append(item);
    };
    const some = run.kept < run.n; // a model that only learns has none to forget
    if (some) add(swatch(grey, theme.ink), `${(run.n - run.kept).toLocaleString("en")} forget`);
    add(swatch(grey, null), `${run.kept.toLocaleString("en")} ${some ? "keep" : "images"}`);
    if (ghost) add(swatch(null, theme.soft), "retrained", RETRAINED);
    return row;
  }

  _body(run, look, half) {
    return look.mode === "moved" ? [this._ramp(look, half)] : [this._classes(run, look)];
  }

  _classes(run, look) {
    const list = tag("div", run.classes.length > 12 ? "classes many" : "classes");
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", "Classes: press one to show it alone, arrows go on");
    run.classes.forEach((name, id) => {
      const forget = run.forgetClasses.has(id);
      const item = tag("button", "class");
      item.type = "button";
      item.dataset.id = String(id);
      item.setAttribute("aria-pressed", String(look.isolated.has(id)));
      item.classList.toggle("dim", look.dims(id));
      const mark = swatch(look.palette[id], forget ? look.theme.ink : null);
      item.append(mark, tag("span", "name", name));
      if (forget) item.append(tag("span", "tag", "forget"));
      item.title = look.isolated.has(id) ? `Stop showing ${name} alone` : `Show ${name} alone`;
      item.addEventListener("click", () => {
        look.toggle(id);
        this.changed();
      });
      list.append(item);
    });
    return list;
  }

  _ramp(look, half) {
    const box = tag("div", "ramp");
    const bar = tag("div", "bar");
    const stops = [0, 64, 128, 192, 255].map((k) => css(look.ramp[k]));
    bar.style.background = `linear-gradient(90deg, ${stops.join(",")})`;
    const ends = tag("div", "ends");
    ends.append(tag("span", "", "not moved"), tag("span", "", half));
    box.append(tag("div", "ramp-title", "Forget samples, moved from the start"), bar, ends);
    return box;
  }
}
