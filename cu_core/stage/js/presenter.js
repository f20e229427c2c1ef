// The picture alone on the whole screen, for a room: large letters, no end given away, a pointer.

import { tag } from "./elements.js";
import { onKey } from "./keys.js";
import { Notes } from "./notes.js";
import { WholeScreen } from "./wholescreen.js";

const LETTERS = 1.5;
const TAP = 350; // milliseconds: a key that is held longer points only while it is held

export class Presenter {
  /** ``stage``: a Stage, or several runs side by side, with its ``root``, ``run``, ``map`` and what
   *  ``presents(on)`` changes of it; ``noted``: whether it has something to say in a second window. */
  constructor(stage, noted) {
    this.stage = stage;
    this.root = stage.root;
    this.screen = new WholeScreen(this.root, "presents", () => this.leave());
    this.notes = noted ? new Notes(stage, () => this.screen.opens()) : null;
    this.disc = tag("div", "disc");
    this.blackout = tag("div", "blackout");
    this.disc.hidden = this.blackout.hidden = true;
    this.root.append(this.disc, this.blackout);
    this._listen();
  }

  _listen() {
    const { root, stage } = this;
    const act = { present: "toggle", leave: "leave", point: "point", black: "black" };
    for (const [name, does] of Object.entries(act)) {
      root.querySelector(`.${name}`).addEventListener("click", () => this[does](true));
    }
    const notes = root.querySelector(".notes");
    if (this.notes) notes.addEventListener("click", () => this.notes.toggle());
    else notes.remove();
    this.blackout.addEventListener("click", () => this.black());
    root.addEventListener("pointermove", (event) => this._follow(event));
    root.addEventListener("pointerdown", (event) => this._follow(event));
    this.onUp = ({ key }) => key.toLowerCase() === "d" && this._release();
    this.onKey = (event) => {
      const free = event.target === document.body; // no control of the page has it
      const wanted = this.on || (event.key === "f" && stage.run?.frames);
      if (free && wanted && !event.defaultPrevented) onKey(event, stage);
    };
    document.addEventListener("keyup", this.onUp);
    document.addEventListener("keydown", this.onKey);
  }

  toggle() {
    if (!this.leave()) this._enter();
  }

  get on() {
    return this.screen.on;
  }

  async _enter() {
    const entered = this.screen.enter();
    this.stage.presents(true); // what is not played yet is gone before the page is
    await entered;
    if (!this.on) return;
    this.stage.map.root.focus({ preventScroll: true });
  }

  /** Back to the page as it was. Returns whether there was something to leave. */
  leave() {
    if (!this.on) return false;
    this.screen.leave();
    this.disc.hidden = this.blackout.hidden = true;
    this.stage.presents(false);
    this.screen.refocus();
    return true;
  }

  /** How large the letters on canvases are, beside their usual size; those of the page are CSS. */
  get letters() {
    return this.on ? LETTERS : 1;
  }

  // --- what is done while presenting

  /** The pointer: by a key for as long as it is held, or until it is pressed again. */
  point(byHand = false) {
    if (!this.on || this.holding) return;
    this.disc.hidden = !this.disc.hidden;
    this.holding = byHand || this.disc.hidden ? 0 : performance.now();
  }

  _release() {
    if (this.holding && performance.now() - this.holding > TAP) this.disc.hidden = true;
    this.holding = 0;
  }

  _follow({ clientX, clientY }) {
    if (this.on) this.disc.style.transform = `translate(${clientX}px, ${clientY}px)`;
  }

  black() {
    if (this.on) this.blackout.hidden = !this.blackout.hidden;
  }

  end() {
    this.leave();
    this.notes?.close();
    document.removeEventListener("keyup", this.onUp);
    document.removeEventListener("keydown", this.onKey);
    this.screen.end();
  }
}
