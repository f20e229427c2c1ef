import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

import { createViews } from "../../cu_core/stage/js/views.js";
import { run } from "./made.mjs";

const folder = new URL("../../cu_core/stage/js/views/", import.meta.url);
for (const file of readdirSync(folder)) await import(new URL(file, folder));

const views = createViews();
const made = run([[[0, 0], [9, 9]], [[0, 5], [9, 9]]], [1, 0], { quality: [null, null] });
for (const view of views) view.load(made, 0, true);

test("the first view is always offered; one without its data is not", () => {
  assert.equal(views[0].kind, "map");
  const offered = views.filter((view) => view.offered).map((view) => view.kind);
  assert.ok(offered.includes("map"));
  for (const kind of ["answers", "solid"]) assert.ok(!offered.includes(kind), kind);
});

for (const view of views) {
  test(`a view declares what is said of it: ${view.kind}`, () => {
    for (const name of ["kind", "title", "help", "words"]) assert.ok(view[name], name);
    for (const name of ["hint", "absent"]) assert.equal(typeof view[name], "string", name);
    const { text, poor, details } = view.says(0);
    assert.equal(typeof text, "string");
    assert.equal(poor, false);
    assert.ok(Array.isArray(details));
  });
}
