import assert from "node:assert/strict";
import { test } from "node:test";

import {
  alike, answerNow, answerRetrained, answers, damaged, known, lookedAt, mix, nearestNow,
  opposing, sentence, shareOf,
} from "../../cu_core/stage/js/looks.js";
import { Run } from "../../cu_core/stage/js/run.js";
import { blob } from "./made.mjs";

const FORGET = [0, 1, 0, 1, 0, 0]; // labels 0 1 2 0 1 2; slots are samples 0 2 4 5 1 3

/** Two frames; of each sample shares of three classes, or of the two that ``of`` names. */
function made(share, of, more = {}, header = {}) {
  const still = FORGET.map((_, i) => [i, i]);
  const given = blob([still, still], FORGET, header);
  const sections = { ...given.sections, share: Uint8Array.from(share), ...more };
  if (of) sections.share_class = Uint8Array.from(of);
  return new Run(given.header, sections);
}

const rows = (first, second) => [...Array(6).fill(first).flat(), ...Array(6).fill(second).flat()];

test("shares are read by class, frame and slot", () => {
  const share = rows([255, 0, 0], [51, 204, 0]);
  share.splice(6 * 3 + 2 * 3, 3, 0, 0, 255); // frame 1, sample 2: slot 1
  const run = made(share);
  assert.deepEqual([0, 1, 2].map((id) => shareOf(run, 0, id, 1)), [20, 80, 0]);
  assert.deepEqual([0, 1, 2].map((id) => shareOf(run, 1, id, 1)), [0, 0, 100]);
  assert.equal(shareOf(run, 0, 0, 2), null); // no such frame
});

test("where the largest are kept alone, another class has none", () => {
  const run = made(rows([200, 50], [200, 50]), rows([2, 0], [1, 2]));
  assert.deepEqual([0, 1, 2].map((id) => Math.round(shareOf(run, 3, id, 0))), [20, 0, 78]);
  assert.deepEqual([0, 1, 2].map((id) => Math.round(shareOf(run, 3, id, 1))), [0, 78, 20]);
});

test("a line for the label and each class that ever comes to something", () => {
  const run = made(rows([255, 0, 0], [100, 153, 2]));
  const lines = answers(run, 4); // sample 1, of class 1
  assert.deepEqual(lines.map(({ id }) => id), [1, 0]); // the third never reaches 3 %
  assert.deepEqual(lines[0].values.map(Math.round), [0, 60]);
  assert.deepEqual(answers(made([]), 4), []); // an older run has no shares
});

test("the answer of a frame, with how sure it is where that is known", () => {
  assert.equal(answerNow(made(rows([255, 0, 0], [51, 204, 0])), 0, 1), "b, 80 % sure");
  assert.equal(answerNow(made([]), 0, 1), "b");
  const ghost = Uint8Array.from(Array(6).fill([51, 0, 204]).flat());
  assert.equal(answerRetrained(made([], null, { ghost_share: ghost }), 0), "c, 80 % sure");
  assert.equal(answerRetrained(made([]), 0), "");
});

test("a sample is told by file, key and row, each that there is", () => {
  const names = { of: "x", row: [9, 8, 7, 6, 5, 4], file: ["a.png", "", "", "", "", ""], key: ["k"] };
  const run = made([], null, {}, { names });
  assert.deepEqual(known(run, 0), [["File", "a.png"], ["Key", "k"], ["Row", "9"]]);
  assert.deepEqual(known(run, 1), [["Row", "7"]]);
  assert.deepEqual(known(made([], null, {}, { names: { row: null } }), 1), [["Row", "102"]]);
  assert.deepEqual(known(made([]), 1), [["Index", "102"]]);
});

test("neighbours are counted by the label that they carry", () => {
  const run = made([]); // labels by slot: 0 2 1 2 1 0
  assert.equal(alike(run, 0, [5, 1, 2]), 1);
  assert.equal(mix(run, [1, 3, 2, 5]), "c (2), a (1), b (1)");
  const near = { start: [5, 1], now: [1, 2], retrained: [5] };
  assert.equal(sentence(run, 0, near, 24), "At step 24, 0 of its 2 nearest carry its own label, a; " +
    "at the start 1; in the retrained model 1.");
  assert.equal(sentence(run, 0, { start: [5, 1] }, 24),
    "At the start, 1 of its 2 nearest carries its own label, a.");
  assert.equal(sentence(run, 0, {}, 24), "");
});

test("the nearest class of the snapshot at or before a step is named", () => {
  const run = made([]);
  const told = { classes: [0, 2, 1], away: [[0.1, 0.5, 0.6], [0.4, 0.2, null], [0.9, 0.9, null]] };
  const say = (step) => nearestNow(run, 0, told, [0, 10, 20], step);
  assert.equal(say(9), "Nearest: a, its own label, 0.100.");
  assert.equal(say(10), "Nearest: c, 0.200. Its own label, a: 0.500.");
  assert.equal(say(25), "Nearest: a, its own label, 0.600."); // what is no number is nowhere
  assert.equal(say(-1), "");
  assert.equal(damaged(0), "");
  assert.match(damaged(2), /left out: 2 snapshots/);
});

test("what is set against a sample is counted, on the map and off it", () => {
  const told = { update: 23, push: [], pull: [7, 8, 9], step: 24 };
  assert.match(opposing(told, 3), /^Update 23, .* towards 3 kept .* from none of its own\.$/);
  assert.match(opposing({ ...told, push: [1] }, 2), /from 1 of its own\. 2 of these 4 are on the map\.$/);
  assert.equal(opposing({ step: 1 }, 0), "It has taken part in no update by step 1.");
});

test("a look that is not at its end says how far it is", () => {
  assert.equal(lookedAt({ looked: 24, snapshots: 60 }), " 24 of 60 snapshots looked at so far.");
  assert.equal(lookedAt({ looked: 60, snapshots: 60 }), "");
  assert.equal(lookedAt({ missing: {} }) + lookedAt(undefined), ""); // no snapshot yet, or no page
});
