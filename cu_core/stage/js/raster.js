// Marks and lines with smooth edges, blended pixel by pixel into one ImageData.

const SUB = 4; // a mark can lie on any quarter of a pixel, so that slow movement stays smooth

function clamp01(v) {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}

/** Pixels that a disc or diamond covers when its middle is (fx, fy) right and below a corner. */
function cover({ radius, rim, diamond, hollow }, fx, fy, reach) {
  const out = { dx: [], dy: [], share: [], inner: [] };
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const [x, y] = [Math.abs(dx + 0.5 - fx), Math.abs(dy + 0.5 - fy)];
      const d = diamond ? (x + y) * Math.SQRT1_2 : Math.hypot(x, y);
      const inner = clamp01(radius - rim + 0.5 - d);
      const share = clamp01(radius + 0.5 - d) - (hollow ? inner : 0);
      if (share <= 0.01) continue;
      out.dx.push(dx);
      out.dy.push(dy);
      out.share.push(share);
      out.inner.push(inner);
    }
  }
  return {
    dx: Int16Array.from(out.dx), dy: Int16Array.from(out.dy),
    share: Float32Array.from(out.share), inner: Float32Array.from(out.inner),
  };
}

/** A mark's masks, one for each of the SUB x SUB places within a pixel. */
export function makeStamp(shape) {
  const reach = Math.ceil((shape.radius + 1) * (shape.diamond ? Math.SQRT2 : 1));
  const masks = [];
  for (let k = 0; k < SUB * SUB; k++) {
    const [fx, fy] = [((k % SUB) + 0.5) / SUB, (Math.floor(k / SUB) + 0.5) / SUB];
    masks.push(cover(shape, fx, fy, reach));
  }
  return { reach, masks };
}

export class Raster {
  constructor(context, width, height) {
    Object.assign(this, { context, width, height });
    this.image = context.createImageData(width, height);
    this.data = this.image.data;
    this.words = new Uint32Array(this.data.buffer);
  }

  clear([r, g, b]) {
    this.words.fill(((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
  }

  show() {
    this.context.putImageData(this.image, 0, 0);
  }

  /** One mark with its middle at (px, py): its edge colour outside, its fill within. */
  mark(stamp, px, py, fill, edge, alpha) {
    const { data, width, height } = this;
    const { reach, masks } = stamp;
    const [cx, cy] = [Math.floor(px), Math.floor(py)];
    if (cx < -reach || cy < -reach || cx >= width + reach || cy >= height + reach) return;
    const inside = cx >= reach && cy >= reach && cx < width - reach && cy < height - reach;
    const k = SUB * Math.floor((py - cy) * SUB) + Math.floor((px - cx) * SUB);
    const { dx, dy, share, inner } = masks[k];
    const strength = alpha / 255;
    for (let i = 0; i < dx.length; i++) {
      const [x, y] = [cx + dx[i], cy + dy[i]];
      if (!inside && (x < 0 || y < 0 || x >= width || y >= height)) continue;
      const at = 4 * (y * width + x);
      const [a, f] = [share[i] * strength, inner[i]];
      data[at] += (edge[0] + (fill[0] - edge[0]) * f - data[at]) * a;
      data[at + 1] += (edge[1] + (fill[1] - edge[1]) * f - data[at + 1]) * a;
      data[at + 2] += (edge[2] + (fill[2] - edge[2]) * f - data[at + 2]) * a;
    }
  }

  /** A line of this width: along its longer axis, three pixels across. Pixels whose middle lies
   *  beyond its ends are left out, so that the next segment does not paint them twice. */
  line(x0, y0, x1, y1, width, colour, strength) {
    const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
    const [from, to, start] = steep ? [y0, y1, x0] : [x0, x1, y0];
    if (from === to) return;
    const slope = (steep ? x1 - x0 : y1 - y0) / (to - from);
    const first = Math.max(0, Math.ceil(Math.min(from, to) - 0.5));
    const end = Math.min(steep ? this.height : this.width, Math.ceil(Math.max(from, to) - 0.5));
    for (let p = first; p < end; p++) {
      const q = start + (p + 0.5 - from) * slope;
      for (let c = Math.floor(q) - 1; c <= Math.floor(q) + 1; c++) {
        const a = strength * clamp01(width / 2 + 0.5 - Math.abs(c + 0.5 - q));
        if (a > 0) this._blend(steep ? c : p, steep ? p : c, colour, a);
      }
    }
  }

  _blend(x, y, colour, a) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const { data } = this;
    const at = 4 * (y * this.width + x);
    for (let c = 0; c < 3; c++) data[at + c] += (colour[c] - data[at + c]) * a;
  }
}
