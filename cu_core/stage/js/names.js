// Names of the classes on their clusters, each with the picture of a typical sample.

import { drawSample } from "./card.js";

const MOST = 20; // classes whose names are still read
const NARROW = 300; // CSS pixels: a picture below has no room for names
const FEW = 3; // samples that make a cluster
const CELLS = 24; // across the picture, in which samples are counted
const ROW = 2 ** 20; // more cells than a picture has in a column
const MOST_OF = 0.8; // of a class's samples, in how far they reach
const COVERED = 1.5; // widths of its name that a cluster has across, to carry it within
const [HEIGHT, THUMB] = [22, 18]; // CSS pixels

/** [x, y, reach] of where these places (x, y, x, y, …) are densest: the middle of the fullest cell
 *  with its neighbours, and how far from it most of them lie; null where there are too few.
 *  ``side``: of a cell. */
export function densest(places, side) {
  if (places.length < 2 * FEW) return null;
  const count = new Map();
  const key = (x, y) => ROW * Math.floor(x / side) + Math.floor(y / side);
  for (let k = 0; k < places.length; k += 2) {
    for (const dx of [-side, 0, side]) {
      for (const dy of [-side, 0, side]) {
        const cell = key(places[k] + dx, places[k + 1] + dy);
        const [n, x, y] = count.get(cell) || [0, 0, 0];
        count.set(cell, [n + 1, x + places[k], y + places[k + 1]]);
      }
    }
  }
  let best = [0, 0, 0];
  for (const cell of count.values()) if (cell[0] > best[0]) best = cell;
  const [x, y] = [best[1] / best[0], best[2] / best[0]];
  const far = [];
  for (let k = 0; k < places.length; k += 2) far.push(Math.hypot(places[k] - x, places[k + 1] - y));
  return [x, y, far.sort((a, b) => a - b)[Math.floor(MOST_OF * (far.length - 1))]];
}

/** The slots that stand for each class: those that are kept, or, where none is, the others. */
export function members(run) {
  const [kept, forget] = [0, 1].map(() => run.classes.map(() => []));
  for (let slot = 0; slot < run.n; slot++) {
    (run.isForget(slot) ? forget : kept)[run.label[slot]]?.push(slot);
  }
  return kept.map((slots, id) => (slots.length ? slots : forget[id]));
}

/** The first of these boxes {x, y, w, h} (middle and size) that overlaps none that is taken. */
function free(boxes, taken) {
  return boxes.find((box) => taken.every((other) =>
    Math.abs(box.x - other.x) >= (box.w + other.w) / 2 || Math.abs(box.y - other.y) >= box.h));
}

export class Names {
  constructor(root) {
    this.root = root;
    this.items = [];
    this.spots = []; // of each frame that was drawn, by class
  }

  /** More frames, of which those from ``firstNew`` on may lie elsewhere than they did. */
  load(firstNew) {
    this.spots.length = Math.min(firstNew, this.spots.length);
  }

  hide() {
    this.root.hidden = true;
  }

  /** ``mayWait``: another picture comes at once, so that names may stay where they are unless a
   *  hand has moved what is under them. */
  draw(view, look, t, sheet, mayWait = false) {
    const { run, camera } = view;
    const { x, y, zoom, width, height } = camera;
    const under = [run.id, look.version, x, y, zoom, width, height, Boolean(sheet)].join("/");
    if (mayWait && under === this.under) return;
    this.under = under;
    this.root.hidden = !view.named || run.classes.length > MOST || camera.width < NARROW;
    if (this.root.hidden) return;
    if (this.run !== run || this.pred !== run.pred) this._make(run);
    if (this.dressed !== `${look.version}/${Boolean(sheet)}`) this._dress(look, sheet);
    const taken = [];
    for (const id of this.rank) {
      const spot = look.isolated.size && look.dims(id) ? null : this._spot(view, id, t);
      const box = spot && this._box(camera, spot, this.items[id].wide, taken);
      if (box) taken.push(box);
      this._put(this.items[id], box);
    }
  }

  /** On whole pixels; the page is touched only where a name has moved. */
  _put(item, box) {
    const place = box && `translate(${Math.round(box.x)}px, ${Math.round(box.y)}px)`;
    if (place === item.place) return;
    item.place = place;
    item.tag.hidden = !box;
    if (box) item.tag.style.transform = `${place} translate(-50%, -50%)`;
  }

