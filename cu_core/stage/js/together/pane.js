// One run among several: its map, what sets it apart from the others, and where it stands.

import { grid } from "../compare.js";
import { write } from "../elements.js";
import { MapView } from "../map.js";
import { Run } from "../run.js";
import { showValue, valueAt } from "../series.js";
import { joined, Samples } from "./joined.js";

const FORGET = ["forget_acc_test", "forget_acc_train"]; // the accuracy that a pane tells

export class Pane {
  /** ``told``: {letter, title}; ``shared``: the look of all. */
  constructor(root, { header, sections }, told, shared, changed) {
    this.root = root;
    this.run = new Run(header, sections);
    this.letter = told.letter;
    this.title = told.title;
    this.t = 0;
    this.samples = new Samples(this.run);
    this.look = joined(shared, this.samples);
    this.grid = grid(this.run.box);
    const find = (name) => root.querySelector(name);
    [this.where, this.says] = [find(".where"), find(".pane-says")];
    write(find(".letter"), told.letter);
    write(find(".pane-title"), told.title);
    find(".pane-title").title = told.title;
    find(".map").setAttribute("aria-label", `Map of run ${told.letter}: ${told.title}`);
    this.map = new MapView(find(".map"), this.look, changed, ["map"]);
    this.map.load(this.run, 0, true);
    this.accuracy = FORGET.map((key) => this.curve(key)).find(Boolean);
  }

  curve(key) {
    return (this.run.header.curves || []).find((line) => line.key === key);
  }

  get step() {
    return Math.round(this.run.stepAt(this.t));
  }

  get frame() {
    return Math.min(Math.round(this.t), this.run.last);
  }

  /** Indices in the data of what is chosen and shown here. */
  get chosen() {
    return [...this.look.chosen].map((slot) => this.samples.indexOf(slot));
  }

  draw(t, calm, soon) {
    this.t = t;
    this.map.draw(t, calm, soon);
    write(this.where, `step ${this.step} / ${this.run.endStep}`);
    write(this.says, this._says());
  }

  /** Of the sample that a hand is on, else of those chosen, else of all to be forgotten. */
  _says() {
    const { run, look } = this;
    const slot = look.hover >= 0 ? look.hover : look.pinned;
    if (slot >= 0) return `reads it as ${run.classes[this._answer(slot)]}`;
    if (look.chosen.size) return this._ofChosen([...look.chosen]);
    const value = this.accuracy ? valueAt(this.accuracy, run.stepAt(this.t)) : null;
    return value === null ? "" : `forget accuracy ${showValue(value, "%")}`;
  }

  _answer(slot) {
    return this.run.pred[this.frame * this.run.n + slot];
  }

  _ofChosen(slots) {
    const right = slots.filter((slot) => this._answer(slot) === this.run.label[slot]).length;
    return `${right} of ${slots.length} chosen read as labelled`;
  }

  /** [{index, x, y, here}] in CSS pixels of the map: samples that a hand is on, or has pinned. */
  places() {
    const { look, map: { camera, view } } = this;
    const slots = new Set([...look.pins, look.hover].filter((slot) => slot >= 0));
    return [...slots].map((slot) => {
      const [x, y] = camera.toPixel(...view.place(slot, this.t));
      const here = x >= 0 && y >= 0 && x <= camera.width && y <= camera.height;
      return { index: this.samples.indexOf(slot), x, y, here };
    });
  }

  destroy() {
    this.map.destroy();
    this.root.remove();
  }
}
