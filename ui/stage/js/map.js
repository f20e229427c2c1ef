// The map as one view: renderer, camera, overlay, hover card, and the hand on it.

import { Camera, grown } from "./camera.js";
import { Card } from "./card.js";
import { GlMap } from "./map_gl.js";
import { SplatMap } from "./map_splat.js";
import { Overlay, pick } from "./overlay.js";
import { Trails } from "./trails.js";

const DRAG_STARTS = 4; // pixels; less is a click

function freshCanvas(root) {
  root.querySelector(".points")?.remove();
  const canvas = document.createElement("canvas");
  canvas.className = "points";
  canvas.setAttribute("role", "img");
  root.prepend(canvas);
  return canvas;
}

export class MapView {
  /** ``changed()`` asks for another picture. */
  constructor(root, look, changed) {
    Object.assign(this, { root, look, changed });
    this.camera = new Camera();
    this.trails = new Trails();
    this.overlay = new Overlay(root.querySelector(".over"));
    this.card = new Card(root.querySelector(".card"));
    this.resetButton = root.querySelector(".reset");
    this.hover = this.pinned = -1;
    this.t = 0;
    this._renderer();
    this._listen();
  }

  _renderer() {
    const wish = new URLSearchParams(location.search).get("renderer"); // for tests and timings
    try {
      if (wish === "canvas") throw new Error("The address asks for the canvas.");
      this.renderer = new GlMap(freshCanvas(this.root), () => {
        if (this.run) this.renderer.load(this.run, this.trails, 0);
        this.changed();
      }, wish === "webgl");
    } catch (error) {
      this.reason = error.message;
      this.renderer = new SplatMap(freshCanvas(this.root));
    }
  }

  /** A new run (``fresh``), or more frames of the one that is shown. */
  load(run, firstNew, fresh) {
    this.run = run;
    this.trails.update(run, firstNew);
    this.renderer.load(run, this.trails, firstNew);
    if (fresh) {
      this.camera.home(grown(run.bounds, run.header.live ? 0.12 : 0.05));
      this.camera.reset();
      this.hover = this.pinned = -1;
      this.look.isolated.clear();
    }
    if (fresh || (run.atlas && firstNew === 0)) this.card.load(run).then(this.changed);
  }

  resize(ratio, inset) {
    const [width, height] = [this.root.clientWidth, this.root.clientHeight];
    this.camera.resize(width, height, inset);
    this.renderer.resize(width, height, ratio);
    this.overlay.resize(width, height, ratio);
  }

  /** Radii and widths in CSS pixels: smaller with many points, growing gently with the zoom.
   *  Arrows take the place of trails under reduced motion (``calm``). */
  size(calm) {
    const crowd = Math.min(3.7, Math.max(1.8, 3.5 * (1800 / this.run.n) ** 0.25));
    const keep = crowd * this.camera.zoom ** 0.35;
    const forget = keep * 1.4;
    const strength = Math.min(0.8, Math.max(0.2, 12 / Math.sqrt(this.run.n - this.run.kept + 1)));
    const trail = { width: 1.5, strength: calm ? 0 : strength };
    return { keep, forget, rim: 1, outline: Math.min(1.3, forget * 0.28), trail };
  }

  draw(t, calm) {
    const { run, camera, look, trails } = this;
    this.t = t;
    const size = this.size(calm);
    this.renderer.draw({ run, camera, t, look, trails, size });
    const chosen = this.pinned >= 0 ? this.pinned : this.hover;
    this.overlay.draw({ run, camera, t, look, size, chosen, arrows: calm });
    this.resetButton.hidden = !camera.moved;
    if (chosen < 0) return this.card.hide();
    const at = camera.toPixel(...run.place(chosen, t));
    this.card.show(chosen, Math.min(Math.round(t), run.last), at, camera.width, camera.height);
  }

  /** Pins the next (or previous) forget sample, for those who use no mouse. */
  walk(direction) {
    const { run } = this;
    const count = run.n - run.kept;
    if (!count) return;
    const from = this.pinned >= run.kept ? this.pinned - run.kept : direction > 0 ? -1 : count;
    this.pinned = run.kept + ((from + direction + count) % count);
    this.changed();
  }

  unpin() {
    this.pinned = -1;
    this.changed();
  }

  zoom(factor) {
    const { camera } = this;
    camera.zoomAt((camera.width + camera.inset) / 2, camera.height / 2, factor);
    this.changed();
  }

  reset() {
    this.camera.reset();
    this.changed();
  }

  _listen() {
    const { root } = this;
    const on = (name, act, options) => root.addEventListener(name, act, options);
    on("pointerdown", (event) => this._down(event));
    on("pointermove", (event) => this._move(event));
    on("pointerup", (event) => this._up(event));
    on("pointercancel", () => (this.grip = null));
    on("pointerleave", () => this._hover(-1));
    on("dblclick", (event) => this._onCanvas(event) && this.reset());
    on("wheel", (event) => this._wheel(event), { passive: false });
    this.resetButton.addEventListener("click", () => this.reset());
  }

  _onCanvas(event) {
    return event.target === this.root || event.target.classList.contains("points");
  }

  _pixel(event) {
    const box = this.root.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  _down(event) {
    if (event.button || !this._onCanvas(event) || !this.run) return;
    const [x, y] = this._pixel(event);
    this.grip = { x, y, far: 0 };
    this.root.setPointerCapture(event.pointerId);
  }

  _move(event) {
    if (!this.run) return;
    const [x, y] = this._pixel(event);
    const { grip } = this;
    if (grip) {
      grip.far += Math.hypot(x - grip.x, y - grip.y);
      if (grip.far > DRAG_STARTS && event.pointerType !== "touch") {
        this.root.classList.add("drag");
        this.camera.pan(x - grip.x, y - grip.y);
        this.changed();
      }
      Object.assign(grip, { x, y });
    } else this._hover(this._onCanvas(event) ? this._pick(x, y) : -1);
  }

  _up(event) {
    this.root.classList.remove("drag");
    const { grip } = this;
    this.grip = null;
    if (!grip || grip.far > DRAG_STARTS) return;
    const slot = this._pick(...this._pixel(event));
    this.pinned = slot === this.pinned ? -1 : slot;
    this.changed();
  }

  _pick(x, y) {
    return pick(this.run, this.camera, this.look, this.t, x, y);
  }

  _hover(slot) {
    this.root.classList.toggle("over-point", slot >= 0);
    if (slot === this.hover) return;
    this.hover = slot;
    this.changed();
  }

  _wheel(event) {
    if (!this.run || event.target.closest(".legend")) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.camera.zoomAt(...this._pixel(event), Math.exp(-event.deltaY * lines * 0.0016));
    this.changed();
  }

  destroy() {
    this.renderer.destroy();
  }
}
