// A printed page: as wide as a sheet, the moment that is shown, without what only a hand uses. All
// is drawn anew for it, since paper that stretches a canvas puts its names at other points.

export class Paper {
  /** ``shown``: what is printed, with its ``root``, its ``run`` and ``dress()``. */
  constructor(shown) {
    this.shown = shown;
    this.copies = [];
    this.acts = { beforeprint: () => this._put(true), afterprint: () => this._put(false) };
    for (const [when, act] of Object.entries(this.acts)) addEventListener(when, act);
  }

  _put(on) {
    const { root, run } = this.shown;
    for (const copy of this.copies) copy.remove();
    root.classList.toggle("paper", on);
    if (run) this.shown.dress();
    this.copies = on ? [...root.querySelectorAll(".map")].map(copied) : [];
  }

  end() {
    for (const [when, act] of Object.entries(this.acts)) removeEventListener(when, act);
  }
}

/** A map's layers as one canvas above them. Paper comes too late for what WebGL has drawn, and
 *  takes a layer on which nothing is drawn for a white sheet. */
function copied(map) {
  const copy = document.createElement("canvas");
  const layers = [...map.querySelectorAll(":scope > canvas")]
    .filter(({ width, height }) => width && height);
  copy.width = Math.max(0, ...layers.map(({ width }) => width));
  copy.height = Math.max(0, ...layers.map(({ height }) => height));
  const context = copy.getContext("2d");
  for (const layer of layers) context.drawImage(layer, 0, 0, copy.width, copy.height);
  layers.at(-1)?.after(copy);
  return copy;
}
