// The map as one view: renderer, camera, overlay, hover card, and the hand on it.

import { Card } from "./card.js";
import { GlMap } from "./map_gl.js";
import { SplatMap } from "./map_splat.js";
import { Lasso } from "./lasso.js";
import { Names } from "./names.js";
import { Overlay, pick } from "./overlay.js";
import { toggled } from "./pins.js";
import { Thumbs } from "./thumbs.js";
import { createViews } from "./views.js";

const DRAG_STARTS = 4; // pixels; less is a click
let noWebGl = ""; // why this page has none; to find out takes a context, so it is asked once
const TURN = Math.PI / 24; // radians a key

function freshCanvas(root) {
  root.querySelector(".points")?.remove();
  const canvas = document.createElement("canvas");
  canvas.className = "points";
  canvas.setAttribute("role", "img");
  root.prepend(canvas);
  return canvas;
}

export class MapView {
  /** ``changed()`` asks for another picture. ``kinds``: the views it may show, all without. */
  constructor(root, look, changed, kinds = null) {
    Object.assign(this, { root, look, changed });
    this.views = createViews().filter(({ kind }) => !kinds || kinds.includes(kind));
    this.view = this.views[0];
    this.overlay = new Overlay(root.querySelector(".over"));
    this.card = new Card(root.querySelector(".card"));
    this.lasso = new Lasso(this);
    this.thumbs = new Thumbs(root);
    this.names = new Names(root.querySelector(".names"));
    this.resetButton = root.querySelector(".reset");
    this.furniture = this._furnish(root.querySelector(".furniture"));
    look.hand ??= this;
    this.t = 0;
    this._renderer();
    this._listen();
  }

  /** What views have of their own over the picture; the twin that compares has no place for it. */
  _furnish(place) {
    const own = place ? this.views.filter((view) => view.furnish) : [];
    return own.map((view) => {
      const box = document.createElement("div");
      place.append(box);
      return view.furnish(box, this.changed);
    });
  }

  // Which sample is chosen is one thing for all maps of a Stage.
  get hover() { return this.look.hover; }
  set hover(slot) { this.look.hover = slot; }
  get pinned() { return this.look.pinned; }
  set pinned(slot) { this.look.pinned = slot; }

  _renderer() {
    const wish = new URLSearchParams(location.search).get("renderer"); // for tests and timings
    try {
      if (wish === "canvas") throw new Error("The address asks for the canvas.");
      if (noWebGl) throw new Error(noWebGl);
      this.renderer = new GlMap(freshCanvas(this.root), () => {
        if (this.run) this.renderer.load(this.run, 0);
        this.renderer.enter(this.view);
        this.changed();
      }, wish === "webgl");
    } catch (error) {
      this.reason = error.message;
      if (!wish) noWebGl = error.message;
      this.renderer = new SplatMap(freshCanvas(this.root));
    }
  }

  /** A new run (``fresh``), or more frames of the one that is shown. */
  load(run, firstNew, fresh) {
    this.run = run;
    for (const view of this.views) view.load(run, firstNew, fresh);
    this.renderer.load(run, firstNew);
    this.names.load(firstNew);
    this.show((this.view.offered ? this.view : this.views[0]).kind);
    if (fresh || (run.atlas && firstNew === 0)) this.card.load(run).then(this.changed);
  }

  /** Nothing is chosen any more. */
  forget() {
    this.hover = this.pinned = -1;
    this.look.isolated.clear();
  }

  get camera() {
    return this.view.camera;
  }

  get trails() {
    return this.view.trails;
  }

  /** Shows the same samples in another view. */
  show(kind) {
    if (kind !== this.view.kind) this.hover = -1;
    this.view = this.views.find((view) => view.kind === kind);
    this.view.enter();
    this.renderer.enter(this.view);
  }

  /** ``inset`` pixels at the left, ``above`` and ``below`` are taken by legend and controls. */
  resize(ratio, inset, above = 0, below = 0) {
    const [width, height] = [this.root.clientWidth, this.root.clientHeight];
    for (const view of this.views) {
      view.camera.resize(width, height, inset, view.room(above, below, width - inset));
    }
    this.renderer.resize(width, height, ratio);
    this.overlay.resize(width, height, ratio);
  }

  /** Radii and widths in CSS pixels: smaller with many points, growing gently with the zoom.
   *  Arrows take the place of trails under reduced motion (``calm``). */
  size(calm) {
    const usual = Math.min(3.7, Math.max(1.8, 3.5 * (1800 / this.run.n) ** 0.25));
    const crowd = usual * this.look.larger;
    const keep = this.thumbs.covered(crowd * this.camera.zoom ** 0.35);
    const forget = this.thumbs.covered(keep * 1.4);
    const strength = Math.min(0.8, Math.max(0.2, 12 / Math.sqrt(this.run.n - this.run.kept + 1)));
    const trail = { width: 1.5, strength: calm ? 0 : strength };
    return { keep, forget, rim: 1, outline: Math.min(1.3, forget * 0.28), trail };
  }

