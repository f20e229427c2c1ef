import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock, FRAMES_PER_SECOND } from "../../cu_core/stage/js/clock.js";

function clock(last, live = false, calm = false) {
  const made = new Clock(calm);
  made.grow(last, live);
  return made;
}

test("it plays so many frames a second, whatever the pictures take, and stops at the end", () => {
  const made = clock(24);
  made.play();
  for (const now of [0, 100, 130, 250, 500]) assert.equal(made.tick(now), false);
  assert.ok(Math.abs(made.t - 0.5 * FRAMES_PER_SECOND) < 1e-9);
  let ended = 0;
  for (let now = 600; now < 9000; now += 100) ended += made.tick(now);
  assert.deepEqual([made.t, made.playing, ended], [24, false, 1]);
});

test("a tab that slept does not jump", () => {
  const made = clock(24);
  made.play();
  made.tick(0);
  made.tick(60_000);
  assert.ok(made.t <= 0.25 * FRAMES_PER_SECOND);
});

test("played again from the end it begins anew; of a live run it follows", () => {
  const over = clock(5);
  over.seek(5);
  over.play();
  assert.deepEqual([over.t, over.playing], [0, true]);
  const live = clock(5, true);
  live.seek(5);
  live.play();
  assert.deepEqual([live.t, live.playing, live.following], [5, false, true]);
  live.grow(9, true);
  live.tick(0);
  for (let now = 200; now <= 2000; now += 200) live.tick(now);
  assert.equal(live.t, 9);
});

test("under reduced motion there is nothing between two frames", () => {
  const made = clock(10, false, true);
  made.play();
  for (let now = 0; now < 1500; now += 50) {
    made.tick(now);
    assert.ok(Number.isInteger(made.t));
  }
  assert.ok(made.t > 0);
});

test("fewer frames after a rewind: who stood beyond them stands on the last", () => {
  const made = clock(10, true);
  made.seek(8);
  made.grow(4, true);
  assert.equal(made.t, 4);
});

/** Ticks of a tenth of a second until ``seconds`` have passed; the times that were shown. */
function ran(made, seconds, from = 0) {
  const seen = [];
  for (let k = 0; k <= 10 * seconds; k++) {
    made.tick(1000 * from + 100 * k);
    seen.push(made.t);
  }
  return seen;
}

test("it stands still at a hold for as long as that asks, and then goes on", () => {
  const made = clock(24);
  made.holds = [{ t: 6, seconds: 2 }];
  made.play();
  const seen = ran(made, 6);
  const still = seen.filter((t) => t === 6).length;
  assert.ok(still >= 20 && still <= 22, String(still));
  assert.equal(seen.at(-1), 24);
});

test("nobody who seeks is held", () => {
  const made = clock(24);
  made.holds = [{ t: 6, seconds: 2 }];
  made.seek(6);
  made.play();
  made.tick(0);
  made.tick(100);
  assert.ok(made.t > 6);
});

test("a recorded run begins anew after its last hold; a live one and a calm one never do", () => {
  for (const [live, calm] of [[false, false], [true, false], [false, true]]) {
    const made = clock(12, live, calm);
    Object.assign(made, { loops: true, holds: [{ t: 12, seconds: 1 }] });
    made.play();
    const seen = ran(made, 9);
    const again = seen.findLastIndex((t) => t < 3) > seen.indexOf(12) && seen.includes(12);
    assert.equal(again, !live && !calm, `${live} ${calm}`);
  }
});

test("the end is where a run that is over has its last frame", () => {
  const [over, live] = [clock(4), clock(4, true)];
  for (const made of [over, live]) made.seek(4);
  assert.deepEqual([over.ended, live.ended], [true, false]);
  over.seek(3.9);
  assert.equal(over.ended, false);
});
