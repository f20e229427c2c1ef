// What is said while a run plays, and how long the picture holds for it to be read.

import { SAID } from "./caption_words.js";
import { showValue, valueAt } from "./series.js";

const APART = SAID.apart; // frames: moments nearer than this are one
const START = SAID.start; // that the first frame holds: a picture that opens should move
const LEAST = SAID.least; // that a caption holds, whatever its length
const READING = SAID.word; // that a word takes
const REST = SAID.rest; // at least and at most, before it begins anew

/** The words with what stands in braces filled in. */
const fill = (text, given) => text.replace(/\{(\w+)\}/g, (_, name) => given[name]);

const words = (text) => text.split(/\s+/).filter(Boolean).length;

const reading = (text) => Math.max(LEAST, READING * words(text));

/** "dog", or "the forget samples" where single ones are forgotten. */
export function subject(run) {
  const names = [...run.forgetClasses].map((id) => run.classes[id]);
  return names.length ? names.join(", ") : SAID.samples;
}

/** The first frame from the second on for which ``holds`` is true, or -1. */
function first(run, holds) {
  for (let i = 1; i <= run.last; i++) if (holds(i)) return i;
  return -1;
}

/** Where accuracy on what is forgotten comes down to what the retrained model has. */
function crossing(run) {
  const curve = (run.header.curves || []).find(({ key, retrained }) =>
    /^forget_acc/.test(key) && Number.isFinite(retrained));
  if (!curve || !(valueAt(curve, run.steps[0]) > curve.retrained)) return [];
  const i = first(run, (frame) => valueAt(curve, run.steps[frame]) <= curve.retrained);
  const value = showValue(curve.retrained, curve.unit);
  return [[i, fill(SAID.crossing, { subject: subject(run), value })]];
}

/** Where half of the forget samples are answered otherwise than at the start. */
function half(run) {
  const { n, kept, pred } = run;
  const other = (i) => {
    let count = 0;
    for (let slot = kept; slot < n; slot++) count += pred[i * n + slot] !== pred[slot];
    return count;
  };
  return [[first(run, (i) => 2 * other(i) > n - kept), SAID.half]];
}

function found(run) {
  const out = [];
  for (const [t, text] of [...crossing(run), ...half(run)].sort((a, b) => a[0] - b[0])) {
    const near = t - (out[out.length - 1]?.t ?? 0) < APART || run.last - t < APART;
    if (t > 0 && !near) out.push({ t, text: fill(SAID.step, { step: run.steps[t], text }) });
  }
  return out;
}

function told(run, given) {
  return given.map(({ step, text }) => ({ t: Math.round(run.timeOf(step)), text }));
}

/** [{t, text, seconds}] of a run that has ended, by time: its captions, the last one at its end.
 *  The header's ``opens`` may bring its own, [{step, text}], in place of those in between. */
export function captions(run) {
  const { header, last, n, kept } = run;
  if (header.live || !last) return [];
  const what = header.opens?.captions ? told(run, header.opens.captions) : found(run);
  const asked = run.forgetClasses.size ? SAID.class : SAID.forget;
  const count = (n - kept).toLocaleString("en");
  const begin = SAID.begin + (kept < n ? fill(asked, { count, subject: subject(run) }) : "");
  const bare = run.ghostSlots.length ? SAID.outlines : fill(SAID.end, { step: run.steps[last] });
  const end = header.headline || header.verdict || bare;
  const between = what.filter(({ t }) => t > 0 && t < last);
  const opening = what.find(({ t }) => t === 0)?.text || begin;
  const rest = Math.min(REST[1], Math.max(REST[0], SAID.breath + READING * words(end)));
  return [
    { t: 0, text: opening, seconds: START },
    ...between.map((one) => ({ ...one, seconds: reading(one.text) })),
    { t: last, text: end, seconds: rest },
  ];
}

/** What is said at time t: the last caption that has been reached. */
export function captionAt(list, t) {
  let said = "";
  for (const one of list) if (one.t <= t) said = one.text;
  return said;
}
