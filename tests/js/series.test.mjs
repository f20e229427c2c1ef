import assert from "node:assert/strict";
import { test } from "node:test";

import {
  describe, panels, scaleOf, shortName, showValue, spread, valueAt,
} from "../../cu_core/stage/js/series.js";

const line = { title: "Test accuracy", unit: "%", group: "accuracy" };

test("the value at a step is the newest that was computed", () => {
  const curve = { steps: [0, 5, 10], values: [1, null, 3] };
  assert.deepEqual([-1, 0, 7, 10, 99].map((step) => valueAt(curve, step)), [null, 1, 1, 3, 3]);
});

test("panels come in a fixed order, unknown groups after them, empty ones not at all", () => {
  const made = panels([{ ...line, group: "own" }, { ...line, group: "loss" }, line]);
  assert.deepEqual(made.map(({ group }) => group), ["accuracy", "loss", "own"]);
});

test("a scale holds every value on round ticks, also of one value, also of none", () => {
  const scale = (values) => scaleOf({ unit: "", lines: [{ values, original: null }] });
  for (const values of [[0.13, 2.9], [-7, -7], [1e-4, 3e-4], []]) {
    const { low, high, ticks } = scale(values);
    assert.ok(low < high && ticks.length >= 2);
    for (const v of values) assert.ok(low <= v && v <= high, `${values}`);
  }
  assert.deepEqual(scaleOf({ unit: "%", lines: [] }).ticks, [0, 50, 100]);
});

test("labels are kept apart, in their order, inside the room", () => {
  const made = spread([50, 52, 51, 95], 10, 0, 100);
  const sorted = [0, 2, 1, 3].map((i) => made[i]);
  sorted.slice(1).forEach((v, i) => assert.ok(v - sorted[i] >= 10 - 1e-9));
  assert.ok(sorted[0] >= 0 && sorted[3] <= 100);
});

test("values are shown and told in words", () => {
  assert.deepEqual(
    [[12.6, "%"], [-0.5, ""], [123.4, "s"], [null, "%"]].map(([v, unit]) => showValue(v, unit)),
    ["13 %", "−0.50", "123 s", "–"],
  );
  assert.equal(shortName(line), "Test");
  const curve = { ...line, steps: [0], values: [91.2] };
  assert.equal(describe([curve], 3.2, 60), "Step 3 of 60: test accuracy 91 %.");
  assert.equal(describe([{ ...curve, group: "loss" }], 0, 60), "Step 0 of 60.");
});
