// The sheets of the pinned samples, side by side. What the page holds is drawn at once; neighbours
// and distances need the embeddings, for which the page behind is asked.

import { Leaf } from "../leaf.js";
import { partial } from "../looks.js";
import { register } from "../panels.js";
import { toggled } from "../pins.js";

const REST = 200; // milliseconds at a frame, until its neighbours are asked for
const PAUSE = 50; // milliseconds for the hand, between two looks of the page
const PATIENCE = 3000; // milliseconds without an answer, until it is asked once more
const NONE = "Neighbours and distances need the embeddings, which this page does not carry: the " +
  "app has them for runs of its own.";
const SOON = "Looking for its neighbours…";
const HOW = "Neighbours and distances by cosine on the embeddings, among the samples on the map. " +
  "The middle of a class is that of its kept samples; where none is kept, of all of them. A " +
  "diamond marks what is to be forgotten.";

class Sheet {
  static kind = "sheet";
  static rank = 10;

  constructor(stage, box) {
    Object.assign(this, { stage, box });
    this.leaves = [];
    const title = document.createElement("h3");
    title.textContent = "Pinned samples";
    this.grid = document.createElement("div");
    this.grid.className = "leaves";
    this.how = document.createElement("p");
    this.how.className = "how";
    box.append(title, this.grid, this.how);
    this.hands = {
      close: (slot) => this._toggle(slot, true),
      choose: (slot) => this._toggle(slot),
      point: (slot) => this._point(slot),
      oppose: (slot) => this._oppose(slot),
    };
    this.watch = new ResizeObserver(() => {
      for (const leaf of this.leaves) leaf.resize(stage.ratio);
      stage.request();
    });
  }

  // --- data

  load(run, fresh) {
    this.run = run;
    if (fresh) {
      this.slotOf = new Map([...run.index].map((index, slot) => [index, slot]));
      this.asked = this.wish = "";
      clearTimeout(this.timer);
      this._clear();
    }
    this._fill();
    this._goOn();
  }

  dress() {
    this._fill();
  }

  get look() {
    return this.stage.look;
  }

  get pictures() {
    return this.stage.map.card.sheet;
  }

  _clear() {
    for (const leaf of this.leaves) this.watch.unobserve(leaf.root);
    this.leaves = [];
    this.pinned = null;
    this.grid.replaceChildren();
  }

  /** As many leaves as there are pins, in their order; those that stay are the same elements. */
  _match() {
    const { pins } = this.look;
    const gone = this.leaves.filter(({ slot }) => !pins.includes(slot));
    for (const leaf of gone) {
      this.watch.unobserve(leaf.root);
      leaf.root.remove();
    }
    const held = new Map(this.leaves.map((leaf) => [leaf.slot, leaf]));
    this.leaves = pins.map((slot) => held.get(slot) || this._leaf(slot));
    this.box.hidden = !pins.length;
    this.stage.keep();
  }

  _leaf(slot) {
    const leaf = new Leaf(slot, this.hands);
    this.grid.append(leaf.root);
    this.watch.observe(leaf.root);
    return leaf;
  }

  _fill() {
    if (!this.run || !this.look.theme) return;
    const { header } = this.run;
    const why = header.sheets ? header.sheets.fault || SOON : "";
    this.shown = this.pictures;
    this.leaves.forEach((leaf, k) => {
      leaf.fill(this.run, k + 1, this.look, this.shown);
      leaf.take(header.sheets, why, this.slotOf, this.shown);
      leaf.oppose(header.opposed, this.slotOf, this.shown);
      leaf.resize(this.stage.ratio);
    });
    this.how.textContent = header.sheets ? HOW : NONE;
  }

  // --- pictures

  draw(t) {
    if (this.run !== this.stage.run) return; // its own ``load`` is still to come
    const { pins } = this.look;
    const key = pins.join();
    if (key !== this.pinned || this.pictures !== this.shown) {
      if (key !== this.pinned) this._match();
      this.pinned = key;
      this._fill();
      this._ask(0);
    }
    if (!pins.length) return;
    for (const leaf of this.leaves) leaf.draw(t);
    const { clock } = this.stage;
    if (!clock.moving && !clock.following) this._ask(REST);
  }

  /** Asks for what belongs to these pins and this frame, once it has stood for so long. */
  _ask(rest) {
    const { run, stage: { clock } } = this;
    if (!run.header.sheets) return;
    const step = run.steps[clock.frame];
    const wish = `${this.pinned}/${step}`;
    if (wish === this.wish || (!this.pinned && !this.asked)) return;
    this.wish = wish;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this._send(wish, step, true), rest);
  }

  _send(wish, step, again) {
    const { run, look, stage } = this;
    this.asked = wish;
    const index = look.pins.map((slot) => run.index[slot]);
    stage.ask("pins", { index, step });
    if (!again) return;
    this.timer = setTimeout(() => { // another question of the Stage may have overtaken it
      const { sheets } = this.run.header;
      const there = sheets.step === step && index.every((at) => at in (sheets.of || {})) &&
        !partial(sheets);
      if (wish === this.wish && index.length && !there) this._send(wish, step, false);
    }, PATIENCE);
  }

  /** Not all snapshots are looked at yet: the page goes on when it is asked again. */
  _goOn() {
    const { run: { header: { sheets } }, asked } = this;
    if (!asked || asked !== this.wish || !partial(sheets)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this._send(asked, sheets.step, true), PAUSE);
  }

  // --- the hand

  /** ``closes``: by the sheet's own button, which goes: the focus then stays among the sheets. */
  _toggle(slot, closes = false) {
    const at = this.leaves.findIndex((leaf) => leaf.slot === slot);
    this.look.pins = toggled(this.look.pins, slot);
    this.look.hover = -1;
    if (closes) {
      const next = this.leaves[at + 1] || this.leaves[at - 1];
      (next ? next.closer : this.stage.map.root).focus({ preventScroll: Boolean(!next) });
    }
    this.stage.request();
  }

  _point(slot) {
    this.look.hover = slot;
    this.stage.request();
  }

  _oppose(slot) {
    const { run, stage } = this;
    this.leaves.find((leaf) => leaf.slot === slot).root.focus(); // its button goes
    stage.ask("oppose", { index: [run.index[slot]], step: run.steps[stage.clock.frame] });
  }

  drop() {
    clearTimeout(this.timer);
    this.watch.disconnect();
  }
}

register(Sheet);
