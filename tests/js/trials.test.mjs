import assert from "node:assert/strict";
import { test } from "node:test";

import { Choice } from "../../cu_core/stage/js/trials/choice.js";
import {
  between, gridOf, placeOf, tileAt, touched, WORDS,
} from "../../cu_core/stage/js/trials/grid.js";
import { ordered } from "../../cu_core/stage/js/trials/order.js";
import { windowOf, within } from "../../cu_core/stage/js/trials/pictures.js";
import { facts, heading, named, short } from "../../cu_core/stage/js/trials/words.js";

const HEADER = {
  trials: [{}],
  objectives: [
    { key: "gap", title: "Mean gap", unit: "points", better: "low" },
    { key: "ta", title: "Test accuracy", unit: "%", better: "high" },
  ],
  knobs: [{ key: "weight", title: "contrast weight" }, { key: "mode", title: "mode" }],
};

function trial(number, gap, ta, more = {}) {
  return {
    number, state: "done", picture: true, values: { gap, ta },
    knobs: { weight: 10 - number, mode: "ab"[number % 2] }, ...more,
  };
}

const numbers = (trials) => trials.map((one) => one.number);

test("the best is first by either end, and what has no value or failed is last", () => {
  const trials = [
    trial(0, null, null, { state: "failed" }), trial(1, 3, 90), trial(2, 1, 80),
    trial(3, 0.5, 10, { below_floor: true }), trial(4, null, null, { state: "running" }),
    trial(5, 1, 99), trial(6, null, 70),
  ];
  const by = (key) => numbers(ordered(trials, key, HEADER.objectives));
  assert.deepEqual(by("gap"), [2, 5, 1, 6, 3, 4, 0]);
  assert.deepEqual(by("ta"), [5, 1, 2, 6, 3, 4, 0]);
  assert.deepEqual(by("weight"), [6, 5, 4, 3, 2, 1, 0]);
  assert.deepEqual(by("mode"), [0, 2, 4, 6, 1, 3, 5]);
  assert.deepEqual(numbers(trials), [0, 1, 2, 3, 4, 5, 6]);
});

test("tiles fill the width, lie apart, and a point is found in its own tile alone", () => {
  for (const [width, count] of [[1240, 500], [1240, 12], [340, 30], [90, 3], [60, 1], [700, 0]]) {
    const grid = gridOf(width, count);
    const seen = new Set();
    for (let k = 0; k < count; k++) {
      const [x, y] = placeOf(grid, k);
      assert.ok(x >= 0 && x + grid.side <= width && y + grid.side + WORDS <= grid.height);
      seen.add(`${x} ${y}`);
      for (const [dx, dy] of [[0, 0], [grid.side, grid.side + WORDS], [9, 9]]) {
        assert.equal(tileAt(grid, x + dx, y + dy), k);
      }
      assert.equal(tileAt(grid, x + grid.side + 2, y), -1);
      assert.equal(tileAt(grid, x, y + grid.down - 2), -1);
    }
    assert.equal(seen.size, count);
  }
});

test("a rectangle touches what overlaps it, whichever corner it began at", () => {
  const grid = gridOf(800, 23);
  const overlaps = ([ax, ay, bx, by]) => {
    const [x0, x1] = [Math.min(ax, bx), Math.max(ax, bx)];
    const [y0, y1] = [Math.min(ay, by), Math.max(ay, by)];
    return [...Array(23).keys()].filter((k) => {
      const [x, y] = placeOf(grid, k);
      return x <= x1 && x + grid.side >= x0 && y <= y1 && y + grid.side + WORDS >= y0;
    });
  };
  const ends = [-50, 3, 110, 205, 333, 520, 799, 1400];
  for (const ax of ends) for (const ay of ends) for (const bx of ends) for (const by of ends) {
    const corners = [ax, ay, bx, by];
    assert.deepEqual(touched(grid, corners), overlaps(corners), corners.join());
  }
});

