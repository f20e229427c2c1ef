// The line under the scrubber: how far the picture may be believed at this frame.

import { POOR_FIDELITY } from "./scrubber.js";

const FAITHFUL = 0.9;
const NONE = "not computed";
const EXACT_ANSWERS =
  "Exact: each sample lies between the classes in proportion to the model's answers.";
const MEANING = {
  trust: "How far neighbours on the map are neighbours in the embeddings too; 1 when all are.",
  jitter: "Median movement of the keep samples in this frame, in spreads of the map.",
  floor: "Movement drawn when nothing changes, in spreads of the map. Trails start above it.",
  since: "Median movement of the keep samples since the frame before it on record, in spreads.",
  ghost: "How far the retrained model's outlines are drawn among the classes they lie among.",
};

const known = (value) => typeof value === "number" && Number.isFinite(value);

/** A share with three digits (".951", "1.00"), or that it was not computed. */
export function share(value) {
  return known(value) ? value.toFixed(value < 0.9995 ? 3 : 2).replace(/^0/, "") : NONE;
}

function small(value) {
  if (!known(value)) return NONE;
  if (value > 0 && value < 0.0005) return "below .001";
  return value === 0 ? "0" : value.toFixed(value < 0.01 ? 4 : 3).replace(/^0/, "");
}

/** "Trustworthiness .951, fidelity .794" of one picture. */
export function measures(quality) {
  return `Trustworthiness ${share(quality?.trustworthiness)}, fidelity ${share(quality?.fidelity)}`;
}

function sentence(fidelity, name) {
  if (!known(fidelity)) return { text: `${name} quality ${NONE}.`, poor: false };
  const of100 = Math.round(100 * fidelity);
  const poor = fidelity < POOR_FIDELITY;
  const drawn = `${of100} of 100 forget samples are drawn among the classes they lie among.`;
  if (poor) return { text: `${name} less faithful here: only ${drawn}`, poor };
  return { text: `${name} ${fidelity < FAITHFUL ? "mostly " : ""}faithful: ${drawn}`, poor };
}

function ghostRow({ header }, view) {
  const fidelity = view === "solid" ? header.solid.ghost : header.ghost?.fidelity;
  return known(fidelity) ? [[`Retrained, fidelity ${share(fidelity)}`, MEANING.ghost]] : [];
}

/**
 * {text, poor, details: [[term, meaning]]} for one frame in ``view``: "map", "answers" or "solid".
 * No details where nothing was measured, no text where nothing is drawn: the map says why.
 */
export function qualityOf(run, frame, view) {
  if (view === "answers") return { text: EXACT_ANSWERS, poor: false, details: [] };
  const quality = view === "solid" ? solidQuality(run, frame) : run.quality[frame];
  if (quality === undefined) return { text: "", poor: false, details: [] };
  const said = sentence(quality?.fidelity, view === "solid" ? "3-D map" : "Map");
  if (!Object.values(quality || {}).some(known)) return { ...said, details: [] };
  const details = [
    [`Trustworthiness ${share(quality.trustworthiness)}`, MEANING.trust],
    [`Jitter ${small(quality.jitter)}`, run.every > 1 ? MEANING.since : MEANING.jitter],
    [`Noise floor ${small(quality.noise_floor)}`, MEANING.floor],
    ...ghostRow(run, view),
  ];
  return { ...said, details };
}

/** The 3-D layout has frames of its own: undefined while the one of this step is not laid out. */
function solidQuality(run, frame) {
  const { solid } = run.header;
  return solid?.quality?.[solid.steps.indexOf(run.steps[frame])];
}

/** Says of a long run that it is not shown whole. */
export function showLeftOut(box, { every, header: { on_record: count } }) {
  box.hidden = every === 1;
  if (box.hidden) return;
  const nth = `${every}${every % 10 === 2 && every % 100 !== 12 ? "nd" : "th"}`; // a power of two
  const all = count.toLocaleString("en");
  box.textContent = `Shows every ${nth} of ${all} pictures on record, and the newest.`;
}

/** Writes them into the line's box: the sentence, and the details behind it. */
export function showQuality(box, { text, poor, details }) {
  box.classList.toggle("poor", poor);
  box.querySelector(".says").textContent = text;
  box.querySelector("details").hidden = !details.length;
  const rows = details.map(([term, meaning]) => {
    const [row, name, sense] = ["div", "dt", "dd"].map((kind) => document.createElement(kind));
    name.textContent = term;
    sense.textContent = meaning;
    row.append(name, sense);
    return row;
  });
  box.querySelector("dl").replaceChildren(...rows);
}
