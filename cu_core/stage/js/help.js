// The list of keys, over the Stage.

import { tag, within } from "./elements.js";
import { KEYS } from "./keys.js";

export class Help {
  constructor(stage) {
    this.stage = stage;
    stage.root.querySelector(".help").addEventListener("click", () => this.toggle());
  }

  toggle() {
    if (this.close()) return;
    this.box ??= this._make();
    this.box.showModal();
  }

  /** Returns whether it was open. */
  close() {
    const open = Boolean(this.box?.open);
    if (open) this.box.close();
    return open;
  }

  _make() {
    const box = within(this.stage.root, "dialog", "keys", "");
    box.setAttribute("aria-label", "Keys");
    within(box, "h3", "", "Keys");
    const list = within(box, "dl", "", "");
    for (const { names, does, has } of KEYS) {
      if (has && !this.stage[has]) continue;
      const row = within(list, "div", "", "");
      const term = within(row, "dt", "", "");
      term.append(...names.map((name) => tag("kbd", "", name)));
      within(row, "dd", "", does);
    }
    const shut = within(box, "button", "quiet", "Close");
    shut.type = "button";
    box.addEventListener("click", ({ target }) => [box, shut].includes(target) && this.close());
    return box;
  }
}
