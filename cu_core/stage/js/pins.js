// Samples that a hand has pinned: slots in the order of their pinning, the newest last. The place
// of a pin, from 1, is the number on its ring and on its sheet.

import { css } from "./palette.js";

export const MOST = 6; // a further one takes the place of the oldest
const BADGE = 8; // CSS pixels, radius

/** A click on a slot: pinned after the others, or pinned no more. */
export function toggled(pins, slot) {
  if (pins.includes(slot)) return pins.filter((other) => other !== slot);
  return [...pins, slot].slice(-MOST);
}

/** The newest pin taken to another slot, once; the only one where there was none. */
export function moved(pins, slot) {
  return [...pins.slice(0, -1).filter((other) => other !== slot), slot];
}

/** The pin's number beside its ring of this radius, up and to the right of (x, y). */
export function drawNumber(c, number, x, y, radius, { theme }) {
  const away = radius * Math.SQRT1_2 + BADGE;
  c.beginPath();
  c.arc(x + away, y - away, BADGE, 0, 2 * Math.PI);
  c.fillStyle = css(theme.ink);
  c.fill();
  c.lineWidth = 1.5;
  c.strokeStyle = css(theme.bg);
  c.stroke();
  c.fillStyle = css(theme.bg);
  c.font = `600 12px ${theme.font}`;
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.fillText(String(number), x + away, y - away + 0.5);
}
