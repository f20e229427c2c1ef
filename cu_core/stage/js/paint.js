// What colour each point has: by true class, by predicted class, or by how far it has moved.

import { moved } from "./pins.js";

const DIMMED = 26; // alpha of points outside the isolated classes

/** How the map is read: mode "true" | "pred" | "moved", and what is isolated. */
export class Look {
  constructor() {
    this.mode = "pred"; // at step 0 the true class; then the colours show what the head answers
    this.ghost = null; // the retrained model's outlines: true, false, or null: at the end alone
    this.outlines = 0; // how much of them is seen now, 0 to 1
    this.larger = 1; // how much larger than usual marks are: for who looks from far
    this.isolated = new Set(); // class ids
    this.hover = -1; // a slot
    this.pins = []; // slots, the newest last
    this.chosen = new Set(); // slots that a hand has gathered: what the tray holds of this run
    this.marked = new Set(); // slots that a part under the picture points at; no choice
    this.choosing = false; // whether a drag gathers samples
    this.choose = () => {}; // (slots, how): whoever holds the choice is told of what was gathered
    this.highlight = null; // what is shown alone besides classes: one of highlight.js
    this.hand = null; // of several maps with this look, the one that a hand is on
    this.version = 0;
  }

  /** The newest pin, or -1; to set it moves that pin, -1 takes all away. */
  get pinned() {
    return this.pins.at(-1) ?? -1;
  }

  set pinned(slot) {
    this.pins = slot < 0 ? [] : moved(this.pins, slot);
  }

  /** Colours for the run on this theme; every mark drawn later comes from here. */
  dress(palette, ramp, theme) {
    Object.assign(this, { palette, ramp, theme });
    this.version++;
  }

  /** Whether a sample has a ring: it is chosen, or pointed at. */
  rings(slot) {
    return this.chosen.has(slot) || this.marked.has(slot);
  }

  toggle(id) {
    if (!this.isolated.delete(id)) this.isolated.add(id);
    this.version++;
  }

  set(mode) {
    this.mode = mode;
    this.version++;
  }

  dims(id) {
    return this.isolated.size > 0 && !this.isolated.has(id);
  }

  /** The class a slot is shown as at frame i: predicted in mode "pred", else true. */
  classOf(run, slot, i) {
    return this.mode === "pred" ? run.pred[i * run.n + slot] : run.trueLabel[slot];
  }

  /** Whether a slot stands back at frame i: its class is not shown, or it is not highlighted. */
  dimsSample(run, slot, i) {
    return this.dims(this.classOf(run, slot, i)) || this._unlit(run, slot, i);
  }

  _unlit(run, slot, i) {
    return this.highlight !== null && !this.highlight.holds(run, slot, i);
  }

  /** Whether what is seen of the points goes with the frame, wherever they lie. */
  get follows() {
    return this.mode === "pred" || this.highlight !== null;
  }

  /** The line around a forget sample: ink, or the colour of the wrong label that it was given. */
  rim(run, slot) {
    const { palette, theme } = this;
    const wrong = this.mode === "true" && run.mislabelled(slot);
    return wrong ? palette[run.label[slot]].edge : theme.ink;
  }

  /** {colour, alpha} of a slot's outline at frame i: the colour of what the retrained model answers. */
  outline(run, slot, i) {
    const { palette, theme } = this;
    const answer = run.shares.ghostAnswer(slot);
    const told = this.mode !== "moved" && palette[answer];
    const apart = this.dims(answer) && this.dims(run.trueLabel[slot]);
    const dim = apart || this._unlit(run, slot, i);
    return {
      colour: told ? told.edge : theme.soft, alpha: (dim ? DIMMED : 255) * this.outlines,
    };
  }

  /** {fill, edge} of a slot at time t, as it is drawn in a view. */
  colour(view, slot, t) {
    const { run } = view;
    if (this.mode !== "moved") {
      const id = this.classOf(run, slot, Math.min(Math.round(t), run.last));
      return this.palette[id] || { fill: this.theme.grey, edge: this.theme.grey };
    }
    const { grey } = this.theme;
    if (!run.isForget(slot)) return { fill: grey, edge: grey };
    if (!view.strayed(slot, t)) return { fill: grey, edge: grey };
    const fill = this.ramp[Math.min(255, Math.round(255 * view.way(slot, t)))];
    return { fill, edge: fill };
  }
}

/** Fills ``out`` (8 bytes a slot: fill RGBA, edge RGBA) for time t in a view. */
export function paintPoints(view, look, t, out) {
  const { run } = view;
  const frame = Math.min(Math.round(t), run.last);
  for (let slot = 0; slot < run.n; slot++) {
    const { fill, edge: own } = look.colour(view, slot, t);
    const edge = run.isForget(slot) ? look.rim(run, slot) : own;
    const alpha = look.dimsSample(run, slot, frame) ? DIMMED : 255;
    const at = slot * 8;
    for (let c = 0; c < 3; c++) {
      out[at + c] = fill[c];
      out[at + 4 + c] = edge[c];
    }
    out[at + 3] = out[at + 7] = alpha;
  }
}
