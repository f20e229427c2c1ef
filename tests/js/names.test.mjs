import assert from "node:assert/strict";
import { test } from "node:test";

import { densest, members } from "../../cu_core/stage/js/names.js";
import { run } from "./made.mjs";

test("a name stands where most samples are, not where a few strays pull the mean", () => {
  const cluster = Array.from({ length: 30 }, (_, i) => [100 + (i % 5), 100 + (i % 7)]).flat();
  const [x, y, reach] = densest([...cluster, 900, 900, 950, 40, 20, 950], 40);
  assert.ok(Math.abs(x - 102) < 3 && Math.abs(y - 103) < 3, `${x}, ${y}`);
  assert.ok(reach < 8, String(reach)); // most of them lie within
  assert.equal(densest([1, 1, 2, 2], 40), null); // no cluster
});

test("kept samples stand for their class, forget samples where there are no others", () => {
  const still = [Array.from({ length: 6 }, (_, i) => [i, i])];
  const made = run(still, [0, 1, 0, 1, 1, 0]); // labels 0 1 2 0 1 2
  assert.deepEqual(members(made).map((slots) => slots.map((slot) => made.order[slot])),
    [[0], [1, 4], [2, 5]]);
});
