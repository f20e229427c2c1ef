// Where the forget samples went: from the label that each carries to what a model answers, counted.
// Numbers and words alone; cu_core/figures/flows.py has the same ones of a run that has ended.

export const OTHERS = -1; // in the place of a class: those that are drawn as one
const WORTH = 0.01; // of the forget samples: a class that never has as much is drawn with others
const ROOM = 12; // classes on each side of the drawing; what the others have is joined

const count = (value) => value.toLocaleString("en");
const answers = new WeakMap(); // the retrained model's shares -> its answer for each forget sample

/** The retrained model's answers for the forget samples, in slot order; null where unknown. */
export function retrainedAnswers(run) {
  const { kept, n, shares } = run;
  if (!shares.ghost) return null;
  let known = answers.get(shares.ghost);
  if (!known) {
    known = Int32Array.from({ length: n - kept }, (_, k) => shares.ghostAnswer(kept + k));
    answers.set(shares.ghost, known);
  }
  return known;
}

/** One number for (label, answer, whether that is the true class of a mislabelled sample). */
function keyOf(run, slot, to) {
  const from = run.label[slot];
  const home = to !== from && to === run.trueLabel[slot];
  return 2 * (from * run.classes.length + to) + Number(home);
}

/**
 * The forget samples of a frame by label and answer: {classes, total, whole, mislabelled, known,
 * rows: [{key, from, to, home, now, retrained}]}, by label and then by answer, none of them empty.
 * ``total``: how many the page has; ``whole``: all that are forgotten; ``known``: whether the
 * retrained model's answers are, else its counts are 0. Both columns sum to ``total``.
 */
export function flows(run, frame) {
  const { n, kept, pred, classes, header } = run;
  const there = retrainedAnswers(run);
  const rows = new Map();
  let mislabelled = 0;
  const add = (slot, to, side) => {
    const key = keyOf(run, slot, to);
    let row = rows.get(key);
    if (!row) {
      row = { key, from: run.label[slot], to, home: key % 2 === 1, now: 0, retrained: 0 };
      rows.set(key, row);
    }
    row[side]++;
  };
  for (let slot = kept; slot < n; slot++) {
    add(slot, pred[frame * n + slot], "now");
    if (there) add(slot, there[slot - kept], "retrained");
    mislabelled += run.mislabelled(slot);
  }
  const total = n - kept;
  return {
    classes, total, mislabelled, known: there !== null,
    whole: Math.max(total, header.forget_size || 0),
    rows: [...rows.values()].sort((a, b) => a.key - b.key),
  };
}

/** The slots of these rows (a Set of keys) on one side, "now" or "retrained". */
export function answering(run, frame, keys, side) {
  const { n, kept, pred } = run;
  const there = side === "retrained" ? retrainedAnswers(run) : null;
  const out = [];
  for (let slot = kept; slot < n; slot++) {
    const to = there ? there[slot - kept] : pred[frame * n + slot];
    if (keys.has(keyOf(run, slot, to))) out.push(slot);
  }
  return out;
}

/** The ids, in order, of the at most ROOM largest of these numbers that are WORTH their place, and
 *  OTHERS after them where some are left. */
function largest(numbers, total) {
  const there = [...numbers.keys()].filter((id) => numbers[id] > 0);
  const worth = there.filter((id) => numbers[id] >= WORTH * total);
  worth.sort((a, b) => numbers[b] - numbers[a] || a - b);
  const ids = worth.slice(0, ROOM).sort((a, b) => a - b);
  return there.length > ids.length ? [...ids, OTHERS] : ids;
}

/** {from, to}: the classes that a drawing names on each side, the same for every frame of the run
 *  and for the retrained model, so that nothing changes its place while it plays. */
