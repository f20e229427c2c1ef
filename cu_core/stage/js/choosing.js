// What is chosen by hand: the mode in which a drag gathers samples, how many they are, and the ones
// that the page remembers.

const HINT = "Draw around samples, or click one. Shift adds, Alt takes out.";
const TOUCH = "Draw around samples, or tap one. What is chosen adds up.";

/** The slots of samples given by their indices in the data; those that the run does not show are
 *  left out. */
export function slotsOf(run, indices) {
  const wanted = new Set(indices);
  const slots = [];
  run.index.forEach((index, slot) => wanted.has(index) && slots.push(slot));
  return slots;
}

export class Choosing {
  constructor(stage) {
    this.stage = stage;
    const find = (name) => stage.root.querySelector(name);
    Object.assign(this, { button: find(".choose"), said: find(".chosen"), clear: find(".clear") });
    this.words = matchMedia("(hover: none)").matches ? TOUCH : HINT;
    stage.look.choose = (slots, how) => stage.select(slots, how);
    this.button.addEventListener("click", () => this.toggle());
    this.clear.addEventListener("click", () => this._clear());
  }

  /** With every blob: the page knows what is chosen of a run, or says nothing of it. */
  load(run, fresh) {
    const told = run.header.chosen;
    if (!told && !fresh) return;
    const { look } = this.stage;
    const slots = slotsOf(run, told || []);
    if (slots.length === look.chosen.size && slots.every((slot) => look.chosen.has(slot))) return;
    look.chosen.clear();
    for (const slot of slots) look.chosen.add(slot);
    look.version++;
  }

  /** What stands under the picture while the mode is on; "" without it. */
  get hint() {
    return this.stage.look.choosing ? this.words : "";
  }

  toggle() {
    const { look, map, beside, root } = this.stage;
    look.choosing = !look.choosing;
    for (const picture of [map, beside.map]) picture?.lasso.drop();
    this.button.setAttribute("aria-pressed", String(look.choosing));
    root.classList.toggle("chooses", look.choosing);
    this.stage.request();
  }

  /** Out of the mode; what is chosen stays. Returns whether it was on. */
  leave() {
    const on = this.stage.look.choosing;
    if (on) this.toggle();
    return on;
  }

  /** Adds the pinned sample, or takes it out, for those who use no mouse. */
  take() {
    const { pinned, chosen } = this.stage.look;
    if (pinned >= 0) this.stage.select([pinned], chosen.has(pinned) ? "remove" : "add");
  }

  _clear() {
    this.stage.select([], "set");
    this.button.focus({ preventScroll: true }); // the button that was pressed hides
  }

  /** With every picture. */
  draw() {
    const { size } = this.stage.look.chosen;
    const text = size ? `${size.toLocaleString("en")} chosen` : "";
    if (this.said.textContent === text) return;
    this.said.textContent = text;
    this.clear.hidden = !size;
  }
}
