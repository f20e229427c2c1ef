// What can be shown alone because of how it fares: of which samples, at a frame, and what is said.

/** Of 1,617 samples 23 are "1.4" per cent, the others "98.6": the two sum to 100. */
function shares(count, of) {
  const tenths = of ? Math.round((1000 * count) / of) : 0;
  return [tenths, 1000 - tenths].map((v) => (v / 10).toFixed(1));
}

const answers = (run, slot, frame) => run.pred[frame * run.n + slot];
const right = (run, slot, frame) => answers(run, slot, frame) === run.label[slot];
const many = (count) => count.toLocaleString("en");
const verb = (count) => (count === 1 ? "is" : "are");
const number = (run) => run.n - run.kept;

/** "23 of 100 forget samples are …: 23.0 %." */
function ofForget(count, run, words) {
  const of = many(number(run));
  if (!count) return `None of ${of} forget samples is ${words}.`;
  const [share] = shares(count, number(run));
  return `${many(count)} of ${of} forget samples ${verb(count)} ${words}: ${share} %.`;
}

/**
 * What can be highlighted, each with ``key``, ``title``, ``holds(run, slot, frame)``,
 * ``says(count, run)``, and, where not every run has it, ``offered(run)``.
 */
export const HIGHLIGHTS = [
  {
    key: "forget", title: "To forget",
    holds: (run, slot) => run.isForget(slot),
    says: (count, run) => `${many(count)} of the ${many(run.n)} samples here are to be forgotten.`,
  },
  {
    key: "forgotten", title: "Forgotten",
    holds: (run, slot, frame) => run.isForget(slot) && !right(run, slot, frame),
    says: (count, run) => ofForget(count, run, "no longer answered as labelled"),
  },
  {
    key: "not-yet", title: "Not yet forgotten",
    holds: (run, slot, frame) => run.isForget(slot) && right(run, slot, frame),
    says: (count, run) => ofForget(count, run, "still answered as labelled"),
  },
  {
    key: "too-much", title: "Forgotten too much",
    offered: (run) => run.shares.ghost !== null,
    holds: (run, slot, frame) => run.isForget(slot) && !right(run, slot, frame)
      && run.shares.ghostAnswer(slot) === run.label[slot],
    says: (count, run) => ofForget(count, run,
      "no longer answered as labelled, though the retrained model answers so")
  },
  {
    key: "lost", title: "Kept but lost",
    holds: (run, slot, frame) => !run.isForget(slot) && !right(run, slot, frame),
    says: (count, run) => {
      const [lost, left] = shares(count, run.kept);
      if (!run.kept) return "No kept sample is shown here.";
      const of = `${many(count)} of ${many(run.kept)} kept samples ${verb(count)} lost: ${lost} %`;
      return `${of}, so retain accuracy here is ${left} %.`;
    },
  },
];

/** The highlights that a run can show: none where nothing is to be forgotten. */
export function offered(run) {
  if (!number(run)) return [];
  return HIGHLIGHTS.filter((highlight) => highlight.offered?.(run) ?? true);
}

/** The slots that a highlight holds at a frame, in their order. */
export function held(highlight, run, frame) {
  const slots = [];
  for (let slot = 0; slot < run.n; slot++) {
    if (highlight.holds(run, slot, frame)) slots.push(slot);
  }
  return slots;
}
