// "Confidence": each sample above the class it is answered with, the higher the surer.

import { Projected } from "../projected.js";
import { register } from "../views.js";

const WHOLE = 255; // parts that a sample's shares sum to; views/answers.js has a WHOLE of its own
const SIDE = 65535; // of a view's square, in quanta

class Confidence extends Projected {
  kind = "confidence";
  title = "Confidence";
  help = "How sure the model is of each answer";
  hint = "Left to right: the predicted class. Upwards: how sure.";
  words = "by how sure the model is of its answers";

  get offered() {
    return this.run.shares.width > 0;
  }

  point(slot, t, out, at) {
    const { n, last, pred, classes, shares: { part, width } } = this.run;
    const row = Math.min(Math.round(t), last) * n + slot;
    const surest = Math.max(...part.subarray(row * width, (row + 1) * width));
    out[at] = (SIDE * (pred[row] + 0.5)) / classes.length;
    out[at + 1] = (SIDE * surest) / WHOLE;
    out[at + 2] = 1; // nearness: nothing is nearer than another
  }
}

register(Confidence);
