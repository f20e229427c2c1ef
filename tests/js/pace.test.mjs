import assert from "node:assert/strict";
import { test } from "node:test";

import { LIVE_MS, Pace } from "../../cu_core/stage/js/pace.js";

/** A screen that shows a picture every 16 ms, for so many ms; the pace draws on while it is asked. */
function screen(t, { gently, hidden = false, ms }) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waiting = [];
  globalThis.document = { hidden };
  globalThis.requestAnimationFrame = (draw) => waiting.push(draw);
  globalThis.cancelAnimationFrame = () => waiting.splice(0);
  const drawn = [];
  let now = 0;
  const pace = new Pace((at) => {
    drawn.push(at);
    pace.next(gently);
  });
  const pass = (time) => {
    for (const end = now + time; now < end; ) {
      now += 16;
      t.mock.timers.tick(16);
      for (const draw of waiting.splice(0)) draw(now);
    }
  };
  pace.soon();
  pass(ms);
  return { pace, drawn, pass };
}

test("a run that is played has every picture of the screen", (t) => {
  assert.ok(screen(t, { gently: false, ms: 1600 }).drawn.length >= 99);
});

test("a live run has no more pictures than it has time for", (t) => {
  const { drawn, pace, pass } = screen(t, { gently: true, ms: 1600 });
  assert.ok(drawn.length > 5 && drawn.length <= 1600 / LIVE_MS);
  const before = drawn.length;
  pace.soon(); // a hand: it is answered at once, not when the next one is due
  pass(16);
  assert.equal(drawn.length, before + 1);
});

test("what is asked for many times before it is drawn is drawn once", (t) => {
  const { pace, drawn, pass } = screen(t, { gently: true, ms: 16 });
  const before = drawn.length;
  for (let k = 0; k < 9; k++) pace.soon();
  pass(16);
  assert.equal(drawn.length, before + 1);
});

test("nothing is drawn in a tab that nobody sees, nor after the end", (t) => {
  assert.equal(screen(t, { gently: false, hidden: true, ms: 1600 }).drawn.length, 0);
  t.mock.timers.reset();
  const { pace, drawn, pass } = screen(t, { gently: true, ms: 160 });
  const before = drawn.length;
  pace.end();
  pass(1600);
  assert.equal(drawn.length, before);
});
