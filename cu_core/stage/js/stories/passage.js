// The way from one stop to the next: the picture plays there, and slows down before it arrives.

import { FRAMES_PER_SECOND } from "../clock.js";

const [LEAST, MOST] = [0.7, 4]; // seconds of a way, however short or long it is
const BACK = 0.5; // of the time, on the way back
const MORPH = 1.6; // seconds in which marks go to other places

export const eased = (share) => share * share * (3 - 2 * share);

/** Seconds from time t to another one (frames). */
export function seconds(from, to) {
  const long = Math.min(MOST, Math.max(LEAST, Math.abs(to - from) / FRAMES_PER_SECOND));
  return to < from ? Math.max(LEAST, long * BACK) : long;
}

/** The legs of a way: [{seconds, show(share)}], first back from other places, then through time, then
 *  out to other places. ``show``: what a leg moves, by its name. */
export function legs(from, to, show) {
  const way = [];
  const morph = (a, b) => ({ seconds: MORPH, show: (s) => show.morph(a + (b - a) * eased(s)) });
  if (from.morph && (!to.morph || from.t !== to.t)) way.push(morph(from.morph, 0));
  if (from.t !== to.t) {
    const time = (s) => show.time(from.t + (to.t - from.t) * eased(s));
    way.push({ seconds: seconds(from.t, to.t), show: time });
  }
  const stays = from.morph && from.t === to.t;
  if (to.morph && !(stays && from.morph === 1)) way.push(morph(stays ? from.morph : 0, 1));
  return way;
}

export class Passage {
  constructor() {
    this.way = [];
  }

  get moving() {
    return this.way.length > 0;
  }

  /** Goes these legs, then calls ``arrived()``. */
  go(way, arrived) {
    this.stop();
    this.way = [...way];
    this.arrived = arrived;
    this.began = null;
    this._next();
  }

  stop() {
    cancelAnimationFrame(this.pending);
    this.way = [];
  }

  _next() {
    if (!this.way.length) return this.arrived();
    this.pending = requestAnimationFrame((now) => this._frame(now));
  }

  _frame(now) {
    this.began ??= now;
    const [leg] = this.way;
    const share = Math.min(1, (now - this.began) / (1000 * leg.seconds));
    leg.show(share);
    if (share === 1) {
      this.way.shift();
      this.began = null;
    }
    this._next();
  }
}
