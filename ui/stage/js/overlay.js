// What lies over the points: the chosen sample's ring and path, arrows under reduced motion.

import { css } from "./palette.js";

const PICK_RADIUS = 14; // pixels

/** The slot nearest to a pixel at time t, or -1; a forget sample wins over a nearer keep sample. */
export function pick(run, camera, look, t, px, py) {
  let [best, least] = [-1, PICK_RADIUS];
  const frame = Math.min(Math.round(t), run.last);
  for (let slot = 0; slot < run.n; slot++) {
    const [x, y] = camera.toPixel(...run.place(slot, t));
    const away = Math.hypot(x - px, y - py) - (run.isForget(slot) ? 4 : 0);
    if (away < least && !look.dims(look.classOf(run, slot, frame))) [best, least] = [slot, away];
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

  draw({ run, camera, t, look, size, chosen, arrows }) {
    if (!this.drawn && chosen < 0 && !arrows) return;
    this.context.clearRect(0, 0, this.width, this.height);
    this.drawn = chosen >= 0 || arrows;
    if (arrows) this._arrows(run, camera, t, look, size);
    if (chosen >= 0) this._chosen(run, camera, t, look, size, chosen);
  }

  /** From where frame 0 had each forget sample to where it is, if that is more than noise. */
  _arrows(run, camera, t, look, size) {
    const c = this.context;
    const [shafts, heads] = [new Path2D(), new Path2D()];
    const frame = Math.min(Math.round(t), run.last);
    for (let slot = run.kept; slot < run.n; slot++) {
      if (run.moved(slot, t) * run.unit <= run.header.floor) continue;
      if (look.dims(look.classOf(run, slot, frame))) continue;
      const [x0, y0] = camera.toPixel(...run.place(slot, 0));
      const [x1, y1] = camera.toPixel(...run.place(slot, t));
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

  _chosen(run, camera, t, look, size, slot) {
    const c = this.context;
    const [x, y] = camera.toPixel(...run.place(slot, t));
    if (run.isForget(slot)) {
      c.beginPath();
      for (let i = 0; i <= t; i++) c.lineTo(...camera.toPixel(...run.place(slot, i)));
      c.lineTo(x, y);
      c.lineJoin = "round";
      c.lineWidth = 5;
      c.strokeStyle = css(look.theme.bg, 0.8);
      c.stroke();
      c.lineWidth = 2;
      c.strokeStyle = css(look.theme.ink);
      c.stroke();
    }
    c.beginPath();
    c.arc(x, y, (run.isForget(slot) ? size.forget * 1.4 : size.keep) + 5, 0, 2 * Math.PI);
    c.lineWidth = 5;
    c.strokeStyle = css(look.theme.bg, 0.8);
    c.stroke();
    c.lineWidth = 2.5;
    c.strokeStyle = css(look.theme.accent);
    c.stroke();
  }
}
