// The hover card: the sample's picture, its class, what the model says now, forget or keep.

const PICTURE = 96; // CSS pixels
const PICTURE_KINDS = ["image/png", "image/webp", "image/jpeg"];

export class Card {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.field = {};
    for (const name of ["term", "true", "pred", "part", "index"]) {
      this.field[name] = root.querySelector(`.card-${name}`);
    }
    this.slot = -1;
  }

  /** Decodes the run's sprite sheet; until then, and without one, the card has no picture. */
  async load(run) {
    this.hide();
    this.run = run;
    this.sheet = null;
    if (!run.atlas || !PICTURE_KINDS.includes(run.atlas.mime)) return;
    try {
      const file = new Blob([run.atlas.bytes], { type: run.atlas.mime });
      const sheet = await createImageBitmap(file);
      if (this.run === run) this.sheet = sheet;
    } catch (error) {
      console.warn(`The samples' pictures could not be decoded: ${error.message}`);
    }
  }

  hide() {
    this.slot = -1;
    this.root.hidden = true;
  }

  /** Fills the card for a slot at frame i and puts it beside the pixel, inside the map. */
  show(slot, frame, [px, py], width, height) {
    const key = `${slot}/${frame}/${Boolean(this.sheet)}`;
    if (this.key !== key || this.root.hidden) this._fill(slot, frame);
    this.key = key;
    this.slot = slot;
    this.root.hidden = false;
    const [w, h] = [this.root.offsetWidth, this.root.offsetHeight];
    const left = px + 18 + w > width ? px - 18 - w : px + 18;
    const top = Math.min(height - h - 8, Math.max(8, py - h / 2));
    this.root.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
    this.root.classList.toggle("low", py > height / 2); // where it keeps to a corner: the other one
  }

  _fill(slot, frame) {
    const { run, field } = this;
    const name = (id) => run.classes[id] ?? `class ${id}`;
    const now = run.pred[frame * run.n + slot];
    const wrong = run.mislabelled(slot);
    field.term.textContent = wrong ? "Labelled" : "True";
    field.true.textContent = name(run.label[slot]) + (wrong ? `, truly ${name(run.trueLabel[slot])}` : "");
    field.pred.textContent = name(now);
    field.pred.classList.toggle("differs", now !== run.label[slot]);
    field.part.textContent = run.isForget(slot) ? "Forget sample" : "Keep sample";
    field.index.textContent = `index ${run.index[slot]}`;
    this.canvas.hidden = !this.sheet;
    if (this.sheet) drawSample(this.canvas, run, this.sheet, slot, PICTURE * 2);
  }
}

/** A sample's picture, from the run's sheet, on a canvas of about so many pixels a side. */
export function drawSample(canvas, run, sheet, slot, side) {
  const { tile, columns } = run.atlas;
  const place = run.order[slot];
  const scale = Math.max(1, Math.round(side / tile));
  canvas.width = canvas.height = tile * scale;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  const [x, y] = [(place % columns) * tile, Math.floor(place / columns) * tile];
  context.drawImage(sheet, x, y, tile, tile, 0, 0, tile * scale, tile * scale);
}
