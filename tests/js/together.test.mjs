// Several runs on one clock: where each stands, which slots are the same sample, what an address
// holds.
import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, screenIn, screenOf, takeUp } from "../../cu_core/stage/js/together/address.js";
import { Course } from "../../cu_core/stage/js/together/course.js";
import { joined, Samples } from "../../cu_core/stage/js/together/joined.js";
import { measures, stretched } from "../../cu_core/stage/js/together/lines.js";
import { follow, together } from "../../cu_core/stage/js/together/linked.js";
import { grid } from "../../cu_core/stage/js/compare.js";
import { Camera } from "../../cu_core/stage/js/camera.js";
import { Look } from "../../cu_core/stage/js/paint.js";
import { run } from "./made.mjs";

const FRAME = [[0, 0], [10, 0], [20, 0], [30, 0]];
const still = (frames, steps, more = {}) =>
  run(Array.from({ length: frames }, () => FRAME), [1, 0, 1, 0], { steps, ...more });
const LONG = still(5, [0, 10, 20, 30, 40]);
const SHORT = still(3, [0, 5, 20]);

test("by share all runs begin and end together, by steps a shorter one waits at its end", () => {
  const share = new Course([SHORT, LONG], "share");
  assert.equal(share.leads, LONG); // it has most frames
  assert.deepEqual([0, 2, 4].map((t) => share.timeIn(SHORT, t)), [0, 1 + 5 / 15, 2]);
  const steps = new Course([SHORT, LONG], "steps");
  assert.deepEqual([0, 1, 2, 4].map((t) => steps.timeIn(SHORT, t)), [0, 1 + 5 / 15, 2, 2]);
  assert.deepEqual([0, 1, 3].map((t) => steps.timeIn(LONG, t)), [0, 1, 3]);
});

test("steps are led by the run with most of them, however few frames it has", () => {
  const sparse = still(2, [0, 100]);
  assert.equal(new Course([LONG, sparse], "steps").leads, sparse);
  assert.equal(new Course([LONG, sparse], "share").leads, LONG);
});

test("the words say the share, or the step", () => {
  assert.deepEqual(new Course([SHORT, LONG], "share").words(1), ["25 %", " of the run"]);
  assert.deepEqual(new Course([SHORT, LONG], "steps").words(1), ["step 10", " / 40"]);
});

test("a share is found again as a time", () => {
  const course = new Course([SHORT, LONG], "share");
  for (const t of [0, 1, 2.5, 4]) assert.ok(Math.abs(course.timeOfShare(course.share(t)) - t) < 1e-9);
});

/** A run with samples of these indices, in another order of slots. */
const of = (index) => ({ index: Uint32Array.from(index) });

test("a hand on a sample in one map is on it in all that show it", () => {
  const shared = new Look();
  const [a, b, c] = [[7, 3, 9], [9, 7, 5], [1, 2, 4]].map((ids) => joined(shared, new Samples(of(ids))));
  a.hover = 0;
  assert.deepEqual([shared.hover, a.hover, b.hover, c.hover], [7, 0, 1, -1]);
  b.hover = -1;
  assert.equal(a.hover, -1);
  a.pins = [0, 1];
  assert.deepEqual([shared.pins, b.pins, c.pins], [[7, 3], [1], []]);
  b.pins = [1, 2]; // 7 and 5; 3 is not here, and stays
  assert.deepEqual([shared.pins, a.pins], [[3, 7, 5], [1, 0]]);
  c.pinned = -1; // which takes all away that it knows of, and leaves what others hold
  assert.deepEqual(shared.pins, [3, 7, 5]);
});

test("what is chosen in one map is chosen in all, by index", () => {
  const shared = new Look();
  const told = [];
  shared.choose = (indices, how) => told.push([indices, how]);
  const [a, b] = [[7, 3, 9], [9, 7, 5]].map((ids) => joined(shared, new Samples(of(ids))));
  b.choose([0, 2], "add");
  assert.deepEqual(told, [[[9, 5], "add"]]);
  shared.chosen = new Set([9, 5]);
  assert.deepEqual([[...a.chosen], [...b.chosen]], [[2], [0, 2]]);
  assert.equal(a.chosen, a.chosen); // made once, until something else is chosen
  assert.ok(b.rings(2) && !a.rings(0));
});