  /** ``soon``: whether another picture of a time that moves follows this one. */
  draw(t, calm, soon = false) {
    const { run, view, camera, look } = this;
    this.t = t;
    for (const piece of this.furniture) piece.draw(view, look, this.card.sheet);
    this.resetButton.hidden = !view.moved;
    if (!view.knows(t)) return this._blank();
    const { thumbs, card: { sheet } } = this;
    thumbs.see(view, look, t, sheet, calm);
    const size = this.size(calm);
    this.renderer.draw({ run, view, t, look, size });
    this.names.draw(view, look, t, sheet, soon);
    const chosen = this.hover >= 0 ? this.hover : this.pinned;
    this.overlay.draw({ run, view, t, look, size, chosen, arrows: calm, thumbs, sheet });
    if (thumbs.changing) this.changed();
    if (chosen < 0 || look.hand !== this) return this.card.hide();
    const [x, y] = view.place(chosen, t);
    const at = camera.toPixel(x, y);
    const frame = Math.min(Math.round(t), run.last);
    this.card.show(chosen, frame, at, camera.width, camera.height, look.pins.includes(chosen));
  }

  /** This view has no places for this time yet. */
  _blank() {
    this.renderer.clear(this.look);
    this.overlay.clear();
    this.thumbs.clear();
    this.names.hide();
    this.card.hide();
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

  /** The newest pin is taken away. */
  unpin() {
    this.look.pins = this.look.pins.slice(0, -1);
    this.changed();
  }

  zoom(factor) {
    const { camera } = this;
    camera.zoomAt(...camera.centre, factor);
    this.changed();
  }

  /** Turns the view by (right, down) steps of a key, where it can be turned. */
  turn(right, down) {
    this.view.turn(right * TURN, down * TURN);
    this.changed();
  }

  reset() {
    this.view.reset();
    this.changed();
  }

  _listen() {
    const { root } = this;
    const on = (name, act, options) => root.addEventListener(name, act, options);
    on("pointerdown", (event) => this._down(event));
    on("pointermove", (event) => this._move(event));
    on("pointerup", (event) => this._up(event));
    on("pointercancel", () => {
      this.grip = null;
      this.lasso.drop();
    });
    on("pointerleave", () => this._hover(-1));
    on("contextmenu", (event) => this.view.turn && event.preventDefault());
    on("dblclick", (event) => this._onCanvas(event) && !this.look.choosing && this.reset());
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
    const second = event.button === 2 && Boolean(this.view.turn);
    if ((event.button && !second) || !this._onCanvas(event) || !this.run) return;
    const [x, y] = this._pixel(event);
    const draws = this.lasso.begins(event, x, y);
    this.grip = { x, y, far: 0, pan: second || event.shiftKey, draws };
    this.root.setPointerCapture(event.pointerId);
  }

  _move(event) {
    if (!this.run) return;
    const [x, y] = this._pixel(event);
    const { grip } = this;
    if (grip) {
      grip.far += Math.hypot(x - grip.x, y - grip.y);
      if (grip.draws) {
        if (grip.far > DRAG_STARTS) this.lasso.goes(x, y);
      } else if (grip.far > DRAG_STARTS && event.pointerType !== "touch") {
        this.root.classList.add("drag");
        this.view.drag(x - grip.x, y - grip.y, grip.pan);
        this.changed();
      }
      Object.assign(grip, { x, y });
    } else this._hover(this._onCanvas(event) ? this._pick(x, y) : -1);
  }

  _up(event) {
    this.root.classList.remove("drag");
    const { grip } = this;
    this.grip = null;
    if (!grip) return;
    const dragged = grip.far > DRAG_STARTS;
    const slot = dragged ? null : this._pick(...this._pixel(event));
    if ((grip.draws && this.lasso.ends(event, slot)) || dragged || event.button) return;
    if (slot >= 0) this.look.pins = toggled(this.look.pins, slot);
    this.changed();
  }

  _pick(x, y) {
    return this.view.knows(this.t) ? pick(this.view, this.look, this.t, x, y) : -1;
  }

  _hover(slot) {
    this.root.classList.toggle("over-point", slot >= 0);
    if (slot === this.hover) return;
    this.hover = slot;
    this.changed();
  }

  _wheel(event) {
    if (!this.run) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.camera.zoomAt(...this._pixel(event), Math.exp(-event.deltaY * lines * 0.0016));
    this.changed();
  }

  destroy() {
    this.renderer.destroy();
  }
}
