// The map in WebGL 1. Every frame lies in one buffer: frame i and i + 1 are the same buffer bound
// twice, and the vertex shader mixes them, so playing and scrubbing upload nothing.

import { paintPoints } from "./paint.js";
import { QUADS, quadIndices, trailVertices } from "./trails.js";

const POINT_VERTEX = `
attribute vec2 a, b;
attribute vec4 fill, edge;
uniform vec4 view;
uniform float m;
uniform mediump float size;
varying mediump vec4 vFill, vEdge;
void main() {
  gl_Position = vec4(mix(a, b, m) * view.xy + view.zw, 0.0, 1.0);
  gl_PointSize = size;
  vFill = fill;
  vEdge = edge;
}`;

const POINT_FRAGMENT = `
precision mediump float;
uniform mediump float size;
uniform float radius, rim, diamond, hollow;
uniform vec4 outline;
varying mediump vec4 vFill, vEdge;
void main() {
  vec2 c = abs((gl_PointCoord - 0.5) * size);
  float d = mix(length(c), (c.x + c.y) * 0.7071, diamond);
  float cover = clamp(radius + 0.5 - d, 0.0, 1.0);
  float inner = clamp(radius - rim + 0.5 - d, 0.0, 1.0);
  vec3 line = mix(vEdge.rgb, outline.rgb, outline.a);
  float alpha = (cover - inner * hollow) * vFill.a;
  gl_FragColor = vec4(mix(line, vFill.rgb, inner) * alpha, alpha);
}`;

const TRAIL_VERTEX = `
attribute vec4 seg, tint;
attribute float start;
attribute vec2 corner;
uniform vec4 view;
uniform vec2 screen;
uniform float now, width, frames, strength;
varying mediump vec4 vTint;
varying mediump float across;
void main() {
  float grow = clamp(now - start, 0.0, 1.0);
  vec2 p = seg.xy * view.xy + view.zw;
  vec2 q = mix(seg.xy, seg.zw, grow) * view.xy + view.zw;
  vec2 d = (q - p) * screen;
  vec2 side = vec2(-d.y, d.x) / max(length(d), 0.001);
  across = corner.y * (width * 0.5 + 1.0);
  gl_Position = vec4(mix(p, q, corner.x) + side * across / screen, 0.0, 1.0);
  float age = now - start - corner.x * grow;
  vTint = vec4(tint.rgb, tint.a * strength * clamp(1.0 - age / frames, 0.0, 1.0));
}`;

