// The one clock's buttons, slider and words, of whatever goes by it.

import { write } from "../elements.js";
import { Scrubber } from "../scrubber.js";

export class Player {
  /** ``owner``: what is played, with ``toggle``, ``stepBy``, ``seek``, ``settle`` and a ``clock``. */
  constructor(root, owner) {
    Object.assign(this, { root, owner });
    const find = (name) => root.querySelector(name);
    [this.play, this.step] = [find(".play"), find(".step")];
    this.play.addEventListener("click", () => owner.toggle());
    find(".back").addEventListener("click", () => owner.stepBy(-1));
    find(".forward").addEventListener("click", () => owner.stepBy(1));
    this.scrubber = new Scrubber(find(".scrub"), (t) => owner.seek(t), () => owner.settle());
  }

  load(course) {
    this.course = course;
    this.scrubber.load(course);
  }

  draw(t) {
    const { playing } = this.owner.clock;
    const [at, whole] = this.course.words(t);
    this.scrubber.draw(t, at + whole);
    write(this.step.firstChild, at);
    write(this.step.lastChild, whole);
    this.root.classList.toggle("playing", playing);
    const word = `${playing ? "Pause" : "Play"} the pictures`;
    if (this.play.getAttribute("aria-label") === word) return;
    this.play.setAttribute("aria-label", word);
    this.play.title = `${word} (space)`;
  }
}
