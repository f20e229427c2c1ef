// What colour each point has: by true class, by predicted class, or by how far it has moved.

const DIMMED = 26; // alpha of points outside the isolated classes

/** How the map is read: mode "true" | "pred" | "moved", and what is isolated. */
export class Look {
  constructor() {
    this.mode = "pred"; // at step 0 the true class; then the colours show what the head answers
    this.ghost = null; // the retrained model's outlines: true, false, or null: at the end alone
    this.outlines = 0; // how much of them is seen now, 0 to 1
    this.isolated = new Set(); // class ids
    this.hover = this.pinned = -1; // slots
    this.hand = null; // of several maps with this look, the one that a hand is on
    this.version = 0;
  }

  /** Colours for the run on this theme; every mark drawn later comes from here. */
  dress(palette, ramp, theme) {
    Object.assign(this, { palette, ramp, theme });
    this.version++;
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

  /** The line around a forget sample: ink, or the colour of the wrong label that it was given. */
  rim(run, slot) {
    const { palette, theme } = this;
    const wrong = this.mode === "true" && run.mislabelled(slot);
    return wrong ? palette[run.label[slot]].edge : theme.ink;
  }

  /** {colour, alpha} of a slot's outline: the colour of what the retrained model answers. */
  outline(run, slot) {
    const { palette, theme } = this;
    const answer = run.shares.ghostAnswer(slot);
    const told = this.mode !== "moved" && palette[answer];
    const dim = this.dims(answer) && this.dims(run.trueLabel[slot]);
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
    const alpha = look.dims(look.classOf(run, slot, frame)) ? DIMMED : 255;
    const at = slot * 8;
    for (let c = 0; c < 3; c++) {
      out[at + c] = fill[c];
      out[at + 4 + c] = edge[c];
    }
    out[at + 3] = out[at + 7] = alpha;
  }
}
