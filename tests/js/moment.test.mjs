import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { doubts, placed, read, slotsOf, write, written } from "../../cu_core/stage/js/moment.js";

const CASES = JSON.parse(readFileSync(new URL("../stage/moments.json", import.meta.url)));
const PARTS = process.env.LETHE_PARTS.split(",");

for (const { query, opens, refused, said } of CASES) {
  test(`an address says the same here and on the server: ${query}`, () => {
    const found = read(query, PARTS);
    assert.deepEqual(found.moment, opens);
    assert.equal(found.refused.length, refused.length);
    refused.forEach((name, k) => assert.match(found.refused[k], new RegExp(`${name}=`)));
    if (said !== undefined) assert.equal(written(found.moment), said);
  });
}

test("a part that nothing is called is refused with those that there are", () => {
  const [sentence] = read("#hide=roof", PARTS).refused;
  assert.match(sentence, /knobs, list, curves/);
});

test("a moment takes the place of another in an address, and nothing else of it", () => {
  const from = "http://here/unlearn?run=7&step=3&pin=1";
  assert.equal(placed(from, { step: 31, only: [5, 6] }), "http://here/unlearn?run=7&step=31&only=5,6");
  assert.equal(placed("http://here/?step=3", {}), "http://here/");
});

test("what is shown is written in the words of the data, and read back", () => {
  const run = { index: Uint32Array.from([40, 14, 7]), stepAt: (t) => 4 * t };
  const screen = { view: "map", colour: "pred", ghost: null, only: [5] };
  const stage = { run, clock: { t: 3 }, look: { pins: [1] }, visit: { screen, hidden: ["list"] } };
  const said = written(write(stage));
  assert.equal(said, "step=12&view=map&colour=pred&only=5&pin=14&hide=list");
  const { moment } = read(said, PARTS);
  assert.deepEqual(slotsOf(run, moment.pin), [1]);
  assert.deepEqual(slotsOf(run, [99]), []);
});

test("what a run has not is named, with what it has", () => {
  const run = { index: Uint32Array.from([40]), classes: ["a", "b"], n: 1, kept: 1 };
  const root = { querySelectorAll: () => [{ value: "true" }, { value: "pred" }] };
  const stage = { run, root, map: { views: [{ kind: "map" }] } };
  const said = doubts(stage, { view: "roof", colour: "red", only: [1, 7], pin: [40, 9] });
  assert.equal(said.length, 4);
  for (const [k, word] of ["roof; there are both, map", "red", "sample 9", "class 7"].entries()) {
    assert.ok(said[k].includes(word), said[k]);
  }
  assert.deepEqual(doubts(stage, { view: "both", colour: "pred", only: [0], pin: [40] }), []);
});
