// The line under the scrubber: how far the picture may be believed at this frame.

import { POOR_FIDELITY } from "./scrubber.js";

const share = (value) => value.toFixed(value < 0.9995 ? 3 : 2).replace(/^0/, "");

/** {text, poor, details: [[term, meaning]]} for one frame's quality (or null) and the floor. */
export function qualityOf(quality, floor) {
  if (!quality || !Number.isFinite(quality.fidelity)) {
    return { text: "Map quality not computed.", poor: false, details: [] };
  }
  const of100 = Math.round(100 * quality.fidelity);
  const poor = quality.fidelity < POOR_FIDELITY;
  const drawn = `${of100} of 100 forget samples are drawn among the classes they lie among.`;
  const text = poor ? `Map less faithful here: only ${drawn}` : `Map faithful: ${drawn}`;
  const details = [];
  if (Number.isFinite(quality.trust)) {
    const meaning = "Share of drawn neighbours that are neighbours in the embeddings too.";
    details.push([`Trustworthiness ${share(quality.trust)}`, meaning]);
  }
  if (Number.isFinite(quality.jitter)) {
    const meaning = "Median movement of a keep sample in one frame, per spread of the map.";
    details.push([`Jitter ${share(quality.jitter)}`, meaning]);
  }
  if (Number.isFinite(floor)) {
    const meaning = "Movement drawn when nothing changes, in map units. Trails start above it.";
    details.push([`Noise floor ${Number(floor.toPrecision(2))}`, meaning]);
  }
  return { text, poor, details };
}

/** Writes them into the line's box: the sentence, and the details behind it. */
export function showQuality(box, quality, floor) {
  const { text, poor, details } = qualityOf(quality, floor);
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
