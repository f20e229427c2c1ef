// Other samples that belong to a pinned one, as rows of small pictures: its neighbours, what pushed
// and pulled it. One Tab stop, arrows go on; a click pins.

import { drawSample } from "./card.js";
import { alike, mix } from "./looks.js";
import { css } from "./palette.js";
import { Roving } from "./roving.js";

const SIDE = 40; // CSS pixels, about

export class Tiles {
  /** ``names``: of the rows; ``hands``: {choose(slot), point(slot)}: a hand has clicked on a sample,
   *  is on one, or (-1) on none. */
  constructor(names, hands) {
    this.hands = hands;
    this.box = document.createElement("div");
    this.box.className = "near";
    this.rows = Object.fromEntries(names.map((name) => [name, this._row(name)]));
    this.roving = new Roving(this.box, { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 });
  }

  _row(name) {
    const [box, title, tiles] = ["div", "p", "div"].map((kind) => document.createElement(kind));
    box.className = name;
    title.className = "near-title";
    tiles.className = "tiles";
    tiles.setAttribute("role", "group");
    box.append(title, tiles);
    this.box.append(box);
    return { box, title, tiles, key: "" };
  }

  /** ``told``: by row {title, slots, frame (-1: the retrained model), missing: a sentence in their
   *  place, all: those of which these are the first}. */
  show(run, slot, told, look, sheet) {
    this.box.hidden = false;
    for (const [name, { title, slots, frame, missing, all = slots }] of Object.entries(told)) {
      const row = this.rows[name];
      const words = slots.length ? `: ${mix(run, all)}` : "";
      const own = slots.length ? ` (${alike(run, slot, all)} of its own label)` : "";
      row.title.textContent = missing || `${title}${words}`;
      row.box.hidden = !missing && !slots.length;
      row.tiles.setAttribute("aria-label", `${title}${words}${own}`);
      const key = [slots, look.version, look.pins, Boolean(sheet)].join("/");
      row.tiles.classList.toggle("worded", !sheet);
      if (key === row.key) continue;
      row.key = key;
      this._fill(row, run, slots, frame, look, sheet);
    }
    this.roving.take([...this.box.querySelectorAll(".tile")]);
  }

  /** New tiles only where they show another sample: one that has the focus keeps it. */
  _fill(row, run, slots, frame, look, sheet) {
    slots.forEach((slot, k) => {
      let tile = row.tiles.children[k];
      if (!tile) row.tiles.append((tile = this._tile()));
      this._dress(tile, run, slot, frame, look, sheet);
    });
    while (row.tiles.children.length > slots.length) row.tiles.lastChild.remove();
  }

  _tile() {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "tile";
    tile.addEventListener("click", () => this.hands.choose(Number(tile.dataset.slot)));
    for (const name of ["pointerenter", "focus"]) {
      tile.addEventListener(name, () => this.hands.point(Number(tile.dataset.slot)));
    }
    for (const name of ["pointerleave", "blur"]) tile.addEventListener(name, () => this.hands.point(-1));
    return tile;
  }

  _dress(tile, run, slot, frame, look, sheet) {
    const name = (id) => run.classes[id] ?? `class ${id}`;
    const answer = frame < 0 ? run.shares.ghostAnswer(slot) : run.pred[frame * run.n + slot];
    const forget = run.isForget(slot) ? ", to forget" : "";
    const says = answer < 0 ? "" : `, answers ${name(answer)}`;
    tile.title = `${run.called(slot)}: ${name(run.label[slot])}${says}${forget}`;
    tile.setAttribute("aria-label", tile.title);
    tile.setAttribute("aria-pressed", String(look.pins.includes(slot)));
    tile.dataset.slot = String(slot);
    tile.classList.toggle("forget", run.isForget(slot));
    tile.style.borderColor = css(look.palette[run.label[slot]].edge);
    if (!sheet) return void (tile.textContent = name(run.label[slot]));
    const canvas = tile.querySelector("canvas") || document.createElement("canvas");
    if (!canvas.parentNode) tile.replaceChildren(canvas);
    drawSample(canvas, run, sheet, slot, 2 * SIDE);
  }
}
