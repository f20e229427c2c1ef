import assert from "node:assert/strict";
import { test } from "node:test";

import { legs, seconds } from "../../cu_core/stage/js/stories/passage.js";
import { paragraphs, spans } from "../../cu_core/stage/js/stories/prose.js";
import { goal, screenAt } from "../../cu_core/stage/js/stories/screens.js";
import {
  csv, favourite, optionsOf, recallHands, rememberHands, tally,
} from "../../cu_core/stage/js/stories/tally.js";

const stop = (moment) => ({ moment });

test("view and colour stay from stop to stop, all else is as the stop says", () => {
  const stops = [
    stop({ view: "answers", colour: "true" }),
    stop({ only: [3], pin: [7], ghost: true, morph: true }),
    stop({ colour: "moved" }),
  ];
  const { view, colour, only, ghost, morph } = screenAt(stops, 1);
  assert.deepEqual([view, colour, only, ghost, morph], ["answers", "true", [3], true, true]);
  const last = screenAt(stops, 2);
  assert.deepEqual([last.view, last.colour, last.only, last.pin], ["answers", "moved", [], []]);
  assert.deepEqual([last.ghost, last.morph], [false, false]);
  assert.equal(screenAt([stop({})], 0).view, "map");
});

test("keys lead to stops, and others to none", () => {
  const at = (key) => goal(key, 2, 5);
  assert.deepEqual(["ArrowRight", "PageDown", " "].map(at), [3, 3, 3]);
  assert.deepEqual(["ArrowLeft", "PageUp", "Home", "End"].map(at), [1, 1, 0, 4]);
  assert.equal(goal("ArrowLeft", 0, 5), 0);
  assert.deepEqual(["ArrowUp", "n", "Tab"].map(at), [null, null, null]);
});

/** What a way shows, leg after leg, at its beginning, middle and end. */
function shown(from, to) {
  const seen = [];
  const show = { time: (t) => seen.push(["t", t]), morph: (m) => seen.push(["m", m]) };
  for (const leg of legs(from, to, show)) for (const share of [0, 0.5, 1]) leg.show(share);
  return seen;
}

test("the picture plays from stop to stop and arrives where it should", () => {
  assert.deepEqual(shown({ t: 0, morph: 0 }, { t: 10, morph: 0 }), [["t", 0], ["t", 5], ["t", 10]]);
  assert.deepEqual(shown({ t: 4, morph: 0 }, { t: 4, morph: 0 }), []);
  assert.equal(seconds(0, 24), 2);
  assert.ok(seconds(0, 1000) <= 4 && seconds(0, 1) >= 0.7 && seconds(24, 0) < seconds(0, 24));
});

test("marks come back before time goes on, and go out after it", () => {
  const there = [["m", 0], ["m", 0.5], ["m", 1]];
  const back = [["m", 1], ["m", 0.5], ["m", 0]];
  const time = [["t", 0], ["t", 5], ["t", 10]];
  assert.deepEqual(shown({ t: 0, morph: 0 }, { t: 0, morph: 1 }), there);
  assert.deepEqual(shown({ t: 0, morph: 1 }, { t: 0, morph: 0 }), back);
  assert.deepEqual(shown({ t: 0, morph: 1 }, { t: 0, morph: 1 }), []);
  assert.deepEqual(shown({ t: 0, morph: 1 }, { t: 10, morph: 1 }), [...back, ...time, ...there]);
  const half = shown({ t: 0, morph: 0.5 }, { t: 0, morph: 1 }); // a hand that turned round half-way
  assert.deepEqual([half[0], half.at(-1)], [["m", 0.5], ["m", 1]]);
});

test("words are paragraphs, strong, emphasised or code, and nothing else", () => {
  assert.deepEqual(paragraphs("a\nb\n\n\n c "), ["a b", "c"]);
  assert.deepEqual(spans("**a** b *c* `d`"), [
    ["strong", "a"], ["", " b "], ["em", "c"], ["", " "], ["code", "d"],
  ]);
  assert.deepEqual(spans("<img src=x onerror=alert(1)> 5 %"), [
    ["", "<img src=x onerror=alert(1)> 5\u00a0%"],
  ]);
  assert.deepEqual(spans("2 * 3"), [["", "2 * 3"]]);
});

const CHOICE = { prompt: 'Which, "A" or B?', options: [{ value: "0", name: "a" }, { value: "1", name: "b" }] };
const SLIDER = { prompt: "How many?", low: 0, high: 100, unit: "%" };

test("hands are counted by option, beside the truth once it is known", () => {
  const [a, b] = tally(CHOICE, { 0: 3, 1: 9 });
  assert.deepEqual([a.hands, a.share, a.truth], [3, 25, null]);
  assert.deepEqual([b.hands, b.share, b.truth], [9, 75, null]);
  const known = { ...CHOICE, truth: "1", shares: { 0: 20, 1: 80 } };
  assert.deepEqual(tally(known, {}).map(({ share, truth }) => [share, truth]), [[0, 20], [0, 80]]);
  const plain = { ...CHOICE, truth: "0", shares: {} };
  assert.deepEqual(tally(plain, {}).map(({ truth }) => truth), [100, 0]);
});

test("a slider's hands are counted in stretches, of which one holds the truth", () => {
  assert.deepEqual(optionsOf(SLIDER).map(({ name }) => name), [
    "0 to 20 %", "20 to 40 %", "40 to 60 %", "60 to 80 %", "80 to 100 %",
  ]);
  for (const [value, k] of [[0, 0], [20, 1], [99.9, 4], [100, 4]]) {
    const rows = tally({ ...SLIDER, truth: { value, low: 0, high: 100 } }, {});
    assert.deepEqual(rows.map(({ truth }) => truth), [0, 1, 2, 3, 4].map((i) => (i === k ? 100 : 0)));
  }
});

test("what most hands are up for is the class's guess", () => {
  assert.equal(favourite(CHOICE, {}), null);
  assert.equal(favourite(CHOICE, { 0: 2, 1: 3 }), "1");
  assert.equal(favourite(SLIDER, { 30: 2, 90: 1 }), 30);
});

test("hands are kept by the browser, and a damaged or forbidden store costs nothing", () => {
  const held = new Map();
  globalThis.window = { localStorage: {
    getItem: (name) => held.get(name) ?? null, setItem: (name, text) => held.set(name, text),
  } };
  rememberHands("told", 3, { 0: 4 });
  assert.deepEqual(recallHands("told", 3), { 0: 4 });
  assert.deepEqual(recallHands("told", 4), {});
  held.set([...held.keys()][0], '{"0": -1, "1": "x", "2": 5}');
  assert.deepEqual(recallHands("told", 3), { 2: 5 });
  held.set([...held.keys()][0], "{");
  assert.deepEqual(recallHands("told", 3), {});
  globalThis.window = { get localStorage() { throw new Error("forbidden"); } };
  rememberHands("told", 3, { 0: 4 });
  assert.deepEqual(recallHands("told", 3), {});
});

test("the file of the hands quotes what a table would break at", () => {
  const known = { ...CHOICE, truth: "1", shares: { 0: 20, 1: 80 } };
  const text = csv({ story: "told", stop: 2, prompt: CHOICE.prompt }, tally(known, { 0: 1, 1: 3 }));
  assert.equal(text, [
    "story,stop,question,option,hands,percent_of_hands,percent_of_truth",
    'told,3,"Which, ""A"" or B?",a,1,25.0,20.0',
    'told,3,"Which, ""A"" or B?",b,3,75.0,80.0',
    "",
  ].join("\r\n"));
});
