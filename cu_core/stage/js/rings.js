// Rings around the samples that are chosen, in the accent, and around those that are only pointed at,
// in ink: square, since a round one is the pinned sample's. Each of their layers is one path, so that
// thousands stay smooth; where many lie together every mark is cut free of the others' rings.

import { css } from "./palette.js";

const GAP = 1; // CSS pixels between a mark and its ring
const [LINE, CASE] = [2, 1]; // of the ring, and of its casing outside
const FAINT = 0.35; // of samples that stand back
const DIAGONAL = 1.3; // of a diamond, in its own radii

/** Squares around marks {x, y, radius}, so many CSS pixels away from them. */
function squares(marks, away) {
  const path = new Path2D();
  for (const { x, y, radius } of marks) {
    const half = radius + away;
    path.rect(x - half, y - half, 2 * half, 2 * half);
  }
  return path;
}

/** {x, y, radius} of those slots that are in the picture: [those that stand back, others]. */
function places(slots, { run, view, t, look, size }) {
  const marks = [[], []];
  const { camera } = view;
  const frame = Math.min(Math.round(t), run.last);
  for (const slot of slots) {
    const [qx, qy, near = 1] = view.place(slot, t);
    const [x, y] = camera.toPixel(qx, qy);
    if (x < 0 || y < 0 || x > camera.width || y > camera.height) continue;
    const radius = near * (run.isForget(slot) ? size.forget * DIAGONAL : size.keep);
    marks[look.dimsSample(run, slot, frame) ? 0 : 1].push({ x, y, radius });
  }
  return marks;
}

/** Draws them on a canvas that is empty as yet. */
export function drawRings(context, shown) {
  const { chosen, marked, theme } = shown.look;
  draw(context, places([...marked].filter((slot) => !chosen.has(slot)), shown), theme, theme.ink);
  draw(context, places(chosen, shown), theme, theme.accent);
}

function draw(context, both, theme, colour) {
  both.forEach((marks, strong) => {
    if (!marks.length) return;
    context.globalAlpha = strong ? 1 : FAINT;
    context.fillStyle = css(theme.bg);
    context.fill(squares(marks, GAP + LINE + CASE));
    context.fillStyle = css(colour);
    context.fill(squares(marks, GAP + LINE));
    context.globalAlpha = 1;
    context.globalCompositeOperation = "destination-out";
    context.fill(squares(marks, GAP / 2));
    context.globalCompositeOperation = "source-over";
  });
}
