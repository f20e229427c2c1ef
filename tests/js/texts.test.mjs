import assert from "node:assert/strict";
import { test } from "node:test";

import { poorStretches } from "../../cu_core/stage/js/scrubber.js";
import { faithfulness, NOTHING, share } from "../../cu_core/stage/js/texts.js";

const told = (fidelity) => faithfulness("Map", { fidelity }, 1);

test("the line says how far the picture may be believed", () => {
  assert.equal(told(0.951).text,
    "Map faithful: 95 of 100 forget samples are drawn among the classes they lie among.");
  assert.match(told(0.8).text, /^Map mostly faithful: 80 of 100/);
  assert.match(told(0.7).text, /^Map less faithful here: only 70 of 100/);
  assert.deepEqual([told(0.8).poor, told(0.7).poor], [false, true]);
});

test("what was not measured is said so, and where nothing is drawn nothing is said", () => {
  assert.equal(faithfulness("3-D map", null, 1).text, "3-D map quality not computed.");
  assert.deepEqual(faithfulness("Map", null, 1).details, []);
  assert.equal(faithfulness("Map", undefined, 1), NOTHING);
});

test("details name each measure, the retrained model's only where it has places", () => {
  const quality = { fidelity: 0.9, trustworthiness: 0.98765, jitter: 0.0001, noise_floor: 0 };
  const terms = (ghost) => faithfulness("Map", quality, 1, ghost).details.map(([term]) => term);
  const three = ["Trustworthiness .988", "Jitter below .001", "Noise floor 0"];
  assert.deepEqual(terms(undefined), three);
  assert.deepEqual(terms(0.5), [...three, "Retrained, fidelity .500"]);
  assert.deepEqual([share(0.9999), share(NaN)], ["1.00", "not computed"]);
});

test("poor stretches are joined, with the lowest fidelity of each", () => {
  const quality = [0.9, 0.7, 0.6, 0.9, null, 0.5].map((v) => v && { fidelity: v });
  assert.deepEqual(poorStretches(quality), [
    { first: 1, last: 2, least: 0.6 }, { first: 5, last: 5, least: 0.5 },
  ]);
});
