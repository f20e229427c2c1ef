// A line over the Stage that goes by itself: what a key or a button has done.

import { tag } from "./elements.js";

const STAYS = 4000; // milliseconds
const COPIED = "Link to this moment copied.";
const BY_HAND = "This browser lets no page copy. The link, to be copied by hand:";

export class Toast {
  constructor(root) {
    this.box = tag("p", "toast");
    this.box.setAttribute("role", "status");
    root.append(this.box);
  }

  show(text, ...more) {
    clearTimeout(this.going);
    this.box.replaceChildren(text, ...more);
    if (!more.length) this.going = setTimeout(() => this.box.replaceChildren(), STAYS);
  }

  /** Puts a link into the clipboard; where that is forbidden, on the screen. */
  async copy(link) {
    try {
      await navigator.clipboard.writeText(link);
      this.show(COPIED);
    } catch {
      const field = tag("input");
      Object.assign(field, { readOnly: true, value: link });
      field.setAttribute("aria-label", "Link to this moment");
      field.addEventListener("blur", () => this.show(""));
      this.show(BY_HAND, field);
      field.select();
    }
  }
}
