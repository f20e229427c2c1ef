// A line drawn around samples: what lies inside it, and the hand that draws it on one picture.

const SVG = "http://www.w3.org/2000/svg";
const APART = 3; // pixels from one corner of the line to the next

/** Whether (x, y) lies inside a polygon (x, y, x, y, …), by the even-odd rule. */
export function inside(polygon, x, y) {
  let odd = false;
  const { length } = polygon;
  for (let k = 0, j = length - 2; k < length; j = k, k += 2) {
    const [ax, ay, bx, by] = [polygon[k], polygon[k + 1], polygon[j], polygon[j + 1]];
    if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) odd = !odd;
  }
  return odd;
}

/** [x0, y0, x1, y1] around a polygon. */
function around(polygon) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 0; k < polygon.length; k++) {
    const axis = k % 2;
    box[axis] = Math.min(box[axis], polygon[k]);
    box[2 + axis] = Math.max(box[2 + axis], polygon[k]);
  }
  return box;
}

/** The slots that a view draws inside a polygon (pixels) at time t; none that stands back. */
export function gathered(view, look, t, polygon) {
  const { run, camera } = view;
  const frame = Math.min(Math.round(t), run.last);
  const [x0, y0, x1, y1] = around(polygon);
  const slots = [];
  for (let slot = 0; slot < run.n; slot++) {
    const [qx, qy] = view.place(slot, t);
    const [x, y] = camera.toPixel(qx, qy);
    if (x < x0 || y < y0 || x > x1 || y > y1 || !inside(polygon, x, y)) continue;
    if (!look.dimsSample(run, slot, frame)) slots.push(slot);
  }
  return slots;
}

/** What a gesture does with what it gathers; a finger has no other key than its own. */
export function intent({ shiftKey, altKey, pointerType }) {
  return altKey ? "remove" : shiftKey || pointerType === "touch" ? "add" : "set";
}

export class Lasso {
  constructor(map) {
    this.map = map;
    this.path = null; // the line so far, while a hand draws
    this.line = document.createElementNS(SVG, "svg");
    this.line.setAttribute("class", "lasso");
    this.line.setAttribute("aria-hidden", "true");
    this.line.append(document.createElementNS(SVG, "path"));
  }

  /** Whether a press begins a line: in the mode any does; else one with shift, on what lies flat. */
  begins(event, x, y) {
    const { look, view } = this.map;
    if (event.button || !(look.choosing || (event.shiftKey && !view.turn))) return false;
    this.path = [x, y];
    return true;
  }

  goes(x, y) {
    const { path, line } = this;
    if (!path || Math.hypot(x - path.at(-2), y - path.at(-1)) < APART) return;
    path.push(x, y);
    if (!line.isConnected) this._appears();
    const corners = [];
    for (let k = 0; k < path.length; k += 2) corners.push(`${path[k]} ${path[k + 1]}`);
    line.firstChild.setAttribute("d", `M${corners.join("L")}Z`);
  }

  /** From now on the hand is at the line, not over a sample. */
  _appears() {
    const { line, map } = this;
    map.root.append(line);
    map.hover = -1;
    map.changed();
  }

  /** The hand is lifted. ``slot``: where it only clicked, the sample under it or -1, else null.
   *  Returns whether that was for the choice. */
  ends(event, slot) {
    const { map, path } = this;
    const { look, view, t } = map;
    this.drop();
    if (!path || (slot !== null && !look.choosing)) return false;
    if (slot === null) {
      const slots = view.knows(t) ? gathered(view, look, t, path) : [];
      if (slots.length) look.choose(slots, intent(event)); // a slip around nothing loses nothing
    } else if (slot >= 0) look.choose([slot], this._toggles(event, slot));
    return true;
  }

  /** A click adds a sample, or takes out one that is chosen. */
  _toggles(event, slot) {
    if (event.altKey) return "remove";
    return this.map.look.chosen.has(slot) && !event.shiftKey ? "remove" : "add";
  }

  drop() {
    this.path = null;
    this.line.remove();
  }
}
