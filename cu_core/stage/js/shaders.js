// The programs that the graphics card runs: points (disc or diamond, by nearness) and trails.

export const POINT_VERTEX = `
attribute vec2 a, b;
attribute float near;
attribute vec4 fill, edge;
uniform vec4 view;
uniform float m;
uniform mediump float size;
varying mediump vec4 vFill, vEdge;
varying mediump float vNear;
void main() {
  gl_Position = vec4(mix(a, b, m) * view.xy + view.zw, 0.0, 1.0);
  gl_PointSize = size * max(near, 1.0);
  vNear = near;
  vFill = fill;
  vEdge = edge;
}`;

export const POINT_FRAGMENT = `
precision mediump float;
uniform mediump float size;
uniform float radius, rim, diamond, hollow;
varying mediump vec4 vFill, vEdge;
varying mediump float vNear;
void main() {
  vec2 c = abs((gl_PointCoord - 0.5) * size * max(vNear, 1.0));
  float d = mix(length(c), (c.x + c.y) * 0.7071, diamond);
  float cover = clamp(radius * vNear + 0.5 - d, 0.0, 1.0);
  float inner = clamp(radius * vNear - rim + 0.5 - d, 0.0, 1.0);
  float alpha = (cover - inner * hollow) * vFill.a * min(1.0, vNear * vNear);
  gl_FragColor = vec4(mix(vEdge.rgb, vFill.rgb, inner) * alpha, alpha);
}`;

export const TRAIL_VERTEX = `
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

export const TRAIL_FRAGMENT = `
precision mediump float;
uniform mediump float half_width;
varying mediump vec4 vTint;
varying mediump float across;
void main() {
  float alpha = vTint.a * clamp(half_width + 0.5 - abs(across), 0.0, 1.0);
  gl_FragColor = vec4(vTint.rgb * alpha, alpha);
}`;

/** A linked program with its attributes' places (``at``) and uniforms (``u``) by name. */
export function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.bindAttribLocation(made, 0, "a"); // place 0 must come from a buffer, others may be constant
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
