// The stops of a story as marks on a line: where one is, where one has been, what is still to come.

import { tag, write } from "../elements.js";

export class Stops {
  /** ``go(i)``: a hand wants stop i. */
  constructor(root, count, go) {
    Object.assign(this, { root, count, go });
  }

  /** ``stops``: those that may be seen, of ``total``; ``open``: the one that asks. */
  draw(stops, at, total, open) {
    if (this.root.childElementCount !== total) this._make(total);
    [...this.root.children].forEach((mark, i) => {
      const known = stops[i];
      mark.disabled = !known;
      mark.classList.toggle("past", i < at);
      mark.classList.toggle("asks", Boolean(known?.question));
      if (i === at) mark.setAttribute("aria-current", "step");
      else mark.removeAttribute("aria-current");
      mark.tabIndex = i === at ? 0 : -1;
      mark.title = known ? known.line : "";
      const asks = i === open ? ", asks a question" : "";
      mark.setAttribute("aria-label", known ? `${i + 1}: ${known.line}${asks}` : `${i + 1}: not yet`);
    });
    if (this.root.querySelector(":focus")) this.root.children[at].focus();
    write(this.count, `${at + 1} of ${total}`);
  }

  _make(total) {
    this.root.replaceChildren(...Array.from({ length: total }, (_, i) => {
      const mark = tag("button", "tale-stop");
      mark.type = "button";
      mark.addEventListener("click", () => this.go(i));
      return mark;
    }));
  }
}
