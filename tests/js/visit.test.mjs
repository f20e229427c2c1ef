import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Clock } from "../../cu_core/stage/js/clock.js";
import { Visit } from "../../cu_core/stage/js/visit.js";

const storage = () => {
  const held = new Map();
  return { getItem: (name) => held.get(name) ?? null, setItem: (name, text) => held.set(name, text) };
};

beforeEach(() => {
  globalThis.window = { sessionStorage: storage(), localStorage: storage() };
});

/** A Stage of which only the time matters: frames at these steps. */
function stage(steps, overview) {
  const run = {
    id: "a", classes: [], header: { overview }, every: overview ? 8 : 1, last: steps.length - 1,
    stepAt: (t) => steps[Math.floor(t)],
    timeOf: (step) => steps.filter((at) => at <= step).length - 1,
  };
  const clock = new Clock(false);
  clock.grow(run.last, false);
  const classList = { toggle: () => {} };
  const root = { querySelector: () => ({ checked: false }), dataset: { parts: "a" }, classList };
  const look = { set: () => {}, mode: "pred", isolated: new Set(), pins: [] };
  const link = { doubt: () => {} };
  return { run, clock, root, look, link, chooser: { choice: "map", state: {} } };
}
const WHOLE = [...Array(33).keys()];
const SOME = [0, 8, 16, 24, 32];

test("an overview stands still, and the whole run plays from its beginning", () => {
  const early = stage(SOME, true);
  new Visit(early).open();
  assert.deepEqual([early.clock.t, early.clock.moving], [0, false]);
  const whole = stage(WHOLE, false);
  new Visit(whole).open();
  assert.deepEqual([whole.clock.t, whole.clock.moving], [0, true]);
});

test("where a tab left a run it is found again, by way of its overview", () => {
  const left = stage(WHOLE, false);
  left.clock.t = 19;
  left.clock.speed = 2;
  new Visit(left).keep();
  const early = stage(SOME, true);
  const looking = new Visit(early);
  looking.open();
  assert.equal(early.clock.t, 2); // the last of its frames that is not behind step 19
  looking.keep(); // as a choice of colours does: the time is still that of the whole
  const back = stage(WHOLE, false);
  new Visit(back).open();
  assert.deepEqual([back.clock.t, back.clock.moving, back.clock.speed], [19, false, 2]);
});

test("what a hand has set on an overview holds for the whole", () => {
  const early = stage(SOME, true);
  const visit = new Visit(early);
  visit.open();
  early.clock.t = 3;
  visit.keep();
  const whole = stage(WHOLE, false);
  new Visit(whole).open();
  assert.deepEqual([whole.clock.t, whole.clock.moving], [24, false]);
});

test("an address leads a tab once, before where the tab left the run", () => {
  const link = { step: 11, link: "step=11" };
  const at = (opens) => {
    const made = stage(WHOLE, false);
    made.run.header.opens = opens;
    const visit = new Visit(made);
    visit.open();
    return [made, visit];
  };
  const [first, left] = at(undefined);
  first.clock.seek(19);
  left.keep();
  const [led, visit] = at(link);
  assert.deepEqual([led.clock.t, led.clock.moving], [11, false]);
  led.clock.seek(25);
  visit.keep();
  assert.equal(at(link)[0].clock.t, 25); // a reload of the same address
  assert.equal(at({ step: 4, link: "step=4" })[0].clock.t, 4); // another one
});
