import assert from "node:assert/strict";
import { test } from "node:test";

import { answerMovement, called, mapMovement, outness } from "../../cu_core/stage/js/between.js";
import { Run } from "../../cu_core/stage/js/run.js";
import { blob } from "./made.mjs";

const CLASSES = [..."0123456789"];
const EACH = 20; // samples of a class

/** Ten clusters in a row, class 5 to be forgotten; ``to``: where its samples are in frame 1. */
function made(quality, to = null, names = CLASSES, more = {}) {
  const label = Uint8Array.from({ length: 10 * EACH }, (_, i) => Math.floor(i / EACH));
  const place = (i, id) => [6000 * id + 40 * (i % EACH), 1000 + 37 * ((7 * i) % EACH)];
  const first = [...label].map((id, i) => place(i, id));
  const second = [...label].map((id, i) => place(i, id === 5 && to ? to(i) : id));
  const { header, sections } = blob([first, second], [...label].map((id) => Number(id === 5)),
    { classes: names, forget_classes: [5], quality, ...more });
  const pred = Uint8Array.from([...label, ...[...label].map((id) => (id === 5 ? 3 : id))]);
  return new Run(header, { ...sections, label, pred, ...(more.sections || {}) });
}

const from = (a, b, more = {}) => [{ centrality: a }, { centrality: b, ...more }];

test("centrality 1 is the rim, that of a simplex's middle is the middle", () => {
  assert.equal(outness(1, 9), 1);
  assert.ok(Math.abs(outness(Math.sqrt(8 / 18), 9)) < 1e-12);
});

test("a class that went from a corner to the centre of the others", () => {
  assert.equal(mapMovement(made(from(0.97, 0.68)), 1),
    "The 5s went from the rim to the middle: each is now about as near to every other class.");
  const dogs = made(from(0.97, 0.68), null, CLASSES.map((name) => `c${name}`));
  assert.equal(mapMovement(dogs, 1),
    "Class c5 went from the rim to the middle: it is now about as near to every other class.");
});

test("less than that is said as less, and nothing where nothing is known", () => {
  const says = (a, b) => mapMovement(made(from(a, b)), 1);
  assert.equal(says(0.97, 0.85), "The 5s moved inwards, between the other classes.");
  assert.match(says(0.85, 0.68), /^The 5s went to the middle of the other classes/);
  assert.equal(says(0.8, 1), "The 5s moved outwards, away from the other classes.");
  assert.equal(says(0.97, 0.95), "The 5s stay about as far from the other classes as at the start.");
  assert.equal(mapMovement(made([{ fidelity: 1 }, { fidelity: 1 }]), 1), "");
  assert.equal(mapMovement(made(from(0.97, 0.68)), 0), "");
});

test("a map that draws it elsewhere is not left unsaid", () => {
  assert.match(mapMovement(made(from(0.97, 0.68, { map_centrality: 1.04 })), 1),
    /middle: .* The map draws them further out than that\.$/);
  assert.doesNotMatch(mapMovement(made(from(0.97, 0.68, { map_centrality: 0.72 })), 1), /map draws/);
});

test("a class that came apart has no way of its own, wherever its middle lies", () => {
  assert.equal(mapMovement(made(from(0.97, 0.68), (i) => i % 5), 1),
    "The 5s came apart: about 10 in 10 lie among other classes, 0 in 10 at the start.");
});

test("single samples: to how many another class is nearest by now", () => {
  const more = { forget_classes: [] };
  const few = made([], (i) => (i % EACH < 3 ? 5 : 8), CLASSES, more);
  assert.match(mapMovement(few, 1),
    /^17 of 20 samples to forget lie nearest to another class than at the start\.$/);
});

test("planted labels: how many are home", () => {
  const truth = Uint8Array.from({ length: 10 * EACH }, (_, i) => Math.floor(i / EACH));
  truth.fill(8, 5 * EACH, 6 * EACH);
  const more = { forget_classes: [], sections: { true_label: truth } };
  const one = made([], (i) => (i % EACH < 15 ? 8 : 5), CLASSES, more);
  assert.match(mapMovement(one, 1),
    /^15 of 20 mislabelled samples lie nearest to their true class on the map; 0 at the start\.$/);
  assert.match(answerMovement(one, 1), /^0 of 20 samples to forget are answered as they are labelled; 20 at the start\.$/);
});

test("a class whose name says so is not called class twice", () => {
  const named = made([], null, CLASSES.map((name) => `class ${name}`));
  assert.deepEqual(called(named), ["Class 5", false]);
});

test("answers are counted, and several classes have a name together", () => {
  assert.equal(answerMovement(made([]), 1),
    "0 of 20 samples to forget are answered correctly; 20 at the start.");
  assert.deepEqual(called(made([], null, CLASSES, { forget_classes: [3, 5] })),
    ["The classes 3 and 5", true]);
});
