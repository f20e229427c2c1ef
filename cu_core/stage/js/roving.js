// One Tab stop for a group of buttons: keys go on among them, and it stays where it was left.

/** ``keys``: {key: +1 or -1}, the ways from one button to the next. */
export class Roving {
  constructor(root, keys) {
    Object.assign(this, { root, keys, items: [], at: 0 });
    root.addEventListener("keydown", (event) => this._key(event));
    root.addEventListener("focusin", ({ target }) => {
      const k = this.items.indexOf(target);
      if (k >= 0) this._stop(k);
    });
  }

  /** The group's buttons, in their order; called when they are made anew. */
  take(items) {
    this.items = items;
    this._stop(Math.min(this.at, Math.max(0, items.length - 1)));
  }

  _stop(k) {
    this.at = k;
    this.items.forEach((item, i) => (item.tabIndex = i === k ? 0 : -1));
  }

  _key(event) {
    const way = this.keys[event.key];
    const from = this.items.indexOf(event.target);
    if (!way || from < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { length } = this.items;
    for (let k = 1; k <= length; k++) {
      const next = this.items[(from + k * way + k * length) % length];
      if (next.hidden) continue;
      next.focus();
      return;
    }
  }
}
