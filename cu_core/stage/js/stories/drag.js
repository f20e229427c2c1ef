// The samples of a question as one thing that a hand drags to a class; the radio buttons that it
// falls on are what counts, and are all that a keyboard needs.

import { tag } from "../elements.js";

export class Drag {
  /** ``group``: the options; ``chosen()``: one of them is checked now. */
  constructor(count, group, chosen) {
    Object.assign(this, { group, chosen });
    this.token = tag("span", "tale-token", `${count.toLocaleString("en")} images`);
    this.token.setAttribute("aria-hidden", "true"); // the options say the same to those who see it not
    this.token.title = "Drag to a class";
    const on = (name, act) => this.token.addEventListener(name, act);
    on("pointerdown", (event) => this._down(event));
    on("pointermove", (event) => this.from && this._move(event));
    on("pointerup", (event) => this.from && this._up(event));
    on("pointercancel", () => this._drop());
  }

  _down(event) {
    if (event.button) return;
    this.from = [event.clientX, event.clientY];
    this.token.setPointerCapture(event.pointerId);
    this.token.classList.add("held");
    event.preventDefault();
  }

  _move({ clientX, clientY }) {
    this.token.style.transform = `translate(${clientX - this.from[0]}px, ${clientY - this.from[1]}px)`;
    const over = this._over(clientX, clientY);
    for (const option of this.group.children) option.classList.toggle("over", option === over);
  }

  _up({ clientX, clientY }) {
    const over = this._over(clientX, clientY);
    this._drop();
    if (!over) return;
    over.querySelector("input").checked = true;
    this.chosen();
  }

  /** Which option lies under a place of the page. */
  _over(x, y) {
    return [...this.group.children].find((option) => {
      const box = option.getBoundingClientRect();
      return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
    });
  }

  _drop() {
    this.from = null;
    this.token.style.transform = "";
    this.token.classList.remove("held");
    for (const option of this.group.children) option.classList.remove("over");
  }
}
