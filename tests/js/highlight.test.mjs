import assert from "node:assert/strict";
import { test } from "node:test";

import { held, HIGHLIGHTS, offered } from "../../cu_core/stage/js/highlight.js";
import { Look, paintPoints } from "../../cu_core/stage/js/paint.js";
import { Plane } from "../../cu_core/stage/js/views/map.js";
import { run } from "./made.mjs";

const FORGET = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 1 : 0));
const FRAMES = Array.from({ length: 3 }, () => FORGET.map((_, i) => [100 * i, 0]));
const by = (key) => HIGHLIGHTS.find((highlight) => highlight.key === key);

/** A run whose retrained model answers (i + 2) % 3 for sample i. */
function made(forget = FORGET) {
  const out = run(FRAMES, forget);
  const answered = [];
  for (const sample of out.order) answered.push(...[0, 1, 2].map((c) => (c === (sample + 2) % 3 ? 9 : 1)));
  Object.assign(out.shares, { ghost: Uint8Array.from(answered), slots: out.n });
  return out;
}

/** The same by sample: label i % 3, answer (frame + i) % 3, retrained's answer (i + 2) % 3. */
function reference(key, frame) {
  const wrong = (i) => (frame + i) % 3 !== i % 3;
  const rule = {
    forget: (i) => FORGET[i],
    forgotten: (i) => FORGET[i] && wrong(i),
    "not-yet": (i) => FORGET[i] && !wrong(i),
    "too-much": (i) => FORGET[i] && wrong(i) && (i + 2) % 3 === i % 3,
    lost: (i) => !FORGET[i] && wrong(i),
  }[key];
  return FORGET.map((_, i) => i).filter(rule);
}

const samples = (of, slots) => slots.map((slot) => of.order[slot]).sort((a, b) => a - b);

for (const { key } of HIGHLIGHTS) {
  test(`a highlight holds what a loop over the samples finds: ${key}`, () => {
    const of = made();
    for (const frame of [0, 1, 2]) {
      assert.deepEqual(samples(of, held(by(key), of, frame)), reference(key, frame));
    }
  });
}

test("forgotten too much is what the retrained model still answers as labelled", () => {
  const of = made();
  of.shares.ghost.fill(1); // the retrained model answers the first class for all
  const expected = FORGET.map((_, i) => i).filter((i) => FORGET[i] && i % 3 === 0);
  assert.deepEqual(samples(of, held(by("too-much"), of, 1)), expected);
  assert.ok(expected.length > 0);
});

test("forgotten and not yet part the forget samples", () => {
  const of = made();
  for (const frame of [0, 1]) {
    const parts = [held(by("forgotten"), of, frame), held(by("not-yet"), of, frame)];
    assert.deepEqual(parts.flat().sort((a, b) => a - b), held(by("forget"), of, frame));
  }
});

test("without the retrained model's answers, or anything to forget, less is offered", () => {
  const keys = (of) => offered(of).map(({ key }) => key);
  assert.deepEqual(keys(made()), ["forget", "forgotten", "not-yet", "too-much", "lost"]);
  assert.deepEqual(keys(run(FRAMES, FORGET)), ["forget", "forgotten", "not-yet", "lost"]);
  assert.deepEqual(keys(made(FORGET.map(() => 0))), []);
});

test("what is said of kept samples sums to one hundred", () => {
  const of = { n: 1717, kept: 1617 };
  assert.equal(by("lost").says(23, of),
    "23 of 1,617 kept samples are lost: 1.4 %, so retain accuracy here is 98.6 %.");
  for (let count = 0; count <= 1617; count++) {
    const [lost, left] = by("lost").says(count, of).match(/[\d.]+(?= %)/g).map(Number);
    assert.equal(Math.round(10 * (lost + left)), 1000);
    assert.ok(Math.abs(left - 100 * (1 - count / 1617)) < 0.051);
  }
  assert.equal(by("not-yet").says(1, of),
    "1 of 100 forget samples is still answered as labelled: 1.0 %.");
  assert.equal(by("not-yet").says(0, of), "None of 100 forget samples is still answered as labelled.");
});

test("one rule says what stands back in points, outlines and picking", () => {
  const of = made();
  const view = new Plane();
  view.load(of, 0, true);
  const look = new Look();
  const grey = { fill: [9, 9, 9], edge: [9, 9, 9] };
  look.dress([grey, grey, grey], [], { ink: [0, 0, 0], grey: [9, 9, 9], soft: [9, 9, 9] });
  look.outlines = 1;
  look.highlight = by("forgotten");
  const out = new Uint8Array(8 * of.n);
  for (const t of [0, 1, 1.4]) {
    paintPoints(view, look, t, out);
    const lit = Array.from({ length: of.n }, (_, slot) => slot).filter((s) => out[8 * s + 3] === 255);
    assert.deepEqual(lit, held(look.highlight, of, Math.round(t)));
  }
  const strong = (slot, frame) => look.outline(of, slot, frame).alpha === 255;
  assert.deepEqual([strong(of.kept, 0), strong(of.kept, 1)], [false, true]);
});
