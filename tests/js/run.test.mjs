import assert from "node:assert/strict";
import { test } from "node:test";

import { blob, run } from "./made.mjs";

const FORGET = [1, 0, 1, 0];
const FRAMES = [
  [[0, 0], [10, 0], [20, 0], [30, 0]],
  [[0, 8], [10, 0], [20, 4], [30, 0]],
  [[0, 16], [10, 0], [20, 8], [30, 0]],
];

test("slots hold keep samples first, each with its own label, index, answer and place", () => {
  const made = run(FRAMES, FORGET);
  assert.deepEqual([...made.order], [1, 3, 0, 2]);
  assert.equal(made.kept, 2);
  assert.deepEqual([...made.index], [101, 103, 100, 102]);
  assert.deepEqual([...made.label], [1, 0, 0, 2]);
  assert.deepEqual([0, 1, 2, 3].map((slot) => made.place(slot, 0)[0]), [10, 30, 0, 20]);
  assert.deepEqual([...made.pred.slice(4, 8)], [2, 1, 1, 0]);
  assert.deepEqual([0, 1, 2, 3].map((slot) => made.isForget(slot)), [false, false, true, true]);
});

test("between two frames a sample is on the straight line", () => {
  const made = run(FRAMES, FORGET);
  assert.deepEqual(made.place(2, 1.25), [0, 10]);
  assert.equal(made.moved(2, 1.25), 10);
});

test("timeOf is the inverse of stepAt, and is held to the frames that are known", () => {
  const made = run(FRAMES, FORGET, { steps: [0, 3, 20] });
  for (let t = 0; t <= 2; t += 0.125) assert.ok(Math.abs(made.timeOf(made.stepAt(t)) - t) < 1e-12);
  assert.equal(made.timeOf(-5), 0);
  assert.equal(made.timeOf(99), 2);
});

test("frames join in any pieces to the same run", () => {
  const whole = run(FRAMES, FORGET);
  const grown = run(FRAMES.slice(0, 1), FORGET);
  const next = blob(FRAMES.slice(1), FORGET, {}, 1);
  assert.equal(grown.append(next.header, next.sections), 1);
  assert.equal(grown.append(next.header, next.sections), 1); // once more changes nothing
  assert.equal(grown.frames, 3);
  assert.deepEqual(grown.xy.slice(0, 24), whole.xy.slice(0, 24));
  assert.deepEqual(grown.pred.slice(0, 12), whole.pred.slice(0, 12));
});

test("a piece that starts after a gap is refused, and a rewind leaves fewer frames", () => {
  const made = run(FRAMES, FORGET);
  const late = blob(FRAMES, FORGET, {}, 5);
  assert.equal(made.append(late.header, late.sections), -1);
  assert.equal(made.frames, 3);
  const back = blob(FRAMES.slice(0, 1), FORGET, { total: 2 }, 1);
  made.append(back.header, back.sections);
  assert.equal(made.frames, 2);
  assert.deepEqual(made.steps, [0, 10]);
});

test("what has not moved beyond the largest floor so far may be noise", () => {
  const quality = [0.001, 0.004, 0.002].map((noise_floor) => ({ noise_floor }));
  const made = run(FRAMES, FORGET, { quality });
  assert.deepEqual([0, 1, 2].map((t) => made.floorTo(t)), [0.002, 0.008, 0.008]); // times the scale
});

test("the newest frame of a thinned run has the span that it has on record", () => {
  const made = run(FRAMES, FORGET, { every: 4, on_record: 7, live: true });
  assert.deepEqual([made.tail, made.span(1), made.span(2)], [2, 4, 2]);
  assert.deepEqual([made.passes(1), made.passes(2)], [false, true]);
});
