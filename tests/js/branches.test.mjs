import assert from "node:assert/strict";
import test from "node:test";

import { laidOut, sayingAt } from "../../cu_core/stage/js/panels/branches.js";

const member = (run, parent, from, end) => ({ run, parent, from, end });

test("a branch leaves the line of its parent at the step where it turned", () => {
  const family = [member("a", "", 0, 60), member("b", "a", 24, 60), member("c", "b", 30, 40)];
  const made = laidOut(family);
  assert.deepEqual(made.map(({ row, above, start }) => [row, above, start]), [
    [0, -1, 0], [1, 0, 24], [2, 1, 30],
  ]);
});

test("of a parent that is gone a branch starts by itself", () => {
  assert.deepEqual(laidOut([member("b", "gone", 24, 60)])[0].start, 0);
});

test("what a branch changes goes by the step from which it would go on", () => {
  const branch = { ways: [[0, "with a"], [24, "with b"]], end: 60, last: "the last" };
  assert.deepEqual(sayingAt(branch, 23), { able: true, words: "Goes on from step 23 with a." });
  assert.deepEqual(sayingAt(branch, 24), { able: true, words: "Goes on from step 24 with b." });
  assert.deepEqual(sayingAt(branch, 60), { able: false, words: "Step 60 is the last." });
  assert.equal(sayingAt({ ...branch, end: null }, 60).able, true);
  assert.deepEqual(sayingAt({ why: "No." }, 1), { able: false, words: "No." });
});
