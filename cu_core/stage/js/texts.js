// The line under the scrubber: how far the picture may be believed at this frame.

import { POOR_FIDELITY } from "./scrubber.js";

const FAITHFUL = 0.9;
const NONE = "not computed";
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

/** What is said where nothing is drawn: the picture itself says why. */
export const NOTHING = { text: "", poor: false, details: [] };

/**
 * {text, poor, details: [[term, meaning]]} from what was measured of one frame: ``quality`` is null
 * where that is nothing, undefined where nothing is drawn. ``name`` says of which picture; ``ghost``
 * is the fidelity of the retrained model's places, if there are some.
 */
export function faithfulness(name, quality, every, ghost) {
  if (quality === undefined) return NOTHING;
  const said = sentence(quality?.fidelity, name);
  if (!Object.values(quality || {}).some(known)) return { ...said, details: [] };
  const details = [
    [`Trustworthiness ${share(quality.trustworthiness)}`, MEANING.trust],
    [`Jitter ${small(quality.jitter)}`, every > 1 ? MEANING.since : MEANING.jitter],
    [`Noise floor ${small(quality.noise_floor)}`, MEANING.floor],
  ];
  if (known(ghost)) details.push([`Retrained, fidelity ${share(ghost)}`, MEANING.ghost]);
  return { ...said, details };
}

/** Says of a long run that it is not shown whole. */
export function showLeftOut(box, { every, header: { on_record: count, overview } }) {
  box.hidden = every === 1 || overview;
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