export function drawnClasses(run) {
  const { n, kept, frames, pred, label, classes } = run;
  const [held, peak, now] = [0, 0, 0].map(() => new Int32Array(classes.length));
  const raise = () => peak.forEach((value, id) => (peak[id] = Math.max(value, now[id])));
  for (let slot = kept; slot < n; slot++) held[label[slot]]++;
  for (let frame = 0; frame < frames; frame++) {
    now.fill(0);
    for (let slot = kept; slot < n; slot++) now[pred[frame * n + slot]]++;
    raise();
  }
  now.fill(0);
  for (const to of retrainedAnswers(run) || []) now[to]++;
  raise();
  return { from: largest(held, n - kept), to: largest(peak, n - kept) };
}

// --- words

const sum = (rows, side) => rows.reduce((all, row) => all + row[side], 0);

/** Of the rows, the answer that has most now, the first of equals: [class, now, retrained]. */
function most(rows) {
  const by = new Map();
  for (const { to, now, retrained } of rows) {
    const held = by.get(to) || [0, 0];
    by.set(to, [held[0] + now, held[1] + retrained]);
  }
  const [first, ...others] = [...by].sort((a, b) => a[0] - b[0]);
  const [to, counts] = others.reduce((best, one) => (one[1][0] > best[1][0] ? one : best), first);
  return [to, ...counts];
}

/** "; in the retrained model …", where it is known. */
function beside({ known }, said) {
  return known ? `; in the retrained model ${said}.` : ".";
}

/** Nobody has come there yet: "None of the 100 forget samples has left 5 yet." */
function none(flow, all, what, verb, there) {
  const drawn = flow.whole > flow.total ? " drawn" : "";
  const who = all === 1 ? `The only${drawn} ${what}` : `None of the ${count(all)}${drawn} ${what}s`;
  const said = there ? `${count(there)} ${there === 1 ? "has" : "have"}` : "none has either";
  return `${who} has ${all === 1 ? "not " : ""}${verb} yet${beside(flow, said)}`;
}

/** "44 of 100 now read as …", by how many of how many. */
function read(flow, some, all, kind = "") {
  const drawn = flow.whole > flow.total ? " drawn" : "";
  const of = drawn || kind ? `the ${count(all)}${kind}${drawn}` : count(all);
  return `${count(some)} of ${of} now read${some === 1 ? "s" : ""} as`;
}

/** Where single samples with a wrong label went: home, by the label that they should have. */
function homeSaid(flow) {
  const { mislabelled: all, total } = flow;
  const home = flow.rows.filter((row) => row.home);
  const [now, there] = [sum(home, "now"), sum(home, "retrained")];
  if (!now) return none(flow, all, "mislabelled sample", "come to its true class", there);
  const kind = all < total ? " mislabelled" : "";
  return `${read(flow, now, all, kind)} the true class${beside(flow, count(there))}`;
}

/** The sentence on a frame's flows: how many went where, and how many the retrained model has. */
export function sentence(flow) {
  const { rows, total, classes } = flow;
  if (2 * flow.mislabelled >= total) return homeSaid(flow);
  const left = rows.filter(({ from, to }) => from !== to);
  const [gone, there] = [sum(left, "now"), sum(left, "retrained")];
  const one = rows.every(({ from }) => from === rows[0].from);
  const place = one ? classes[rows[0].from] : "its class";
  if (!gone) return none(flow, total, "forget sample", `left ${place}`, there);
  const [to, now, like] = most(left);
  const name = classes[to];
  if (one) return `${read(flow, now, total)} ${name}${beside(flow, count(like))}`;
  const other = there ? `${count(there)}, ${count(like)} of them as ${name}` : "none";
  return `${read(flow, gone, total)} another class than their label, ${count(now)} of them as ` +
    `${name}${beside(flow, other)}`;
}

/** Why the retrained model's side is not there; "" where it is. */
export function whyAbsent(run) {
  const { header, shares } = run;
  if (shares.ghost) return "";
  if (header.live) {
    return "Its answers are not known yet: they are taken when the run has come to its end.";
  }
  const fault = (header.events || []).findLast(({ kind }) => kind === "ghost");
  if (fault) return fault.text;
  if (header.ghost) return "This recording keeps its places, and not what it answers.";
  return "This run has no retrained model, so there is nothing to compare with.";
}
