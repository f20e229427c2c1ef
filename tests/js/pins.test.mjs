import assert from "node:assert/strict";
import { test } from "node:test";

import { Look } from "../../cu_core/stage/js/paint.js";
import { MOST, moved, toggled } from "../../cu_core/stage/js/pins.js";

test("a click pins after the others, a second one on the same sample takes it away", () => {
  assert.deepEqual(toggled([], 4), [4]);
  assert.deepEqual(toggled([4, 9], 2), [4, 9, 2]);
  assert.deepEqual(toggled([4, 9, 2], 9), [4, 2]);
});

test("one more than there is room for takes the place of the oldest", () => {
  const full = Array.from({ length: MOST }, (_, i) => i);
  assert.deepEqual(toggled(full, 50), [...full.slice(1), 50]);
});

test("the newest pin moves, and no sample is pinned twice", () => {
  assert.deepEqual(moved([], 3), [3]);
  assert.deepEqual(moved([4, 9], 3), [4, 3]);
  assert.deepEqual(moved([4, 9], 4), [4]);
  assert.deepEqual(moved([4, 9], 9), [4, 9]);
});

test("what is pinned is the newest pin, for all that know of one alone", () => {
  const look = new Look();
  assert.equal(look.pinned, -1);
  look.pins = [4, 9];
  assert.equal(look.pinned, 9);
  look.pinned = 5;
  assert.deepEqual(look.pins, [4, 5]);
  look.pinned = -1;
  assert.deepEqual(look.pins, []);
});
