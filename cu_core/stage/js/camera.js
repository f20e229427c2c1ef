// Where the map is looked at from: one scale for both axes, kept when data or colours change.

export class Camera {
  constructor() {
    this.width = this.height = 1;
    this.inset = 0; // pixels at the left that the legend takes
    this.top = this.bottom = 0; // pixels that are left free above and below
    this.zoom = 1;
    this.home([0, 0, 65535, 65535]);
    this.reset();
  }

  /** The rectangle (quanta) that the whole view is fitted to. */
  home(bounds) {
    this.bounds = bounds;
  }

  reset() {
    const [x0, y0, x1, y1] = this.bounds;
    this.x = (x0 + x1) / 2;
    this.y = (y0 + y1) / 2;
    this.zoom = 1;
  }

  resize(width, height, inset, [top, bottom] = [0, 0]) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.inset = this.width - inset > 0.75 * this.height ? inset : 0;
    Object.assign(this, { top, bottom });
  }

  /** The pixel in the middle of what is left free. */
  get centre() {
    return [(this.width + this.inset) / 2, (this.height + this.top - this.bottom) / 2];
  }

  /** CSS pixels per quantum. */
  get scale() {
    const [x0, y0, x1, y1] = this.bounds;
    const free = Math.max(1, this.height - this.top - this.bottom);
    const fit = Math.min((this.width - this.inset) / (x1 - x0), free / (y1 - y0));
    return fit * this.zoom;
  }

  toPixel(x, y) {
    const s = this.scale;
    const [px, py] = this.centre;
    return [px + (x - this.x) * s, py - (y - this.y) * s];
  }

  fromPixel(px, py) {
    const s = this.scale;
    const [x, y] = this.centre;
    return [this.x + (px - x) / s, this.y - (py - y) / s];
  }

  /** [scale x, scale y, offset x, offset y] from 0..1 over the box to clip space. */
  get clip() {
    const [sx, sy] = [(2 * this.scale) / this.width, (2 * this.scale) / this.height];
    const [right, up] = [this.inset / this.width, (this.bottom - this.top) / this.height];
    return [sx * 65535, sy * 65535, right - this.x * sx, up - this.y * sy];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this._hold();
  }

  /** Zooms by a factor and keeps what is under the pixel where it is. */
  zoomAt(px, py, factor) {
    const [x, y] = this.centre;
    const [dx, dy] = [px - x, py - y];
    const before = this.scale;
    this.zoom = Math.min(40, Math.max(0.5, this.zoom * factor));
    const gain = 1 / before - 1 / this.scale;
    this.x += dx * gain;
    this.y -= dy * gain;
    this._hold();
  }

  /** The middle of the view stays over the box, so that the points cannot be lost. */
  _hold() {
    this.x = Math.min(65535, Math.max(0, this.x));
    this.y = Math.min(65535, Math.max(0, this.y));
  }

  get moved() {
    const [x0, y0, x1, y1] = this.bounds;
    return this.zoom !== 1 || this.x !== (x0 + x1) / 2 || this.y !== (y0 + y1) / 2;
  }

  get state() {
    return { x: this.x, y: this.y, zoom: this.zoom };
  }

  set state({ x, y, zoom }) {
    if ([x, y, zoom].every(Number.isFinite)) Object.assign(this, { x, y, zoom });
  }
}

/** A rectangle grown by a share of its longer side, never empty. */
export function grown([x0, y0, x1, y1], share) {
  const by = Math.max(x1 - x0, y1 - y0, 100) * share;
  return [x0 - by, y0 - by, x1 + by, y1 + by];
}
