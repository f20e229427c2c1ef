import assert from "node:assert/strict";
import { test } from "node:test";

import { classPalette, contrast, movedRamp } from "../../cu_core/stage/js/palette.js";

const THEMES = {
  light: { bg: [255, 255, 255], dark: false },
  dark: { bg: [21, 23, 27], dark: true },
};
const apart = (a, b) => Math.hypot(...a.map((v, i) => v - b[i]));

for (const [name, theme] of Object.entries(THEMES)) {
  test(`classes are told apart, and every edge stands out from the ground: ${name}`, () => {
    const made = classPalette(100, theme);
    made.slice(0, 20).forEach(({ fill }, i, some) => {
      for (const other of some.slice(0, i)) assert.ok(apart(fill, other.fill) > 16, `class ${i}`);
    });
    for (const { edge } of made) assert.ok(contrast(edge, theme.bg) >= 3);
    assert.equal(new Set(made.map(({ fill }) => fill.join())).size, 100);
  });

  test(`the scale of "moved" goes one way and stands out throughout: ${name}`, () => {
    const ramp = movedRamp(theme);
    assert.equal(ramp.length, 256);
    for (const colour of ramp) assert.ok(contrast(colour, theme.bg) >= 3);
    const ends = [0, 128, 255].map((k) => contrast(ramp[k], theme.bg));
    assert.deepEqual(ends, [...ends].sort((a, b) => a - b));
  });
}

test("contrast is WCAG's: 21 between black and white, the same both ways", () => {
  assert.ok(Math.abs(contrast([0, 0, 0], [255, 255, 255]) - 21) < 1e-9);
  assert.equal(contrast([10, 20, 30], [200, 100, 0]), contrast([200, 100, 0], [10, 20, 30]));
});
