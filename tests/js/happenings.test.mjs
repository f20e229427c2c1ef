// Which marks are one, what they are told by, and which event was reached last.

import assert from "node:assert/strict";
import { test } from "node:test";

import { frameOf, groups, happened, reached, sentence, tone } from "../../cu_core/stage/js/happenings.js";
import { run } from "./made.mjs";

const at = (step, more = {}) => ({ step, kind: "k", text: `at ${step}`, ...more });

test("events of frames that have not come are not shown", () => {
  const made = run([[[0, 0]], [[1, 1]]], [0], { events: [at(0), at(10), at(11)] });
  assert.deepEqual(happened(made).map(({ step }) => step), [0, 10]);
  assert.deepEqual(happened(run([[[0, 0]]], [0])), []);
});

test("marks that would lie on each other are one, and chains do not grow without end", () => {
  const steps = (list, near) => groups(list.map((s) => at(s)), near).map((g) => g.map((e) => e.step));
  assert.deepEqual(steps([4, 4, 7, 12], 0), [[4, 4], [7], [12]]);
  assert.deepEqual(steps([4, 7, 10, 13], 5), [[4, 7], [10, 13]]);
  assert.deepEqual(steps([], 5), []);
});

test("a mark of several is told by what matters most", () => {
  assert.equal(tone([at(1), at(1, { tone: "change" })]), "change");
  assert.equal(tone([at(1, { tone: "harm" }), at(1, { tone: "goal" })]), "harm");
  assert.equal(tone([at(1), at(2, { tone: "of another version" })]), "");
});

test("the event reached last is the one at or before the playhead", () => {
  const events = [at(4), at(4), at(9)];
  assert.deepEqual([0, 4, 8, 9, 50].map((step) => reached(events, step)), [-1, 1, 1, 2, 2]);
});

test("an event without words says its kind", () => {
  assert.equal(sentence({ step: 3, kind: "pause" }), "Step 3: pause");
  assert.equal(sentence(at(3)), "Step 3: at 3");
});

test("an event is seen in its own frame, or in the next one that is kept", () => {
  const made = run([[[0, 0]], [[1, 1]], [[2, 2]]], [0]); // of steps 0, 10 and 20
  assert.deepEqual([0, 1, 10, 11, 20, 99].map((step) => frameOf(made, step)), [0, 1, 1, 2, 2, 2]);
});