test("colours and isolated classes are one thing for all", () => {
  const shared = new Look();
  const [a, b] = [[1], [2]].map((ids) => joined(shared, new Samples(of(ids))));
  a.toggle(4);
  b.set("moved");
  assert.ok(b.dims(3) && !b.dims(4));
  assert.deepEqual([a.mode, a.version, b.version], ["moved", 2, 2]);
});

/** A pane with a camera, and nothing else. */
function pane(box, bounds) {
  const camera = new Camera();
  camera.resize(400, 300, 0);
  return { grid: grid(box), run: { bounds }, map: { camera } };
}

test("maps of one projection show one stretch of it, and zoom together", () => {
  const panes = [pane([0, 0, 10, 10], [0, 0, 30000, 30000]), pane([-5, 0, 15, 20], [20000, 0, 60000, 50000])];
  together(panes);
  const corners = ({ grid: { unit, x, y }, map: { camera } }) =>
    [[0, 0], [400, 300]].flatMap((at) => {
      const [px, py] = camera.fromPixel(...at);
      return [x + px * unit, y + py * unit];
    });
  const close = () => corners(panes[0]).forEach((v, k) =>
    assert.ok(Math.abs(v - corners(panes[1])[k]) < 1e-6));
  close();
  panes[1].map.camera.zoomAt(120, 80, 3);
  follow(panes[1], panes);
  close();
});

test("measures are those that any run has, without losses; on one axis by percent or by steps", () => {
  const curve = (key, group) => ({ key, title: key, unit: "%", group, steps: [0, 10], values: [1, 2] });
  const panes = [["ta", "loss/a"], ["ta", "ra"]].map((keys) => ({
    run: { header: { curves: keys.map((k) => curve(k, k.startsWith("loss") ? "loss" : "accuracy")) } },
  }));
  assert.deepEqual(measures(panes).map(({ key, lines }) => [key, lines.length]), [["ta", 2], ["ra", 1]]);
  assert.deepEqual(stretched(curve("ta"), { endStep: 20 }, "share"), [0, 50]);
  assert.deepEqual(stretched(curve("ta"), { endStep: 20 }, "steps"), [0, 10]);
});

test("an address brings back what was on the screen, as far as it means anything", () => {
  const made = () => {
    const look = new Look();
    const first = { samples: new Samples(LONG), run: LONG, map: { camera: new Camera() } };
    return { look, panes: [first], course: new Course([LONG], "share"), clock: { t: 1 } };
  };
  const before = made();
  Object.assign(before.look, { mode: "true", pins: [101], chosen: new Set([100, 103]) });
  before.look.isolated.add(2);
  before.panes[0].map.camera.zoomAt(0, 0, 2);
  const screen = screenOf(before);
  const after = made();
  assert.equal(takeUp(screen, after), true);
  assert.deepEqual(screenOf(after), screen);
  const alone = made(); // an exported page reads its address itself
  assert.equal(takeUp(screenIn(addressOf("file:///a.html", screen)), alone), true);
  assert.deepEqual(screenOf(alone), screen);
  const other = made();
  assert.equal(takeUp({ colour: "red", only: [17], pins: [5], camera: [1, NaN, 2] }, other), false);
  assert.deepEqual(screenOf(other), screenOf(made()));
});

test("nobody has moved a map that follows one that nobody has moved", () => {
  const panes = [pane([0.1, 0.3, 7.7, 3.1], [100, 0, 900, 60000]), pane([-0.7, -0.9, 3.1, 2.3], [0, 0, 65535, 40000])];
  for (let k = 0; k < 7; k++) panes.push(pane([-k / 3, -k / 7, 3 + k / 11, 2.9 + k / 13], [0, 0, 65535, 65535]));
  together(panes);
  follow(panes[0], panes);
  assert.deepEqual(panes.map((one) => one.map.camera.moved), panes.map(() => false));
});

test("an address holds the screen as the page writes it, and what else it says", () => {
  const screen = { by: "steps", at: 0.5, only: [5, 6], pins: [], camera: [] };
  const address = addressOf("http://here/compare?runs=a,b&pins=3&at=1", screen);
  assert.equal(address, "http://here/compare?runs=a,b&at=0.5&by=steps&only=5,6");
});
