// The hover card: the sample's picture or text, its class, what the model says now, forget or keep,
// and what its owner calls it.

const PICTURE = 96; // CSS pixels
const LONGEST = 25; // letters of a name; of a longer one the end tells more
const LARGE = 64; // pixels of a tile; a larger one is a photograph's, and shown larger
const PICTURE_KINDS = ["image/png", "image/webp", "image/jpeg"];

export class Card {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.words = root.querySelector(".card-text");
    this.field = {};
    for (const name of ["term", "true", "pred", "part", "index"]) {
      this.field[name] = root.querySelector(`.card-${name}`);
    }
    this.slot = -1;
    this.shift = [0, 0]; // pixels that a hand has moved the card of a pinned sample
    this._draggable();
  }

  /** A card that stays can be taken off the cluster that it covers. */
  _draggable() {
    const { root } = this;
    let grip = null;
    root.addEventListener("pointerdown", (event) => {
      grip = [event.clientX - this.shift[0], event.clientY - this.shift[1]];
      root.setPointerCapture(event.pointerId);
    });
    root.addEventListener("pointermove", (event) => {
      if (!grip) return;
      this.shift = [event.clientX - grip[0], event.clientY - grip[1]];
      this._place();
    });
    for (const name of ["pointerup", "pointercancel"]) {
      root.addEventListener(name, () => (grip = null));
    }
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

  /** Fills the card for a slot at frame i and puts it beside the pixel, inside the map.
   *  ``stays``: the sample is pinned, so that a hand can move the card. */
  show(slot, frame, at, width, height, stays) {
    const key = `${slot}/${frame}/${Boolean(this.sheet)}`;
    if (this.key !== key || this.root.hidden) this._fill(slot, frame);
    if (this.slot !== slot) this.shift = [0, 0];
    Object.assign(this, { key, slot, at, width, height });
    this.root.hidden = false;
    this.root.classList.toggle("stays", stays);
    this.root.classList.toggle("low", at[1] > height / 2); // in a corner: in the other one
    this._place();
  }

  _place() {
    const { root, at: [px, py], shift, width, height } = this;
    const [w, h] = [root.offsetWidth, root.offsetHeight];
    const left = (px + 18 + w > width ? px - 18 - w : px + 18) + shift[0];
    const top = py - h / 2 + shift[1];
    const x = Math.max(4, Math.min(width - w - 4, left));
    const y = Math.min(height - h - 8, Math.max(8, top));
    root.style.transform = `translate(${x}px, ${y}px)`;
  }

  _fill(slot, frame) {
    const { run, field } = this;
    const name = (id) => run.classes[id] ?? `class ${id}`;
    const now = run.pred[frame * run.n + slot];
    const wrong = run.mislabelled(slot);
    field.term.textContent = wrong ? "Labelled" : "True";
    const truly = wrong ? `, truly ${name(run.trueLabel[slot])}` : "";
    field.true.textContent = name(run.label[slot]) + truly;
    field.pred.textContent = name(now);
    field.pred.classList.toggle("differs", now !== run.label[slot]);
    field.part.textContent = run.isForget(slot) ? "Forget sample" : "Keep sample";
    const called = run.called(slot);
    field.index.textContent = shortened(called);
    field.index.title = called;
    this.words.textContent = run.text(slot);
    this.words.hidden = !this.words.textContent;
    this.root.classList.toggle("reads", !this.words.hidden);
    this.canvas.hidden = !this.sheet;
    this.canvas.classList.toggle("large", Boolean(this.sheet) && run.atlas.tile > LARGE);
    if (this.sheet) drawSample(this.canvas, run, this.sheet, slot, PICTURE * 2);
  }
}

/** The end of a long path, by whole parts of it if that is enough. */
export function shortened(name) {
  if (name.length <= LONGEST) return name;
  const end = name.slice(1 - LONGEST);
  const part = end.indexOf("/");
  return `…${part < 0 || part === end.length - 1 ? end : end.slice(part)}`;
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
