// What the sheet of a pinned sample says, as numbers and words. No drawing here.

import { showValue } from "./series.js";

const LINES = 4; // classes in the picture of the answers, with the sample's own label
const SEEN = 3; // percent: a class that never comes to so much has no line

const nameOf = (run, id) => run.classes[id] ?? `class ${id}`;

/** The share (percent) of a class in what frame i answers of a slot; null where it is not kept. */
export function shareOf(run, slot, id, i) {
  const { part, of, width, frames } = run.shares;
  if (!width || i >= frames) return null;
  const row = (i * run.n + slot) * width;
  if (!of) return id < width ? (100 * part[row + id]) / 255 : null;
  for (let k = 0; k < width; k++) if (of[row + k] === id) return (100 * part[row + k]) / 255;
  return 0; // not among the largest
}

/** The classes whose shares are drawn, the largest first, with the label: [{id, name, values}]. */
export function answers(run, slot) {
  const { of, part, width, frames } = run.shares;
  const most = new Map();
  for (let i = 0; i < frames && width; i++) {
    const row = (i * run.n + slot) * width;
    for (let k = 0; k < width; k++) {
      const id = of ? of[row + k] : k;
      most.set(id, Math.max(most.get(id) || 0, (100 * part[row + k]) / 255));
    }
  }
  if (!most.size) return [];
  const own = run.label[slot];
  const others = [...most.keys()].filter((id) => id !== own && most.get(id) >= SEEN)
    .sort((a, b) => most.get(b) - most.get(a) || a - b).slice(0, LINES - 1);
  return [own, ...others].map((id) => ({
    id, name: nameOf(run, id),
    values: Array.from({ length: frames }, (_, i) => shareOf(run, slot, id, i)),
  }));
}

/** "3, 62 % sure" of frame i. */
export function answerNow(run, slot, i) {
  const id = run.pred[i * run.n + slot];
  return sure(nameOf(run, id), shareOf(run, slot, id, i));
}

/** The same of the retrained model; "" where that is not known. */
export function answerRetrained(run, slot) {
  const id = run.shares.ghostAnswer(slot);
  if (id < 0) return "";
  const { ghost, slots } = run.shares;
  const width = ghost.length / slots;
  const most = Math.max(...ghost.subarray(slot * width, (slot + 1) * width));
  return sure(nameOf(run, id), (100 * most) / 255);
}

const sure = (name, share) => (share === null ? name : `${name}, ${showValue(share, "%")} sure`);

/** [[term, what]]: file, key and row by which its owner knows a sample, each that there is. */
export function known(run, slot) {
  const [names, place] = [run.names, run.order[slot]];
  if (!names) return [["Index", String(run.index[slot])]];
  const row = names.row?.[place] ?? run.index[slot];
  const own = [["File", names.file?.[place]], ["Key", names.key?.[place]]];
  return [...own.filter(([, what]) => what), ["Row", String(row)]];
}

/** How many of these slots carry the label of a slot. */
export function alike(run, slot, others) {
  return others.filter((other) => run.label[other] === run.label[slot]).length;
}

/** "five (12), three (3)": the labels that these slots carry, the commonest first. */
export function mix(run, slots) {
  const count = new Map();
  for (const slot of slots) count.set(run.label[slot], (count.get(run.label[slot]) || 0) + 1);
  const order = [...count].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return order.map(([id, n]) => `${nameOf(run, id)} (${n})`).join(", ");
}

/** "At step 24, 12 of its 15 neighbours carry its own label, five; at the start 15; in the retrained
 *  model 3." ``near``: {start, now, retrained} of slots, any of which may lack. */
export function sentence(run, slot, near, step) {
  const told = { now: `at step ${step}`, start: "at the start", retrained: "in the retrained model" };
  const there = Object.keys(told).filter((name) => near[name]?.length);
  if (!there.length) return "";
  const [first, ...others] = there;
  const [count, all] = [alike(run, slot, near[first]), near[first].length];
  const own = `its own label, ${nameOf(run, run.label[slot])}`;
  const begin = `${told[first][0].toUpperCase()}${told[first].slice(1)}, ${count} of its ${all}`;
  const rest = others.map((name) => `; ${told[name]} ${alike(run, slot, near[name])}`).join("");
  return `${begin} nearest ${count === 1 ? "carries" : "carry"} ${own}${rest}.`;
}

/** "Update 23, the last in which it took part: pulled towards 32 kept samples of other labels, pushed
 *  from none of its own." of what is opposed to it; ``seen``: how many of these are on the map. */
export function opposing({ update, push, pull, step }, seen) {
  if (!update) return `It has taken part in no update by step ${step}.`;
  const of = pull.length + push.length;
  const all = seen < of ? ` ${seen} of these ${of} are on the map.` : "";
  return `Update ${update}, the last in which it took part: pulled towards ${pull.length} kept ` +
    `samples of other labels, pushed from ${push.length || "none"} of its own.${all}`;
}

/** Lines of the distances: {id, name, values} of each class, its own first, then the nearest at any
 *  time; ``named``: whether there is room for its name. */
export function distanceLines(run, { classes, away }, room) {
  return classes.map((id, k) => ({
    id, name: nameOf(run, id), values: away[k], named: k < room,
  }));
}

/** What is said of snapshots that the distances lack, if there are any. */
export function damaged(count) {
  return count ? ` Damaged, and left out: ${count} snapshot${count > 1 ? "s" : ""}.` : "";
}

/** Whether the page has looked at some of the snapshots alone: the header's ``sheets``. */
export function partial(sheets) {
  return sheets?.looked < sheets?.snapshots;
}

/** What is said of it while it has. */
export function lookedAt(sheets) {
  if (!partial(sheets)) return "";
  return ` ${sheets.looked} of ${sheets.snapshots} snapshots looked at so far.`;
}

/** "Nearest: three, 0.120. Its own label, five: 0.610." of the snapshot at or before a step. */
export function nearestNow(run, slot, { classes, away }, steps, step) {
  const i = steps.findLastIndex((known) => known <= step);
  if (i < 0) return "";
  const at = classes.map((id, k) => [id, away[k][i]]).filter(([, value]) => value !== null);
  if (!at.length) return "";
  const [id, least] = at.reduce((a, b) => (b[1] < a[1] ? b : a));
  const own = at.find(([other]) => other === run.label[slot]);
  const is = own?.[0] === id ? ", its own label" : "";
  const nearest = `Nearest: ${nameOf(run, id)}${is}, ${least.toFixed(3)}.`;
  if (is || !own) return nearest;
  return `${nearest} Its own label, ${nameOf(run, own[0])}: ${own[1].toFixed(3)}.`;
}
