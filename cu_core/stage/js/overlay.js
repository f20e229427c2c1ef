// What lies over the points: the ring and the path of the sample that a hand is on, rings of those
// that are chosen, arrows under reduced motion.

import { css } from "./palette.js";
import { drawNumber } from "./pins.js";
import { drawRings } from "./rings.js";

const PICK_RADIUS = 14; // pixels

/** The slot nearest to a pixel at time t, or -1; a forget sample wins over a nearer keep sample. */
export function pick(view, look, t, px, py) {
  const { run, camera } = view;
  let [best, least] = [-1, PICK_RADIUS];
  const frame = Math.min(Math.round(t), run.last);
  for (let slot = 0; slot < run.n; slot++) {
    const [qx, qy, near = 1] = view.place(slot, t);
    const [x, y] = camera.toPixel(qx, qy);
    const away = Math.hypot(x - px, y - py) - (run.isForget(slot) ? 4 : 0) - 4 * (near - 1);
    if (away < least && !look.dimsSample(run, slot, frame)) [best, least] = [slot, away];
  }
  return best;
}

export class Overlay {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.drawn = false;
  }

  resize(width, height, ratio) {
    Object.assign(this, { width, height });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.drawn = true;
  }

  draw({ run, view, t, look, size, chosen, arrows, thumbs, sheet }) {
    const marked = new Set(chosen < 0 ? look.pins : [...look.pins, chosen]);
    const ringed = look.chosen.size + look.marked.size > 0;
    const wanted = marked.size > 0 || ringed || arrows || Boolean(view.circle) || thumbs.strength > 0;
    if (!this.drawn && !wanted) return;
    this.clear();
    this.drawn = wanted;
    if (ringed) drawRings(this.context, { run, view, t, look, size });
    if (view.circle) this._circle(view, look);
    if (arrows) this._arrows(run, view, t, look, size);
    thumbs.draw(this.context, view, look, t, sheet);
    const rings = new Map();
    for (const slot of marked) {
      rings.set(slot, this._chosen(run, view, t, look, size, slot, thumbs.sideOf(slot)));
    }
    look.pins.forEach((slot, k) => drawNumber(this.context, k + 1, ...rings.get(slot), look));
  }

  clear() {
    this.context.clearRect(0, 0, this.width, this.height);
    this.drawn = false;
  }

  _circle({ camera, circle }, look) {
    const c = this.context;
    c.beginPath();
    c.arc(...camera.toPixel(circle.x, circle.y), circle.radius * camera.scale, 0, 2 * Math.PI);
    c.lineWidth = 1;
    c.strokeStyle = css(look.theme.ink, 0.3);
    c.stroke();
  }

  /** From where frame 0 had each forget sample to where it is, if that is more than noise. */
  _arrows(run, view, t, look, size) {
    const c = this.context;
    const { camera } = view;
    const spot = (slot, time) => camera.toPixel(...view.place(slot, time));
    const [shafts, heads] = [new Path2D(), new Path2D()];
    const frame = Math.min(Math.round(t), run.last);
    for (let slot = run.kept; slot < run.n; slot++) {
      if (!view.strayed(slot, t)) continue;
      if (look.dimsSample(run, slot, frame)) continue;
      const [x0, y0] = spot(slot, 0);
      const [x1, y1] = spot(slot, t);
      const far = Math.hypot(x1 - x0, y1 - y0);
      if (far < size.forget + 6) continue;
      const [ux, uy] = [(x1 - x0) / far, (y1 - y0) / far];
      const [tx, ty] = [x1 - ux * (size.forget + 2), y1 - uy * (size.forget + 2)];
      shafts.moveTo(x0, y0);
      shafts.lineTo(tx, ty);
      heads.moveTo(tx - 7 * ux + 3.5 * uy, ty - 7 * uy - 3.5 * ux);
      heads.lineTo(tx, ty);
      heads.lineTo(tx - 7 * ux - 3.5 * uy, ty - 7 * uy + 3.5 * ux);
      heads.closePath();
    }
    c.lineWidth = 1;
    c.strokeStyle = css(look.theme.ink, 0.35);
    c.stroke(shafts);
    c.fillStyle = css(look.theme.ink);
    c.fill(heads);
  }

  /** Returns [x, y, radius] of the ring, which goes around a thumbnail of this ``side``. */
  _chosen(run, view, t, look, size, slot, side) {
    const c = this.context;
    const { camera } = view;
    const [qx, qy, near = 1] = view.place(slot, t);
    const [x, y] = camera.toPixel(qx, qy);
    if (run.isForget(slot)) {
      c.beginPath();
      for (let i = 0; i <= t; i++) {
        if (view.knows(i)) c.lineTo(...camera.toPixel(...view.place(slot, i)));
      }
      c.lineTo(x, y);
      c.lineJoin = "round";
      c.lineWidth = 5;
      c.strokeStyle = css(look.theme.bg, 0.8);
      c.stroke();
      c.lineWidth = 2;
      c.strokeStyle = css(look.theme.ink);
      c.stroke();
    }
    const dot = (run.isForget(slot) ? size.forget * 1.4 : size.keep) * near;
    const radius = Math.max(dot, side / Math.SQRT2) + 5;
    c.beginPath();
    c.arc(x, y, radius, 0, 2 * Math.PI);
    c.lineWidth = 5;
    c.strokeStyle = css(look.theme.bg, 0.8);
    c.stroke();
    c.lineWidth = 2.5;
    c.strokeStyle = css(look.theme.accent);
    c.stroke();
    return [x, y, radius];
  }
}