  _make(run) {
    Object.assign(this, { run, pred: run.pred, dressed: "", spots: [] });
    this.members = members(run);
    this.items = run.classes.map((name) => {
      const [tag, text] = ["div", "span"].map((kind) => document.createElement(kind));
      tag.className = "name-tag";
      text.textContent = name;
      tag.append(text);
      return { tag, name, place: undefined };
    });
    this.root.replaceChildren(...this.items.map(({ tag }) => tag));
    const first = (id) => (run.forgetClasses.has(id) ? 0 : 1);
    this.rank = this.items.map((_, id) => id).sort((a, b) =>
      first(a) - first(b) || this.members[b].length - this.members[a].length || a - b);
  }

  /** Pictures, and how wide each name is; only when theme, isolation or pictures change. */
  _dress(look, sheet) {
    this.dressed = `${look.version}/${Boolean(sheet)}`;
    const pen = document.createElement("canvas").getContext("2d");
    this.letters = look.theme.letters;
    pen.font = `600 ${15 * this.letters}px ${look.theme.font}`;
    this.items.forEach((item, id) => {
      item.tag.querySelector("canvas")?.remove();
      item.tag.classList.toggle("forget", this.run.forgetClasses.has(id));
      const picture = thumbnail(this.run, sheet, id);
      if (picture) item.tag.prepend(picture);
      const more = (picture ? THUMB * this.letters + 4 : 0) + 10;
      item.wide = Math.ceil(pen.measureText(item.name).width) + more;
    });
  }

  /** [x, y, reach] in quanta of where a class's samples are densest at time t, or null. */
  _spot(view, id, t) {
    if (!view.flat) return this._seen(view, this.members[id]);
    const i = Math.floor(t);
    const [a, b] = [this._still(view, id, i), this._still(view, id, Math.ceil(t))];
    return a && b && a.map((v, k) => v + (b[k] - v) * (t - i));
  }

  /** Of a whole frame; frames that lie in the graphics card stay as they are. */
  _still(view, id, frame) {
    const { run } = view;
    const spots = (this.spots[frame] ??= []);
    if (spots[id] !== undefined) return spots[id];
    const at = 2 * frame * run.n;
    const of = (slot) => [run.xy[at + 2 * slot], run.xy[at + 2 * slot + 1]];
    const places = this.members[id].flatMap(of);
    return (spots[id] = densest(places, (2 * run.reach) / CELLS));
  }

  /** Of the places that the view has just worked out. */
  _seen({ now, camera: { bounds } }, slots) {
    const places = slots.flatMap((slot) => [now[3 * slot], now[3 * slot + 1]]);
    return densest(places, (bounds[2] - bounds[0]) / CELLS);
  }

  _box(camera, spot, w, taken) {
    const [x, y] = camera.toPixel(...spot);
    const h = HEIGHT * this.letters;
    if (x < 0 || y < 0 || x > camera.width || y > camera.height) return null;
    const hold = (v, half, end) => Math.min(end - half - 3, Math.max(half + 3, v));
    const reach = spot[2] * camera.scale;
    const inside = 2 * reach > COVERED * w; // a small cluster would be hidden by its own name
    const [side, up] = inside ? [0.6 * w, h + 2] : [reach + 8 + w / 2, reach + 6 + h / 2];
    const ways = [[0, -up], [0, up], [side, 0], [-side, 0], [0, -up - h - 2], [0, up + h + 2]];
    return free([...(inside ? [[0, 0]] : []), ...ways].map(([dx, dy]) => ({
      x: hold(x + dx, w / 2, camera.width),
      y: hold(y + dy, h / 2, camera.height), w, h,
    })), taken);
  }
}

/** A small picture of a typical sample of a class; null where the run has no pictures. */
export function thumbnail(run, sheet, id) {
  const slot = run.typical(id);
  if (!sheet || slot < 0) return null;
  const canvas = document.createElement("canvas");
  canvas.className = "thumbnail";
  drawSample(canvas, run, sheet, slot, 2 * THUMB);
  return canvas;
}
