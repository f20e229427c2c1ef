import assert from "node:assert/strict";
import { test } from "node:test";

import { Look } from "../../cu_core/stage/js/paint.js";
import { inPicture, sideFor, Thumbs } from "../../cu_core/stage/js/thumbs.js";
import { Plane } from "../../cu_core/stage/js/views/map.js";
import { run } from "./made.mjs";

/** A grid of so many places, so far apart. */
const grid = (count, step) =>
  Array.from({ length: count }, (_, k) => [(k % 10) * step, Math.floor(k / 10) * step]).flat();

test("a thumbnail is as large as half the samples have room for, within bounds", () => {
  assert.equal(sideFor(grid(50, 19)), 0);
  assert.equal(sideFor(grid(50, 20)), 20);
  assert.equal(sideFor(grid(50, 40)), 34);
  assert.equal(sideFor(grid(50, 200)), 56);
  assert.equal(sideFor([5, 5]), 56);
  assert.equal(sideFor([]), 0);
});

test("a few that lie close do not hide the pictures of the others, unless there are many", () => {
  const close = [0, 5, 0, 6, 0, 7, 0, 8];
  assert.ok(sideFor([...grid(40, 30), ...close]) >= 20);
  const crowded = grid(200, 30).concat(grid(60, 30).map((v) => v + 3));
  assert.equal(sideFor(crowded), 0); // a quarter of 260 has a neighbour at 4 pixels
  assert.equal(sideFor(grid(300, 30)), 25.5);
  assert.equal(sideFor(grid(401, 30)), 0);
});

test("what is shown stays until there is clearly less room", () => {
  assert.equal(sideFor(grid(50, 17), false), 0);
  assert.equal(sideFor(grid(50, 17), true), 20);
  assert.equal(sideFor(grid(50, 15), true), 0);
});

function scene() {
  const places = Array.from({ length: 12 }, (_, k) => [5000 * k, 30000]);
  const made = run([places], places.map((_, k) => (k > 9 ? 1 : 0)));
  made.atlas = { tile: 8, columns: 4 };
  const view = new Plane();
  view.load(made, 0, true);
  view.camera.resize(800, 400, 0);
  return { view, look: new Look() };
}

test("only samples in the picture that do not stand back count", () => {
  const { view, look } = scene();
  assert.equal(inPicture(view, look, 0).slots.length, 12);
  look.highlight = { holds: (of, slot) => of.isForget(slot) };
  assert.deepEqual(inPicture(view, look, 0).slots, [10, 11]);
  look.highlight = null;
  const [x, y] = view.camera.toPixel(0, 30000);
  view.camera.zoomAt(x, y, 8);
  const { slots, places } = inPicture(view, look, 0);
  assert.ok(slots.length > 0 && slots.length < 6);
  assert.deepEqual(places.slice(0, 2), view.camera.toPixel(0, 30000));
});

test("they fade in, say how many they are, and come to rest", () => {
  const { view, look } = scene();
  const thumbs = new Thumbs({ dataset: {} });
  const at = (now, sheet = {}, calm = false) => thumbs.see(view, look, 0, sheet, calm, now);
  at(0);
  at(50);
  assert.ok(thumbs.strength > 0 && thumbs.strength < 1 && thumbs.changing);
  for (let now = 100; now < 1000; now += 50) at(now);
  assert.deepEqual([thumbs.strength, thumbs.changing], [1, false]);
  assert.equal(thumbs.root.dataset.thumbnails, "12");
  assert.equal(thumbs.sideOf(3), 56);
  at(1000, null);
  assert.deepEqual([thumbs.strength, thumbs.sideOf(3), thumbs.changing], [0, 0, false]);
  at(1050, {}, true); // under reduced motion at once
  assert.deepEqual([thumbs.strength, thumbs.changing], [1, false]);
});
