import assert from "node:assert/strict";
import { test } from "node:test";

import { shortened } from "../../cu_core/stage/js/card.js";
import { run } from "./made.mjs";

const FORGET = [1, 0, 1, 0];
const FRAMES = [[[0, 0], [10, 0], [20, 0], [30, 0]]];
const called = (names) => [0, 1, 2, 3].map((slot) => run(FRAMES, FORGET, { names }).called(slot));

test("a sample is called by its file, else its key, else its row, each by its own slot", () => {
  assert.deepEqual(called({ of: "x", row: [7, 8, 9, 11] }), ["row 8", "row 11", "row 7", "row 9"]);
  assert.deepEqual(called({ of: "", row: null }), ["row 101", "row 103", "row 100", "row 102"]);
  assert.deepEqual(called({ row: null, key: ["a", "b", "", "d"] }), ["b", "d", "a", "row 102"]);
  const both = { row: null, key: ["a", "b", "c", "d"], file: ["a.png", "", "c.png", "d.png"] };
  assert.deepEqual(called(both), ["b", "d.png", "a.png", "c.png"]);
});

test("an older recording has Lethe's own index alone", () => {
  assert.deepEqual(called(undefined), ["index 101", "index 103", "index 100", "index 102"]);
  assert.equal(run(FRAMES, FORGET).text(0), "");
});

test("a text stands in the place of a picture, not beside one", () => {
  const names = { row: null, text: ["one", "two", "three", "four"] };
  assert.deepEqual([0, 1, 2, 3].map((s) => run(FRAMES, FORGET, { names }).text(s)),
    ["two", "four", "one", "three"]);
  const pictured = run(FRAMES, FORGET, { names });
  pictured.atlas = {};
  assert.equal(pictured.text(0), "");
});

test("of a long path the end is shown, by whole parts", () => {
  assert.equal(shortened("cats/a.png"), "cats/a.png");
  const long = "train/oxford-pets/british-shorthair/british_103.jpg";
  assert.equal(shortened(long), "…/british_103.jpg");
  assert.ok(shortened(`${"x".repeat(80)}.png`).length <= 25);
});
