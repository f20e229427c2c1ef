// What happened in a run, as marks and list have it: words, tones, and which marks are one.

const ROUNDING = 1e-6; // of a frame
const TONES = ["", "change", "goal", "harm"]; // the later, the more it stands out

/** Those of the frames that have come, by step. */
export function happened(run) {
  const last = run.steps[run.last] || 0;
  return (run.header.events || []).filter(({ step }) => step <= last);
}

/** The first frame in which an event of this step is to be seen: its own, or the next that is kept. */
export function frameOf(run, step) {
  return Math.max(0, Math.ceil(run.timeOf(step) - ROUNDING));
}

export function sentence({ step, text, kind }) {
  return `Step ${step}: ${text || kind}`;
}

/** Events less than ``near`` steps apart, in order of their steps, as groups. */
export function groups(events, near) {
  const out = [];
  for (const event of events) {
    const open = out[out.length - 1];
    if (open && (event.step === open[0].step || event.step - open[0].step < near)) open.push(event);
    else out.push([event]);
  }
  return out;
}

/** The tone that stands out most among these: "harm", "goal", "change", or "" of what was done. */
export function tone(events) {
  const rank = ({ tone: own = "" }) => Math.max(0, TONES.indexOf(own));
  return TONES[Math.max(...events.map(rank))];
}

/** Which of the events, by step, is the last at or before a step; -1 before the first. */
export function reached(events, step) {
  let at = -1;
  events.forEach((event, k) => { if (event.step <= step) at = k; });
  return at;
}
