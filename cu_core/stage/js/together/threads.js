// Thin lines over all maps, from a sample in one of them to the same sample in the others.

import { css } from "../palette.js";

export class Threads {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.drawn = false;
  }

  resize(ratio) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    Object.assign(this, { width, height });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** ``lead``: the pane that a hand is on; its samples are tied to those of every other. */
  draw(panes, lead, theme) {
    const c = this.context;
    if (this.drawn) c.clearRect(0, 0, this.width, this.height);
    const from = this._spots(lead);
    this.drawn = from.length > 0;
    for (const pane of panes) {
      if (!from.length || pane === lead) continue;
      const to = new Map(this._spots(pane).map((spot) => [spot.index, spot]));
      for (const spot of from) if (to.has(spot.index)) this._line(spot, to.get(spot.index), theme);
    }
  }

  _spots(pane) {
    const shown = pane.places().filter(({ here }) => here);
    if (!shown.length) return shown; // nothing is measured then, for it would lay the page out anew
    const [host, own] = [this.canvas.getBoundingClientRect(), pane.map.root.getBoundingClientRect()];
    const [dx, dy] = [own.left - host.left, own.top - host.top];
    return shown.map((place) => ({ ...place, x: place.x + dx, y: place.y + dy }));
  }

  _line(from, to, theme) {
    const c = this.context;
    for (const [width, colour, alpha] of [[4, theme.bg, 0.7], [1.25, theme.accent, 0.9]]) {
      c.beginPath();
      c.moveTo(from.x, from.y);
      c.lineTo(to.x, to.y);
      c.lineWidth = width;
      c.strokeStyle = css(colour, alpha);
      c.stroke();
    }
  }
}