test("the rows between two heights hold every tile that is seen there", () => {
  const grid = gridOf(800, 95);
  for (const [top, bottom] of [[0, 300], [250, 900], [3000, 9000], [0, 0]]) {
    const [first, end] = between(grid, top, bottom);
    for (let k = 0; k < 95; k++) {
      const y = placeOf(grid, k)[1];
      if (y < bottom && y + grid.side + WORDS > top) assert.ok(k >= first && k < end);
    }
    assert.ok(end <= 95 && (end - first) / grid.columns <= (bottom - top) / grid.down + 2);
  }
});

test("gestures set, add, take out and toggle, and say whether that changed anything", () => {
  const choice = new Choice();
  const after = (own, how) => [choice.gesture(own, how), [...choice.trials].sort()];
  assert.deepEqual(after([1, 2], "set"), [true, [1, 2]]);
  assert.deepEqual(after([3, 2], "add"), [true, [1, 2, 3]]);
  assert.deepEqual(after([3, 2, 1], "set"), [false, [1, 2, 3]]);
  assert.deepEqual(after([1, 7], "remove"), [true, [2, 3]]);
  assert.deepEqual(after([2, 5], "toggle"), [true, [3, 5]]);
  assert.ok(choice.fades(2) && !choice.fades(3));
  assert.deepEqual(after([], "set"), [true, []]);
  assert.ok(!choice.fades(2));
});

test("what the page says again late undoes no newer gesture; what it says itself holds", () => {
  const choice = new Choice();
  choice.gesture([1], "set");
  choice.hears([]); // a blob from before it heard of the first
  assert.deepEqual([...choice.trials], [1]);
  choice.gesture([2], "set");
  choice.hears([1]);
  assert.deepEqual([...choice.trials], [2]);
  choice.hears([2]);
  choice.hears([2]);
  assert.deepEqual([...choice.trials], [2]);
  choice.hears([4, 5]);
  assert.deepEqual([...choice.trials], [4, 5]);
  choice.hears([]);
  assert.deepEqual([...choice.trials], []);
});

test("the shared window holds all but strays, and what lies outside is drawn at its rim", () => {
  const cluster = (x, y) => Array.from({ length: 200 }, (_, k) => [x + k, y + 2 * k]).flat();
  const [near, far] = [cluster(20000, 30000), cluster(40000, 30000)].map((xy) => {
    xy[0] = 65535; // a stray
    return Uint16Array.from(xy);
  });
  const { x, y, side } = windowOf([near, far]);
  assert.ok(x <= 20000 && x > 17000 && x + side >= 40200 && x + side < 43000);
  assert.ok(y <= 30000 && y + side >= 30400);
  assert.deepEqual(windowOf([near, far]), windowOf([far, near]));
  const window = { x: 100, y: 200, side: 1000 };
  assert.deepEqual(within(window, 600, 450, 80), [40, 60]);
  assert.deepEqual(within(window, 65535, 0, 80), [79, 79]);
  assert.deepEqual(within(window, 0, 65535, 80), [1, 1]);
});

test("one place for all samples is no empty window", () => {
  assert.ok(windowOf([new Uint16Array(20).fill(500)]).side > 0);
});

test("values are short and say what they are", () => {
  const values = [0.84321, 12, 12345.6, 0.00001234, 3e9, null, undefined, true, "sgd", 0, -0.5];
  assert.deepEqual(values.map(short),
    ["0.843", "12", "12300", "1.2e-5", "3e9", "–", "–", "on", "sgd", "0", "-0.5"]);
});

test("a tile's name says number, values, knobs and how it came out", () => {
  const one = trial(12, 0.8, null, { front: true, knobs: { weight: 3.2, mode: "a" } });
  assert.equal(named(one, HEADER),
    "Trial 12: mean gap 0.8 points, contrast weight 3.2, mode a; on the front");
  const failed = trial(3, null, null, { state: "failed", picture: false });
  assert.equal(named(failed, HEADER), "Trial 3: contrast weight 7, mode b; failed");
  assert.deepEqual(facts(one, HEADER)[1], ["Test accuracy", "–"]);
  assert.equal(heading(HEADER, "gap"), "Best first by mean gap, points");
  assert.equal(heading(HEADER, "weight"), "By contrast weight");
  assert.match(heading({ ...HEADER, trials: [] }, "gap"), /appears here/);
});
