// The map in WebGL 1. Every frame lies in one buffer: frame i and i + 1 are the same buffer bound
// twice, and the vertex shader mixes them, so playing and scrubbing upload nothing. The other views
// upload one array of places a picture.

import { paintPoints } from "./paint.js";
import { POINT_FRAGMENT, POINT_VERTEX, program, TRAIL_FRAGMENT, TRAIL_VERTEX } from "./shaders.js";
import { QUADS, quadIndices, trailVertices } from "./trails.js";

/** Whether WebGL is drawn by the processor here (SwiftShader, llvmpipe, a remote desktop). */
function drawnInSoftware(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

export class GlMap {
  /**
   * Throws when this browser gives no WebGL context, or one that is drawn in software (unless
   * ``force``). ``onRestore`` is called after a lost context has come back.
   */
  constructor(canvas, onRestore, force) {
    this.mode = "webgl";
    this.canvas = canvas;
    const wish = { alpha: false, antialias: false, depth: false, stencil: false };
    this.gl = canvas.getContext("webgl", { ...wish, preserveDrawingBuffer: false });
    if (!this.gl) throw new Error("This browser gives no WebGL.");
    if (!force && drawnInSoftware(this.gl)) throw new Error("WebGL is drawn in software here.");
    this._build();
    if (!this.gl.getExtension("OES_element_index_uint")) throw new Error("This WebGL is too old.");
    this.onLost = (event) => event.preventDefault();
    this.onRestored = () => {
      this._build();
      onRestore();
    };
    canvas.addEventListener("webglcontextlost", this.onLost);
    canvas.addEventListener("webglcontextrestored", this.onRestored);
  }

  _build() {
    const { gl } = this;
    this.points = program(gl, POINT_VERTEX, POINT_FRAGMENT);
    this.lines = program(gl, TRAIL_VERTEX, TRAIL_FRAGMENT);
    const buffers = ["xy", "now", "order", "colour", "ghost", "edges", "trail", "tint", "quads"];
    this.buffer = Object.fromEntries(buffers.map((name) => [name, gl.createBuffer()]));
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer.quads);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, quadIndices(), gl.STATIC_DRAW);
    this.allocated = 0;
    this.outlined = "";
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  _fill(name, data, usage) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer[name]);
    gl.bufferData(gl.ARRAY_BUFFER, data, usage || gl.STATIC_DRAW);
  }

  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
  }

  /** Uploads frames from ``firstNew`` on; the whole buffer only when it has to grow. */
  load(run, firstNew) {
    const { gl } = this;
    const row = run.n * 2;
    if (this.allocated !== run.xy.length) {
      this._fill("xy", run.xy);
      this.allocated = run.xy.length;
    } else {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer.xy);
      const fresh = run.xy.subarray(firstNew * row, run.frames * row);
      gl.bufferSubData(gl.ARRAY_BUFFER, firstNew * row * 2, fresh);
    }
    this.colours = new Uint8Array(run.n * 8);
    this.painted = "";
  }

  /** From now on this view is drawn, or its trails have grown. */
  enter({ flat, trails }) {
    if (flat) this._fill("trail", trailVertices(trails, 0, trails.count));
    this.tinted = this.ghosts = "";
  }

  clear({ theme: { panel } }) {
    const { gl } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(panel[0] / 255, panel[1] / 255, panel[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  _paint(run, look, t, view) {
    const { gl } = this;
    const { trails } = view;
    const when = look.mode === "moved" ? t : look.follows ? Math.round(t) : 0;
    const key = `${look.version}/${when}/${look.mode === "moved" ? view.kind : ""}`;
    if (this.painted !== key) {
      this.painted = key;
      paintPoints(view, look, t, this.colours);
      this._fill("colour", this.colours, gl.DYNAMIC_DRAW);
    }
    if (this.tinted === look.version) return;
    this.tinted = look.version;
    const tint = new Uint8Array(trails.count * 16);
    trails.slots.forEach((slot, k) => {
      const frame = trails.times[k] + 1;
      const dim = look.dimsSample(run, slot, frame);
      const colour = [...look.colour(view, slot, frame).edge, dim ? 0 : 255];
      for (let corner = 0; corner < 4; corner++) tint.set(colour, 16 * k + 4 * corner);
    });
    this._fill("tint", tint);
  }

  draw({ run, view, t, look, size }) {
    if (this.gl.isContextLost()) return;
    this._paint(run, look, t, view);
    this.clear(look);
    if (!view.flat) {
      this._fill("now", view.fill(t), this.gl.DYNAMIC_DRAW);
      if (view.order) this._indices("order", view.order, this.gl.DYNAMIC_DRAW);
    }
    const style = { radius: size.keep, rim: size.rim, diamond: 0, hollow: 0 };
    this._points(run, view, t, 0, run.kept, style);
    this._trails(view, t, size);
    const forget = { radius: size.forget, rim: size.outline, diamond: 1 };
    if (look.outlines && view.hasGhost) this._ghost(view, t, look, { ...forget, hollow: 1 });
    this._points(run, view, t, run.kept, run.n, { ...forget, hollow: 0 });
  }

  _indices(name, data, usage) {
    const { gl } = this;
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer[name]);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, data, usage);
  }

  /** ``inBox``: places come as shares of the box, else in quanta. */
  _style(camera, inBox, { radius, rim, diamond, hollow }) {
    const { gl, points: { use, u } } = this;
    gl.useProgram(use);
    const [sx, sy, x, y] = camera.clip;
    const unit = inBox ? 1 : 1 / 65535;
    gl.uniform4f(u.view, sx * unit, sy * unit, x, y);
    const r = radius * this.ratio;
    gl.uniform1f(u.size, Math.ceil((2 * r + 1) * (diamond ? Math.SQRT2 : 1)));
    gl.uniform1f(u.radius, r);
    gl.uniform1f(u.rim, rim * this.ratio);
    gl.uniform1f(u.diamond, diamond);
    gl.uniform1f(u.hollow, hollow);
  }

  _pointer(place, name, width, type, stride, offset, unit = true) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer[name]);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, width, type, unit, stride, offset);
  }

  _points(run, view, t, from, to, style) {
    if (to <= from) return;
    const { gl, points: { at } } = this;
    this._style(view.camera, view.flat, style);
    if (view.flat) this._frames(run, t);
    else this._places("now");
    this._pointer(at.fill, "colour", 4, gl.UNSIGNED_BYTE, 8, 0);
    this._pointer(at.edge, "colour", 4, gl.UNSIGNED_BYTE, 8, 4);
    if (!view.order) return gl.drawArrays(gl.POINTS, from, to - from);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer.order);
    gl.drawElements(gl.POINTS, to - from, gl.UNSIGNED_INT, 4 * from);
  }

  _frames(run, t) {
    const { gl, points: { at, u } } = this;
    const i = Math.min(Math.floor(t), run.last);
    const j = Math.min(i + 1, run.last);
    gl.uniform1f(u.m, t - i);
    this._pointer(at.a, "xy", 2, gl.UNSIGNED_SHORT, 4, i * run.n * 4);
    this._pointer(at.b, "xy", 2, gl.UNSIGNED_SHORT, 4, j * run.n * 4);
    gl.disableVertexAttribArray(at.near);
    gl.vertexAttrib1f(at.near, 1);
  }

  /** Places from a buffer of [x, y, nearness]. */
  _places(name) {
    const { gl, points: { at, u } } = this;
    gl.uniform1f(u.m, 0);
    this._pointer(at.a, name, 2, gl.FLOAT, 12, 0, false);
    this._pointer(at.b, name, 2, gl.FLOAT, 12, 0, false);
    this._pointer(at.near, name, 1, gl.FLOAT, 12, 8, false);
  }

  _ghost(view, t, look, style) {
    const { gl, points: { at } } = this;
    const ghosts = view.ghost();
    if (ghosts !== this.ghosts) this._fill("ghost", ghosts, gl.DYNAMIC_DRAW);
    this.ghosts = ghosts;
    this._outlines(view, look, Math.min(Math.round(t), view.run.last));
    this._style(view.camera, false, style);
    this._places("ghost");
    for (const place of [at.edge, at.fill]) {
      this._pointer(place, "edges", 4, gl.UNSIGNED_BYTE, 4, 0);
    }
    gl.drawArrays(gl.POINTS, 0, ghosts.length / 3);
  }

  /** The outlines' colours, made again when theme, reading, strength or outlines change. */
  _outlines(view, look, frame) {
    const slots = view.ghostSlots;
    const key = `${look.version}/${look.outlines}/${look.highlight ? frame : ""}`;
    if (this.outlined === key && this.outlinedSlots === slots) return;
    Object.assign(this, { outlined: key, outlinedSlots: slots });
    const edges = new Uint8Array(4 * slots.length);
    slots.forEach((slot, k) => {
      const { colour, alpha } = look.outline(view.run, slot, frame);
      edges.set([...colour, alpha], 4 * k);
    });
    this._fill("edges", edges);
  }

  _trails(view, t, size) {
    const { camera, flat, trails } = view;
    const [first, end] = trails.range(t);
    if (end <= first || !size.trail.strength) return;
    const { gl, lines: { use, at, u } } = this;
    const held = flat ? 0 : first; // the first segment that the buffer holds
    if (!flat) {
      trails.replace(view, first, end);
      this._fill("trail", trailVertices(trails, first, end), gl.DYNAMIC_DRAW);
    }
    gl.useProgram(use);
    gl.uniform4fv(u.view, camera.clip);
    gl.uniform2f(u.screen, this.canvas.width / 2, this.canvas.height / 2);
    gl.uniform1f(u.now, t);
    gl.uniform1f(u.frames, trails.reach + 1);
    gl.uniform1f(u.strength, size.trail.strength);
    gl.uniform1f(u.width, size.trail.width * this.ratio);
    gl.uniform1f(u.half_width, (size.trail.width * this.ratio) / 2);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer.quads);
    for (let from = first; from < end; from += QUADS) {
      const start = (from - held) * 48;
      this._pointer(at.seg, "trail", 4, gl.UNSIGNED_SHORT, 12, start);
      this._pointer(at.start, "trail", 1, gl.UNSIGNED_SHORT, 12, start + 8, false);
      this._pointer(at.corner, "trail", 2, gl.BYTE, 12, start + 10, false);
      this._pointer(at.tint, "tint", 4, gl.UNSIGNED_BYTE, 4, from * 16);
      gl.drawElements(gl.TRIANGLES, 6 * Math.min(QUADS, end - from), gl.UNSIGNED_SHORT, 0);
    }
    for (const place of Object.values(at)) gl.disableVertexAttribArray(place);
  }

  destroy() {
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.canvas.removeEventListener("webglcontextrestored", this.onRestored);
    const release = this.gl.getExtension("WEBGL_lose_context");
    if (release) release.loseContext();
  }
}
