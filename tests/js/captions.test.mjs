import assert from "node:assert/strict";
import { test } from "node:test";

import { captionAt, captions } from "../../cu_core/stage/js/captions.js";
import { run } from "./made.mjs";

const FORGET = [1, 0, 1, 0];
const still = Array.from({ length: 12 }, () => [[0, 0], [9, 9], [0, 5], [9, 0]]);
const curve = {
  key: "forget_acc_test", title: "Forget accuracy", unit: "%", group: "accuracy", retrained: 4,
  steps: still.map((_, i) => 10 * i), values: still.map((_, i) => Math.max(0, 100 - 20 * i)),
};
const made = (more = {}) => {
  const one = run(still, FORGET, { curves: [curve], verdict: "It forgot b.", ...more });
  one.pred.fill(0); // answers that never change
  return one;
};

test("play holds at the start, where accuracy is down to the retrained model's, and at the end", () => {
  const found = captions(made());
  assert.deepEqual(found.map(({ t }) => t), [0, 5, 11]);
  assert.equal(found[1].text, "Step 50: accuracy on b is down to the retrained model's 4 %.");
  assert.match(found[0].text, /^Each mark is an image\. The 2 diamonds are to be forgotten: b\.$/);
  assert.equal(found[2].text, "It forgot b.");
});

test("a hold lasts as long as its words need, the end's longest", () => {
  const [start, between, end] = captions(made()).map(({ seconds }) => seconds);
  assert.ok(start <= 1 && between >= 1.6 && end >= 4);
  const long = captions(made({ verdict: "word ".repeat(30) }));
  assert.ok(long.at(-1).seconds > end && long.at(-1).seconds <= 12);
});

test("moments that are nearer than three frames are one", () => {
  const one = made();
  one.pred.fill(2, 6 * 4); // half of them are answered otherwise from frame 6 on
  assert.deepEqual(captions(one).map(({ t }) => t), [0, 5, 11]);
  const other = made({ curves: [] });
  other.pred.fill(2, 6 * 4);
  assert.deepEqual(captions(other).map(({ t }) => t), [0, 6, 11]);
});

test("a run's maker may say other words; a live run holds nowhere and is given no end", () => {
  const opens = { captions: [{ step: 0, text: "Look." }, { step: 30, text: "Now." }] };
  const told = captions(made({ opens }));
  assert.deepEqual(told.map(({ t, text }) => [t, text]),
    [[0, "Look."], [3, "Now."], [11, "It forgot b."]]);
  assert.deepEqual(captions(made({ live: true })), []);
});

test("the verdict is said at the end and nowhere before", () => {
  const list = captions(made());
  assert.equal(captionAt(list, 10.99), list[1].text);
  assert.equal(captionAt(list, 11), "It forgot b.");
  assert.equal(captionAt([], 3), "");
  const brief = captions(made({ headline: "b: 4 % right" }));
  assert.equal(captionAt(brief, 11), "b: 4 % right"); // one line, where the record has it
});
