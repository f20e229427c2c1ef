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
