// The handles of "Answers": one for each class, named, moved by mouse or by arrow keys.

import { swatch } from "./legend.js";
import { thumbnail } from "./names.js";
import { Roving } from "./roving.js";

const HEIGHT = 26; // CSS pixels, of a name
const KNOB = 16; // of a handle whose name has no room
const GAP = 9; // between the handle's place and its name
const KEY_STEP = 12; // pixels an arrow key, one with shift

const HELP = "Arrow keys move it, shift makes small steps, page keys go on to the next.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Handles {
  /** ``view``: the Answers that these belong to; ``changed()`` asks for another picture. */
  constructor(root, view, changed) {
    Object.assign(this, { root, view, changed });
    root.className = "handles";
    root.hidden = true;
    this.items = [];
    this.roving = new Roving(root, { PageDown: 1, PageUp: -1 }); // arrows move a handle
  }

  draw(shown, look, sheet) {
    this.root.hidden = shown !== this.view;
    if (this.root.hidden) return;
    const { run, camera, version } = this.view;
    if (this.made !== `${run.id}/${run.classes.length}`) this._make(run);
    const dress = `${look.version}/${Boolean(sheet)}`;
    if (this.dressed !== dress) this._dress(run, look, sheet);
    this.dressed = dress;
    const { x, y, zoom, width, height, inset, top } = camera;
    const key = [version, x, y, zoom, width, height, inset, top, dress].join("/");
    if (key !== this.laid) this._lay(camera);
    this.laid = key;
  }

  _make(run) {
    this.made = `${run.id}/${run.classes.length}`;
    this.items = run.classes.map((name, id) => this._item(name, id));
    this.root.replaceChildren(...this.items.map(({ button }) => button));
    this.roving.take(this.items.map(({ button }) => button));
    this.dressed = this.laid = null;
  }

  _item(name, id) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "handle";
    button.setAttribute("aria-label", `Handle of ${name}`);
    button.setAttribute("aria-description", HELP);
    button.title = `${name}: drag to move, double-click to put back`;
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = name;
    button.append(label);
    button.addEventListener("pointerdown", (event) => this._grab(event, id));
    button.addEventListener("pointermove", (event) => this._drag(event, id));
    button.addEventListener("pointerup", () => (this.grip = null));
    button.addEventListener("pointercancel", () => (this.grip = null));
    button.addEventListener("keydown", (event) => this._key(event, id));
    button.addEventListener("dblclick", () => this._to(id, ...this.view.home(id)));
    return { button, label, name };
  }

  /** Colours, and how wide each name is; only when theme, run or isolation change. */
  _dress(run, look, sheet) {
    const pen = document.createElement("canvas").getContext("2d");
    this.letters = look.theme.letters;
    pen.font = `${15 * this.letters}px ${look.theme.font}`;
    this.items.forEach((item, id) => {
      for (const old of item.button.querySelectorAll("svg, canvas")) old.remove();
      const picture = thumbnail(run, sheet, id);
      const outline = run.forgetClasses.has(id) ? look.theme.ink : null;
      item.button.prepend(swatch(look.palette[id], outline), ...(picture ? [picture] : []));
      item.button.classList.toggle("dim", look.dims(id));
      const more = picture ? 59 : 35;
      item.wide = Math.min(150, Math.ceil(pen.measureText(item.name).width / this.letters) + more);
    });
    const forget = (id) => (run.forgetClasses.has(id) ? 0 : 1);
    this.rank = this.items.map((_, id) => id).sort((a, b) => forget(a) - forget(b) || a - b);
  }

  /** Names stand outside their handle's place; where they would overlap only a knob is left. */
  _lay(camera) {
    const taken = [];
    const gap = this.view.crowded ? KNOB + 2 : GAP;
    const middle = camera.toPixel(this.view.circle.x, this.view.circle.y);
    for (const id of this.rank) {
      const { button, wide } = this.items[id];
      const place = camera.toPixel(this.view.handles[2 * id], this.view.handles[2 * id + 1]);
      const { letters } = this;
      let box = boxBeside(place, middle, letters * wide, letters * HEIGHT, gap, camera);
      const bare = taken.some((other) => overlap(box, other));
      if (bare) box = boxBeside(place, middle, KNOB, KNOB, 0, camera);
      else taken.push(box);
      button.classList.toggle("bare", bare);
      button.style.transform = `translate(${box.x}px, ${box.y}px) translate(-50%, -50%)`;
      const seen = place[0] > -20 && place[0] < camera.width + 20 && place[1] > -20;
      button.hidden = !seen || place[1] > camera.height + 20;
    }
  }

  _to(id, x, y) {
    this.view.move(id, x, y);
    this.changed();
  }

  _grab(event, id) {
    if (event.button) return;
    const { camera, handles } = this.view;
    const [px, py] = camera.toPixel(handles[2 * id], handles[2 * id + 1]);
    this.grip = { id, dx: px - event.clientX, dy: py - event.clientY };
    event.currentTarget.setPointerCapture(event.pointerId);
  }

  _drag(event, id) {
    if (this.grip?.id !== id) return;
    const { dx, dy } = this.grip;
    this._to(id, ...this.view.camera.fromPixel(event.clientX + dx, event.clientY + dy));
  }

  _key(event, id) {
    const way = ARROWS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { camera, handles } = this.view;
    const by = event.shiftKey ? 1 : KEY_STEP;
    const [px, py] = camera.toPixel(handles[2 * id], handles[2 * id + 1]);
    this._to(id, ...camera.fromPixel(px + by * way[0], py + by * way[1]));
  }
}

/** A name's box (its middle and size) away from the circle's middle, inside the map. */
function boxBeside([px, py], [mx, my], w, h, gap, { width, height }) {
  const far = Math.hypot(px - mx, py - my);
  const [ux, uy] = far > 1 ? [(px - mx) / far, (py - my) / far] : [0, -1];
  const [x, y] = [px + ux * (gap + w / 2), py + uy * (gap + h / 2)];
  const hold = (v, half, end) => Math.min(end - half - 4, Math.max(half + 4, v));
  return { x: hold(x, w / 2, width), y: hold(y, h / 2, height), w, h };
}

function overlap(a, b) {
  return Math.abs(a.x - b.x) < (a.w + b.w) / 2 + 2 && Math.abs(a.y - b.y) < (a.h + b.h) / 2;
}
