import assert from "node:assert/strict";
import { test } from "node:test";

import { Camera, grown } from "../../cu_core/stage/js/camera.js";

function camera(width = 900, height = 600, inset = 0, room = [0, 0]) {
  const made = new Camera();
  made.home([1000, 2000, 41000, 32000]);
  made.reset();
  made.resize(width, height, inset, room);
  return made;
}

const near = (a, b) => a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) < 1e-6, `${a} ${b}`));

test("pixels and places are each other's inverse, and both axes have one scale", () => {
  const made = camera(900, 600, 120, [40, 30]);
  near(made.fromPixel(...made.toPixel(12345, 6789)), [12345, 6789]);
  const [a, b, c] = [made.toPixel(0, 0), made.toPixel(1000, 0), made.toPixel(0, 1000)];
  near([b[0] - a[0]], [a[1] - c[1]]);
});

test("the whole rectangle is seen beside the legend and between the controls", () => {
  const made = camera(900, 600, 120, [40, 30]);
  const [x0, y0] = made.toPixel(1000, 32000);
  const [x1, y1] = made.toPixel(41000, 2000);
  assert.ok(x0 >= 120 - 1e-6 && x1 <= 900 + 1e-6 && y0 >= 40 - 1e-6 && y1 <= 570 + 1e-6);
});

test("zooming keeps what is under the pointer; its clip space says the same as its pixels", () => {
  const made = camera();
  const under = made.fromPixel(200, 150);
  made.zoomAt(200, 150, 3);
  near(made.fromPixel(200, 150), under);
  assert.ok(made.moved);
  const [sx, sy, ox, oy] = made.clip;
  const [px, py] = made.toPixel(20000, 20000);
  const at = 20000 / 65535;
  near([(at * sx + ox + 1) * 450, (1 - (at * sy + oy)) * 300], [px, py]);
  made.reset();
  assert.equal(made.moved, false);
});

test("a rectangle of one point still has a size", () => {
  const [x0, y0, x1, y1] = grown([5, 5, 5, 5], 0.05);
  assert.ok(x1 > x0 && y1 > y0);
});
