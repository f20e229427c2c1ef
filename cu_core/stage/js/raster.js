// Marks and lines with smooth edges, blended pixel by pixel into one ImageData.

const SUB = 4; // a mark can lie on any quarter of a pixel, so that slow movement stays smooth

function clamp01(v) {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}

/** Pixels that a disc or diamond covers when its middle is (fx, fy) right and below a corner; first
 *  the ``solid`` ones, which are wholly its fill. */
function cover({ radius, rim, diamond, hollow }, fx, fy, reach) {
  const [whole, others] = [[], []];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const [x, y] = [Math.abs(dx + 0.5 - fx), Math.abs(dy + 0.5 - fy)];
      const d = diamond ? (x + y) * Math.SQRT1_2 : Math.hypot(x, y);
      const inner = clamp01(radius - rim + 0.5 - d);
      const share = clamp01(radius + 0.5 - d) - (hollow ? inner : 0);
      if (share > 0.01) (share === 1 && inner === 1 ? whole : others).push([dx, dy, share, inner]);
    }
  }
  const of = (kind, k) => kind.from([...whole, ...others], (pixel) => pixel[k]);
  return {
    solid: whole.length, dx: of(Int16Array, 0), dy: of(Int16Array, 1),
    share: of(Float32Array, 2), inner: of(Float32Array, 3), width: 0, off: null,
  };
}

/** How many pixels each of a mask's lies after the one of its middle, in rows of this width. */
function offsets(mask, width) {
  if (mask.width !== width) {
    mask.width = width;
    mask.off = Int32Array.from(mask.dx, (dx, i) => mask.dy[i] * width + dx);
  }
  return mask.off;
}

function opaque([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

const HELD = 80; // stamps: of each shape and nearness, a few times over while a hand zooms
const held = new Map(); // of all maps on the page, which have marks of the same sizes

/** A mark's masks, one for each of the SUB x SUB places within a pixel. */
export function makeStamp(shape) {
  const key = [shape.radius, shape.rim, shape.diamond, shape.hollow].join("/");
  if (held.size > HELD) held.clear();
  if (!held.has(key)) held.set(key, masksOf(shape));
  return held.get(key);
}

function masksOf(shape) {
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

  clear(colour) {
    this.words.fill(opaque(colour));
  }

  show() {
    this.context.putImageData(this.image, 0, 0);
  }

  /** One mark with its middle at (px, py): its edge colour outside, its fill within. */
  mark(stamp, px, py, fill, edge, alpha) {
    const { width, height } = this;
    const { reach, masks } = stamp;
    const [cx, cy] = [Math.floor(px), Math.floor(py)];
    if (cx < -reach || cy < -reach || cx >= width + reach || cy >= height + reach) return;
    const inside = cx >= reach && cy >= reach && cx < width - reach && cy < height - reach;
    const mask = masks[SUB * Math.floor((py - cy) * SUB) + Math.floor((px - cx) * SUB)];
    const off = offsets(mask, width);
    const middle = cy * width + cx;
    let first = 0; // what is wholly the fill is written, not blended
    if (inside && alpha === 255) {
      const word = opaque(fill);
      while (first < mask.solid) this.words[middle + off[first++]] = word;
    }
    const strength = alpha / 255;
    for (let i = first; i < off.length; i++) {
      if (!inside && !this._holds(cx + mask.dx[i], cy + mask.dy[i])) continue;
      this._tint(middle + off[i], fill, edge, mask.share[i] * strength, mask.inner[i]);
    }
  }

  _holds(x, y) {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  _tint(pixel, fill, edge, a, f) {
    const { data } = this;
    const at = 4 * pixel;
    data[at] += (edge[0] + (fill[0] - edge[0]) * f - data[at]) * a;
    data[at + 1] += (edge[1] + (fill[1] - edge[1]) * f - data[at + 1]) * a;
    data[at + 2] += (edge[2] + (fill[2] - edge[2]) * f - data[at + 2]) * a;
  }

  /** A line of this width: along its longer axis, three pixels across. Pixels whose middle lies
   *  beyond its ends are left out, so that the next segment does not paint them twice. */
  line(x0, y0, x1, y1, width, colour, strength) {
    const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
    const [from, to, start] = steep ? [y0, y1, x0] : [x0, x1, y0];
    if (from === to) return;
    const slope = (steep ? x1 - x0 : y1 - y0) / (to - from);
    const [long, wide] = steep ? [this.height, this.width] : [this.width, this.height];
    const [on, aside] = steep ? [this.width, 1] : [1, this.width]; // pixels to the next one
    const first = Math.max(0, Math.ceil(Math.min(from, to) - 0.5));
    const end = Math.min(long, Math.ceil(Math.max(from, to) - 0.5));
    for (let p = first; p < end; p++) {
      const q = start + (p + 0.5 - from) * slope;
      const c0 = Math.floor(q) - 1;
      for (let c = Math.max(0, c0); c <= c0 + 2 && c < wide; c++) {
        const a = strength * clamp01(width / 2 + 0.5 - Math.abs(c + 0.5 - q));
        if (a > 0) this._tint(p * on + c * aside, colour, colour, a, 1);
      }
    }
  }
}
