import assert from "node:assert/strict";
import { test } from "node:test";

import { Pair, Single } from "../../cu_core/stage/js/stories/picture.js";
import { Teller } from "../../cu_core/stage/js/stories/teller.js";

/** A teller of two stops without a page; ``seen``: what its picture was asked for. */
function teller() {
  const seen = [];
  const picture = { dress: ({ only }) => seen.push(`only ${only}`), home: () => seen.push("home") };
  const header = { stops: [{ moment: { only: [1] } }, { moment: { only: [2] } }] };
  return Object.assign(Object.create(Teller.prototype), { header, picture, dressed: null, at: 0, seen });
}

test("another stop shows the whole picture again, the same one stays as a hand left it", () => {
  const one = teller();
  for (const stop of [0, 0, 1, 1, 0]) one._dress(stop);
  assert.deepEqual(one.seen, [
    "only 1", "home", "only 1", "only 2", "home", "only 2", "only 1", "home",
  ]);
});

test("the whole picture is that of every view and of every pane", () => {
  const seen = [];
  const thing = (name) => ({ reset: () => seen.push(name) });
  const stage = {
    map: { views: [thing("map"), thing("answers")] }, request: () => {},
    beside: { map: { views: [thing("beside")] } },
  };
  Single.prototype.home.call({ stage });
  Pair.prototype.home.call({ together: { panes: [{ map: thing("A") }, { map: thing("B") }] } });
  assert.deepEqual(seen, ["map", "answers", "beside", "A", "B"]);
  stage.beside.map = null;
  Single.prototype.home.call({ stage });
  assert.deepEqual(seen.slice(5), ["map", "answers"]);
});

/** Whether a key stops at the story, and whether the page would still have done its own with it. */
function pressed(key, shiftKey = false) {
  const seen = { stopped: false, prevented: false };
  const inside = { matches: () => false, closest: () => null };
  teller()._key({
    key, shiftKey, target: inside, composedPath: () => [inside],
    stopPropagation: () => { seen.stopped = true; },
    preventDefault: () => { seen.prevented = true; },
  });
  return seen;
}

test("keys for a link, views, notes and help of the Stage mean nothing in a story", () => {
  for (const key of ["c", "C", "w", "v", "l"]) assert.ok(pressed(key).stopped, key);
  assert.ok(pressed("?", true).stopped && pressed("V", true).stopped);
  for (const key of ["n", "p", "+", "-", "0", "Tab"]) assert.ok(!pressed(key).stopped, key);
});
