import assert from "node:assert/strict";
import { test } from "node:test";

import { slotsOf } from "../../cu_core/stage/js/choosing.js";
import { gathered, inside, intent } from "../../cu_core/stage/js/lasso.js";
import { Look } from "../../cu_core/stage/js/paint.js";
import { Plane } from "../../cu_core/stage/js/views/map.js";
import { run } from "./made.mjs";

/** Even-odd once more, by what a ray downwards crosses instead of one to the right. */
function crossings(polygon, x, y) {
  let count = 0;
  for (let k = 0; k < polygon.length; k += 2) {
    const j = (k + 2) % polygon.length;
    const [ax, ay, bx, by] = [polygon[k], polygon[k + 1], polygon[j], polygon[j + 1]];
    if (ax > x === bx > x) continue;
    count += ay + ((x - ax) / (bx - ax)) * (by - ay) > y;
  }
  return count % 2 === 1;
}

/** A generator of numbers in [0, 1), the same at every call. */
function numbers(seed) {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

test("inside agrees with a ray in another direction, for polygons that cross themselves", () => {
  const next = numbers(7);
  const seen = { true: 0, false: 0 };
  for (let trial = 0; trial < 200; trial++) {
    const polygon = Array.from({ length: 2 * (3 + (trial % 12)) }, () => 100 * next());
    for (let k = 0; k < 50; k++) {
      const [x, y] = [100 * next(), 100 * next()];
      seen[inside(polygon, x, y)]++;
      assert.equal(inside(polygon, x, y), crossings(polygon, x, y));
    }
  }
  assert.ok(seen.true > 500 && seen.false > 500);
});

test("what a line goes round twice lies outside, and so does the notch of a concave one", () => {
  const star = [50, 0, 79, 90, 2, 35, 98, 35, 21, 90];
  assert.equal(inside(star, 50, 50), false);
  assert.equal(inside(star, 50, 20), true);
  const notch = [0, 0, 100, 0, 100, 100, 50, 20, 0, 100];
  assert.equal(inside(notch, 50, 60), false);
  assert.equal(inside(notch, 10, 60), true);
  assert.equal(inside([], 0, 0), false);
  assert.equal(inside([5, 5], 5, 5), false);
});

const PLACES = [[10000, 10000], [20000, 20000], [50000, 50000], [60000, 20000]];
const LATER = [[10000, 10000], [50000, 50000], [50000, 50000], [60000, 20000]];

function scene() {
  const made = run([PLACES, LATER], [0, 0, 0, 1]);
  const view = new Plane();
  view.load(made, 0, true);
  view.camera.resize(500, 500, 0);
  const square = (x0, y0, x1, y1) =>
    [[x0, y0], [x1, y0], [x1, y1], [x0, y1]].flatMap(([x, y]) => view.camera.toPixel(x, y));
  return { made, view, look: new Look(), square };
}

test("a lasso takes what is drawn inside it at that time", () => {
  const { view, look, square } = scene();
  const low = square(0, 0, 30000, 30000);
  assert.deepEqual(gathered(view, look, 0, low), [0, 1]);
  assert.deepEqual(gathered(view, look, 0.5, low), [0]); // the second is at 35000, half-way
  assert.deepEqual(gathered(view, look, 1, square(0, 0, 65535, 65535)), [0, 1, 2, 3]);
});

test("what stands back is not taken", () => {
  const { view, look, square } = scene();
  const all = square(0, 0, 65535, 65535);
  look.set("true");
  look.toggle(1); // labels go 0, 1, 2, 0
  assert.deepEqual(gathered(view, look, 0, all), [1]);
  look.toggle(1);
  look.highlight = { holds: (of, slot) => of.isForget(slot) };
  assert.deepEqual(gathered(view, look, 0, all), [3]);
});

test("alt takes out, shift adds, neither sets anew", () => {
  const how = (shiftKey, altKey) => intent({ shiftKey, altKey });
  assert.deepEqual([how(false, false), how(true, false), how(false, true), how(true, true)],
    ["set", "add", "remove", "remove"]);
  assert.equal(intent({ shiftKey: false, altKey: false, pointerType: "touch" }), "add");
});

test("samples that the page names by their index are found in their slots, others left out", () => {
  const made = run([PLACES], [1, 0, 0, 0]); // slots hold samples 1, 2, 3, 0
  assert.deepEqual(slotsOf(made, [100, 103, 7]), [2, 3]);
  assert.deepEqual(slotsOf(made, []), []);
});
