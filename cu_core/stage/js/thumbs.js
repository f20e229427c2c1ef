// Samples that lie far enough apart are drawn as their thumbnails: which, how large, and how they
// appear.

import { css } from "./palette.js";

const FEW = 150; // samples in the picture that may lie unevenly
const MOST = 400; // samples in the picture, of which nearly none may lie close to another
const CLOSE = 0.1; // of these so large a share may
const [LEAST, LARGEST] = [20, 56]; // CSS pixels a side
const EDGE = LARGEST / 2; // of one whose middle is so far outside a part can be seen
const FILL = 0.85; // of what lies between two samples: so much is picture
const HOLD = 0.8; // of LEAST: thumbnails that are there stay until there is less room
const FADE = 180; // milliseconds in which they appear, or give way
const CALM = 0.5; // pixels: a difference in size that nobody sees
const [CHOSEN, INK, BORDER] = [2.5, 1.5, 2]; // CSS pixels of the frames around a thumbnail
const COVERED = 0.34; // of a side: the radius of a mark, a diamond too, that is hidden under it
const SMALL = 64; // pixels of a tile; a larger one is a photograph's and is drawn smoothly

/** How far each place (x, y, x, y, …) is from the nearest other one, and from the third nearest:
 *  about what lies between two of them when as many lie evenly. Both in ascending order. */
function spacing(places) {
  const count = places.length / 2;
  const nearest = new Float64Array(count);
  const even = new Float64Array(count);
  const rank = Math.min(2, Math.max(0, count - 2));
  for (let a = 0; a < count; a++) {
    const three = [Infinity, Infinity, Infinity];
    for (let b = 0; b < count; b++) {
      if (a === b) continue;
      const [dx, dy] = [places[2 * a] - places[2 * b], places[2 * a + 1] - places[2 * b + 1]];
      keep(three, dx * dx + dy * dy);
    }
    nearest[a] = Math.sqrt(three[0]);
    even[a] = Math.sqrt(three[rank]);
  }
  return { nearest: nearest.sort(), even: even.sort() };
}

/** The three least so far, in order. */
function keep(three, far) {
  if (far >= three[2]) return;
  const at = far < three[0] ? 0 : far < three[1] ? 1 : 2;
  for (let k = 2; k > at; k--) three[k] = three[k - 1];
  three[at] = far;
}

/** CSS pixels a side of the thumbnails of samples at these places; 0 where they lie too close.
 *  ``shown``: whether there are thumbnails already. */
export function sideFor(places, shown) {
  const count = places.length / 2;
  if (!count || count > MOST) return 0;
  const { nearest, even } = spacing(places);
  const middle = even[Math.floor(count / 2)];
  const room = count > FEW ? nearest[Math.floor(count * CLOSE)] : middle;
  if (room < (shown ? HOLD * LEAST : LEAST)) return 0;
  return Math.min(LARGEST, Math.max(LEAST, FILL * middle));
}

/** {slots, places} of the samples in the picture at time t that do not stand back; null where these
 *  are more than could be thumbnails. */
export function inPicture(view, look, t) {
  const { run, camera } = view;
  const frame = Math.min(Math.round(t), run.last);
  const [slots, places] = [[], []];
  for (let slot = 0; slot < run.n; slot++) {
    const [qx, qy] = view.place(slot, t);
    const [x, y] = camera.toPixel(qx, qy);
    if (x < -EDGE || y < -EDGE || x > camera.width + EDGE || y > camera.height + EDGE) continue;
    if (look.dimsSample(run, slot, frame)) continue;
    if (slots.length === MOST) return null;
    slots.push(slot);
    places.push(x, y);
  }
  return { slots, places };
}

export class Thumbs {
  constructor(root) {
    this.root = root;
    this.clear();
  }

  clear() {
    this.side = this.strength = 0;
    this.slots = this.places = [];
    this.changing = false;
    this._tell(0);
  }

