import assert from "node:assert/strict";
import { test } from "node:test";

import { makeStamp, Raster } from "../../cu_core/stage/js/raster.js";

const [WIDTH, HEIGHT] = [40, 30];
const [GROUND, FILL, EDGE] = [[250, 240, 230], [10, 90, 200], [1, 2, 3]];
const CONTEXT = {
  createImageData: (w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }),
  putImageData() {},
};

function raster() {
  const made = new Raster(CONTEXT, WIDTH, HEIGHT);
  made.clear(GROUND);
  return made;
}

/** Every pixel of a mark blended by itself: its edge colour outside, its fill within. */
function blended({ masks }, px, py, alpha) {
  const { data } = raster();
  const [cx, cy] = [Math.floor(px), Math.floor(py)];
  const mask = masks[4 * Math.floor((py - cy) * 4) + Math.floor((px - cx) * 4)];
  mask.share.forEach((share, i) => {
    const [x, y] = [cx + mask.dx[i], cy + mask.dy[i]];
    if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) return;
    for (let c = 0; c < 3; c++) {
      const at = 4 * (y * WIDTH + x) + c;
      const colour = EDGE[c] + (FILL[c] - EDGE[c]) * mask.inner[i];
      data[at] += (colour - data[at]) * share * (alpha / 255);
    }
  });
  return data;
}

const DISC = { radius: 4, rim: 1, diamond: false, hollow: false };
const SHAPES = { disc: DISC, diamond: { ...DISC, diamond: true }, hollow: { ...DISC, hollow: true } };

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`a ${name} is its pixels blended, also faint, over an end and in another raster`, () => {
    const stamp = makeStamp(shape);
    new Raster(CONTEXT, 7, 7).mark(stamp, 3, 3, FILL, EDGE, 255); // of another width, before
    for (const [px, py, alpha] of [[20.3, 15.8, 255], [20.3, 15.8, 26], [1.2, 28.9, 255]]) {
      const drawn = raster();
      drawn.mark(stamp, px, py, FILL, EDGE, alpha);
      assert.deepEqual(drawn.data, blended(stamp, px, py, alpha));
      assert.notDeepEqual(drawn.data, raster().data);
    }
  });
}

test("a line is where its ends are, and nothing wraps round the side of the picture", () => {
  const tinted = (drawn) => [...drawn.data.keys()].filter((at) =>
    at % 4 === 0 && drawn.data[at] !== GROUND[0]).map((at) => at / 4);
  const beside = raster();
  beside.line(-3, 10.5, 6, 10.5, 1, FILL, 1);
  assert.deepEqual(tinted(beside), [0, 1, 2, 3, 4, 5].map((x) => 10 * WIDTH + x));
  const steep = raster();
  steep.line(WIDTH - 0.5, 4, WIDTH - 0.5, 9, 1, FILL, 1);
  assert.deepEqual(tinted(steep), [4, 5, 6, 7, 8].map((y) => y * WIDTH + WIDTH - 1));
});
