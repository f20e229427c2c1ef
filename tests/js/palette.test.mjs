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

// What the colour-blind see of a linear RGB colour: Machado, Oliveira & Fernandes 2009, severity 1.
const SIGHT = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]],
};
const TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041]];
const times = (m, v) => m.map((row) => row.reduce((sum, x, k) => sum + x * v[k], 0));
const WHITE = times(TO_XYZ, [1, 1, 1]);

/** CIE L*a*b* of an sRGB colour (0 to 255) as somebody sees it. */
function lab(colour, sight) {
  const linear = colour.map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const seen = times(SIGHT[sight], linear).map((v) => Math.min(1, Math.max(0, v)));
  const [x, y, z] = times(TO_XYZ, seen).map((v, k) => {
    const t = v / WHITE[k];
    return t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116;
  });
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const rad = (degrees) => (degrees * Math.PI) / 180;
const turn = (b, a) => ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;

/** CIE Delta E 2000. */
function deltaE([l1, a1, b1], [l2, a2, b2]) {
  const far = ((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7;
  const g = 1 + 0.5 * (1 - Math.sqrt(far / (far + 25 ** 7)));
  const [c1, c2] = [Math.hypot(g * a1, b1), Math.hypot(g * a2, b2)];
  const [h1, h2] = [turn(b1, g * a1), turn(b2, g * a2)];
  const dh = ((h2 - h1 + 540) % 360) - 180;
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin(rad(dh / 2));
  const [l, c, h] = [(l1 + l2) / 2, (c1 + c2) / 2, (h1 + dh / 2 + 360) % 360];
  const t = 1 - 0.17 * Math.cos(rad(h - 30)) + 0.24 * Math.cos(rad(2 * h)) +
    0.32 * Math.cos(rad(3 * h + 6)) - 0.2 * Math.cos(rad(4 * h - 63));
  const sl = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2);
  const [sc, sh] = [1 + 0.045 * c, 1 + 0.015 * c * t];
  const rt = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) *
    Math.sin(rad(60 * Math.exp(-(((h - 275) / 25) ** 2))));
  const [x, y, z] = [(l2 - l1) / sl, (c2 - c1) / sc, dH / sh];
  return Math.sqrt(x * x + y * y + z * z + rt * y * z);
}

test("the measure is CIE's own: pairs from its published test data", () => {
  const pairs = [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
  ];
  for (const [a, b, wanted] of pairs) assert.ok(Math.abs(deltaE(a, b) - wanted) < 1e-3);
});

for (const [name, theme] of Object.entries(THEMES)) {
  for (const sight of Object.keys(SIGHT)) {
    test(`ten classes are told apart by ${sight} sight: ${name}`, () => {
      const seen = classPalette(10, theme).map(({ fill }) => lab(fill, sight));
      seen.forEach((a, i) => seen.slice(0, i).forEach((b, j) => {
        assert.ok(deltaE(a, b) >= 12, `classes ${j} and ${i}: ${deltaE(a, b).toFixed(1)}`);
      }));
    });
  }
}