  /** With every picture, before it is drawn. ``sheet``: the samples' pictures, or null; ``calm``:
   *  nothing fades. While ``changing`` another picture is wanted. */
  see(view, look, t, sheet, calm, now = performance.now()) {
    const passed = calm ? Infinity : Math.min(100, now - (this.before ?? now));
    this.before = now;
    if (!sheet || view.turn) return this.clear();
    const seen = inPicture(view, look, t);
    const wanted = seen ? sideFor(seen.places, this.strength > 0) : 0;
    if (wanted) Object.assign(this, seen);
    else this._follow(view, t);
    const goal = wanted ? 1 : 0;
    const step = passed / FADE;
    this.strength += Math.min(step, Math.max(-step, goal - this.strength));
    if (wanted) this._grow(wanted, step);
    if (!this.strength) return this.clear();
    this.changing = this.strength !== goal || (wanted > 0 && wanted !== this.side);
    this._tell(this.slots.length);
  }

  /** The size goes gently to where it should be. */
  _grow(wanted, step) {
    const missing = wanted - this.side;
    const near = !this.side || step >= 1 || Math.abs(missing) < CALM;
    this.side = near ? wanted : this.side + missing * step;
  }

  /** Those that give way stay on their samples. */
  _follow(view, t) {
    this.places = this.slots.flatMap((slot) => {
      const [x, y] = view.place(slot, t);
      return view.camera.toPixel(x, y);
    });
  }

  /** A mark's radius that is hidden under its thumbnail, as far as there is one. */
  covered(radius) {
    return radius + (Math.min(radius, COVERED * this.side) - radius) * this.strength;
  }

  _tell(count) {
    if (this.root.dataset.thumbnails !== String(count)) this.root.dataset.thumbnails = String(count);
  }

  /** CSS pixels a side of a slot's thumbnail; 0 where it has none. */
  sideOf(slot) {
    return this.slots.includes(slot) ? this.side : 0;
  }

  draw(context, view, look, t, sheet) {
    if (!this.strength) return;
    context.save();
    context.globalAlpha = this.strength;
    context.imageSmoothingEnabled = view.run.atlas.tile > SMALL;
    this.slots.forEach((slot, k) => {
      context.save();
      context.translate(this.places[2 * k], this.places[2 * k + 1]);
      this._frames(context, view, look, t, slot);
      this._picture(context, view.run, sheet, slot);
      if (view.run.isForget(slot)) this._badge(context, look, look.colour(view, slot, t));
      context.restore();
    });
    context.restore();
  }

  _square(context, side, colour) {
    context.fillStyle = colour;
    context.fillRect(-side / 2, -side / 2, side, side);
  }

  /** From outside: chosen, to be forgotten, and the colour of the point. */
  _frames(context, view, look, t, slot) {
    const { side } = this;
    const { theme } = look;
    const forget = view.run.isForget(slot);
    if (look.rings(slot)) {
      const colour = look.chosen.has(slot) ? theme.accent : theme.ink;
      this._square(context, side + 2 * (CHOSEN + 1), css(colour));
      this._square(context, side + 2, css(theme.bg));
    }
    if (forget) this._square(context, side, css(look.rim(view.run, slot)));
    this._square(context, side - (forget ? 2 * INK : 0), css(look.colour(view, slot, t).edge));
  }

  _picture(context, run, sheet, slot) {
    const { tile, columns } = run.atlas;
    const place = run.order[slot];
    const inner = this.side - 2 * (BORDER + (run.isForget(slot) ? INK : 0));
    const [x, y] = [(place % columns) * tile, Math.floor(place / columns) * tile];
    context.drawImage(sheet, x, y, tile, tile, -inner / 2, -inner / 2, inner, inner);
  }

  /** The diamond of a forget sample, in the corner of its picture. */
  _badge(context, look, { fill }) {
    const [at, r] = [this.side / 2 - 1, Math.max(5, this.side / 8)];
    context.beginPath();
    for (const [dx, dy] of [[0, -r], [r, 0], [0, r], [-r, 0]]) context.lineTo(at + dx, dy - at);
    context.closePath();
    context.fillStyle = css(fill);
    context.fill();
    context.lineWidth = INK;
    context.strokeStyle = css(look.theme.ink);
    context.stroke();
  }
}