const TRAIL_FRAGMENT = `
precision mediump float;
uniform mediump float half_width;
varying mediump vec4 vTint;
varying mediump float across;
void main() {
  float alpha = vTint.a * clamp(half_width + 0.5 - abs(across), 0.0, 1.0);
  gl_FragColor = vec4(vTint.rgb * alpha, alpha);
}`;

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`WebGL program: ${gl.getProgramInfoLog(made)}`);
  }
  const names = { use: made, at: {}, u: {} };
  const each = (kind, read) => {
    for (let i = 0; i < gl.getProgramParameter(made, kind); i++) read(i);
  };
  each(gl.ACTIVE_ATTRIBUTES, (i) => {
    const { name } = gl.getActiveAttrib(made, i);
    names.at[name] = gl.getAttribLocation(made, name);
  });
  each(gl.ACTIVE_UNIFORMS, (i) => {
    const { name } = gl.getActiveUniform(made, i);
    names.u[name] = gl.getUniformLocation(made, name);
  });
  return names;
}

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
    const buffers = ["xy", "colour", "ghost", "trail", "tint", "quads"];
    this.buffer = Object.fromEntries(buffers.map((name) => [name, gl.createBuffer()]));
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer.quads);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, quadIndices(), gl.STATIC_DRAW);
    this.allocated = 0;
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
  load(run, trails, firstNew) {
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
    this._fill("ghost", run.ghost);
    this._fill("trail", trailVertices(trails));
    this.colours = new Uint8Array(run.n * 8);
    this.painted = this.tinted = "";
  }

  _paint(run, look, t, trails) {
    const { gl } = this;
    const when = look.mode === "moved" ? t : look.mode === "pred" ? Math.round(t) : 0;
    if (this.painted !== `${look.version}/${when}`) {
      this.painted = `${look.version}/${when}`;
      paintPoints(run, look, t, this.colours);
      this._fill("colour", this.colours, gl.DYNAMIC_DRAW);
    }
    if (this.tinted === look.version) return;
    this.tinted = look.version;
    const tint = new Uint8Array(trails.count * 16);
    trails.slots.forEach((slot, k) => {
      const frame = trails.times[k] + 1;
      const dim = look.dims(look.classOf(run, slot, frame));
      const colour = [...look.colour(run, slot, frame).edge, dim ? 0 : 255];
      for (let corner = 0; corner < 4; corner++) tint.set(colour, 16 * k + 4 * corner);
    });
    this._fill("tint", tint);
  }

  draw({ run, camera, t, look, trails, size }) {
    const { gl } = this;
    if (gl.isContextLost()) return;
    this._paint(run, look, t, trails);
    const { panel, ink, soft } = look.theme;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(panel[0] / 255, panel[1] / 255, panel[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const style = { radius: size.keep, rim: size.rim, diamond: 0, hollow: 0, outline: null };
    this._points(run, camera, t, 0, run.kept, style);
    this._trails(camera, t, trails, size);
    const forget = { radius: size.forget, rim: size.outline, diamond: 1, outline: ink };
    if (look.ghost && run.ghost.length) {
      this._ghost(run, camera, { ...forget, hollow: 1, rim: size.outline, outline: soft });
    }
    this._points(run, camera, t, run.kept, run.n, { ...forget, hollow: 0 });
  }

  _style(camera, { radius, rim, diamond, hollow, outline }) {
    const { gl, points: { use, u } } = this;
    gl.useProgram(use);
    gl.uniform4fv(u.view, camera.clip);
    const r = radius * this.ratio;
    gl.uniform1f(u.size, Math.ceil((2 * r + 1) * (diamond ? Math.SQRT2 : 1)));
    gl.uniform1f(u.radius, r);
    gl.uniform1f(u.rim, rim * this.ratio);
    gl.uniform1f(u.diamond, diamond);
    gl.uniform1f(u.hollow, hollow);
    const line = outline ? [...outline.map((v) => v / 255), 1] : [0, 0, 0, 0];
    gl.uniform4fv(u.outline, line);
  }

  _pointer(place, name, width, type, stride, offset, unit = true) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer[name]);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, width, type, unit, stride, offset);
  }

  _points(run, camera, t, from, to, style) {
    if (to <= from) return;
    const { gl, points: { at, u } } = this;
    this._style(camera, style);
    const i = Math.min(Math.floor(t), run.last);
    const j = Math.min(i + 1, run.last);
    gl.uniform1f(u.m, t - i);
    this._pointer(at.a, "xy", 2, gl.UNSIGNED_SHORT, 4, i * run.n * 4);
    this._pointer(at.b, "xy", 2, gl.UNSIGNED_SHORT, 4, j * run.n * 4);
    this._pointer(at.fill, "colour", 4, gl.UNSIGNED_BYTE, 8, 0);
    this._pointer(at.edge, "colour", 4, gl.UNSIGNED_BYTE, 8, 4);
    gl.drawArrays(gl.POINTS, from, to - from);
  }

  _ghost(run, camera, style) {
    const { gl, points: { at, u } } = this;
    this._style(camera, style);
    gl.uniform1f(u.m, 0);
    this._pointer(at.a, "ghost", 2, gl.UNSIGNED_SHORT, 4, 0);
    this._pointer(at.b, "ghost", 2, gl.UNSIGNED_SHORT, 4, 0);
    for (const place of [at.fill, at.edge]) {
      gl.disableVertexAttribArray(place);
      gl.vertexAttrib4f(place, 0, 0, 0, 0.75);
    }
    gl.drawArrays(gl.POINTS, 0, run.ghost.length / 2);
  }

  _trails(camera, t, trails, size) {
    const [first, end] = trails.range(t);
    if (end <= first || !size.trail.strength) return;
    const { gl, lines: { use, at, u } } = this;
    gl.useProgram(use);
    gl.uniform4fv(u.view, camera.clip);
    gl.uniform2f(u.screen, this.canvas.width / 2, this.canvas.height / 2);
    gl.uniform1f(u.now, t);
    gl.uniform1f(u.frames, trails.reach + 1);
    gl.uniform1f(u.strength, size.trail.strength);
    gl.uniform1f(u.width, size.trail.width * this.ratio);
    gl.uniform1f(u.half_width, (size.trail.width * this.ratio) / 2);
    for (let from = first; from < end; from += QUADS) {
      this._pointer(at.seg, "trail", 4, gl.UNSIGNED_SHORT, 12, from * 48);
      this._pointer(at.start, "trail", 1, gl.UNSIGNED_SHORT, 12, from * 48 + 8, false);
      this._pointer(at.corner, "trail", 2, gl.BYTE, 12, from * 48 + 10, false);
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
