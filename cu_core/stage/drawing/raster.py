"""A pen that draws pixels with smooth edges: masks made once, laid on by Pillow."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cu_core.stage.drawing import lettering
from cu_core.stage.drawing.lettering import FINER, PLAIN
from cu_core.stage.drawing.palette import Colour
from cu_core.stage.drawing.pen import Pen, Shape

SUB = 8  # a mark can lie on any eighth of a pixel, so that slow movement stays smooth
OPAQUE = 255

Array = NDArray[Any]
Spot = tuple[int, int]
Stamp = tuple[Image.Image, Image.Image]


class Raster:
    """``image``: RGB, what has been drawn so far; ``at``: where it lies in the one around it."""

    def __init__(self, image: Image.Image, at: Spot = (0, 0), round: float = 0.0) -> None:
        self.image, self.at, self.round = image, at, round

    @classmethod
    def sheet(cls, width: int, height: int, ground: Colour) -> Raster:
        return cls(Image.new("RGB", (width, height), ground))

    def copy(self) -> Raster:
        return Raster(self.image.copy(), self.at, self.round)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3)."""
        return np.asarray(self.image)

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour,
        *, round: float = 0.0, alpha: float = 1.0, rim: float = 0.0,
    ) -> None:  # fmt: skip
        left, top = int(np.floor(x)), int(np.floor(y))
        place = (_fine(x - left), _fine(y - top), _fine(w), _fine(h))
        mask = _corners(*place, _fine(round), _fine(rim), int(OPAQUE * alpha + 0.5))
        self.image.paste(colour, (left, top), mask)

    def text(
        self, x: float, y: float, words: str, size: float, colour: Colour,
        *, weight: int = PLAIN, anchor: str = "l",
    ) -> None:  # fmt: skip
        if anchor != "l":
            x -= lettering.width(words, size, weight) * (0.5 if anchor == "m" else 1)
        left, top = round(x * FINER), round(y * FINER)
        mask, (dx, dy) = _letters(words, size, weight, left % FINER, top % FINER)
        self.image.paste(colour, (left // FINER + dx, top // FINER + dy), mask)

    def line(
        self, points: Array, width: float, colour: Colour,
        *, alpha: float = 1.0, dash: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        if len(points) < 2:
            return
        reach = width / 2 + 2
        low = np.floor(np.maximum(points.min(0) - reach, 0)).astype(int)
        size = np.ceil(np.minimum(points.max(0) + reach, self.image.size)).astype(int) - low
        if (size <= 0).any():
            return
        mask = Image.new("L", (int(size[0]) * FINER, int(size[1]) * FINER))
        draw, broad = ImageDraw.Draw(mask), max(1, round(width * FINER))
        shade = int(OPAQUE * alpha + 0.5)
        for part in [points] if dash is None else _dashes(points, *dash):
            fine = ((part - low) * FINER).ravel().tolist()
            draw.line(fine, fill=shade, width=broad, joint="curve")
        self.image.paste(colour, (int(low[0]), int(low[1])), mask.reduce(FINER))

    def picture(self, x: float, y: float, side: float, image: Image.Image) -> None:
        own = image.width
        times = round(side / own)  # whole, where there is room for that: pixels stay sharp
        whole = 0 < times * own <= side
        wide = times * own if whole else round(side)
        how = Image.Resampling.NEAREST if whole else Image.Resampling.LANCZOS
        small = image.resize((wide, wide), how)
        by = (side - wide) / 2
        self.image.paste(small, (round(x + by), round(y + by)))

    def marks(self, at: Array, fill: Array, edge: Array, alpha: Array, shape: Shape) -> None:
        paste, stamps, reach = self.image.paste, _stamps(shape), _reach(shape)
        corner = np.floor(at).astype(np.int64)
        part = ((at - corner) * SUB).astype(np.int64)
        strength = np.rint(alpha).astype(np.int64)
        seen = ((corner > -reach) & (corner < np.array(self.image.size) + reach)).all(1)
        seen &= strength > 0
        # What a mark looks like, as one number: a list of those is read faster than their parts.
        looks = part[:, 1] * SUB + part[:, 0]
        for value in (strength, *fill.T, *edge.T):
            looks = (looks << 8) | value.astype(np.int64)
        corners = (corner - reach)[seen].tolist()
        for place, look in zip(corners, looks[seen].tolist(), strict=True):
            stamp = stamps.get(look)
            if stamp is None:
                stamp = stamps[look] = _stamp(shape, look)
            paste(stamp[0], place, stamp[1])

    def trails(self, ends: Array, width: float, colour: Array, strength: Array) -> None:
        x, y, share, segment = _covered(ends, width, self.image.size)
        if not len(x):
            return
        wide, high = self.image.size
        place, share = y * wide + x, share * strength[segment]
        touched, inverse = np.unique(place, return_inverse=True)
        through = np.bincount(inverse, np.log1p(-np.minimum(share, 0.999)))
        sums = [np.bincount(inverse, share * colour[segment, c]) for c in range(3)]
        tint = np.stack(sums, 1) / np.bincount(inverse, share)[:, None]
        cover = (1 - np.exp(through))[:, None]
        pixels = np.array(self.image).reshape(-1, 3)
        under = pixels[touched]
        pixels[touched] = np.rint(under + (tint - under) * cover).astype(np.uint8)
        self.image.paste(Image.fromarray(pixels.reshape(high, wide, 3)))

    def within(self, x: float, y: float, w: float, h: float, round: float) -> Raster:
        left, top = int(x + 0.5), int(y + 0.5)
        area = (left, top, left + int(w + 0.5), top + int(h + 0.5))
        return Raster(self.image.crop(area), (left, top), round)

    def done(self, inner: Pen) -> None:
        assert isinstance(inner, Raster)
        wide, high = inner.image.size
        mask = _corners(0, 0, _fine(wide), _fine(high), _fine(inner.round), 0, OPAQUE)
        self.image.paste(inner.image, inner.at, mask.crop((0, 0, wide, high)))


def _fine(length: float) -> int:
    return round(length * FINER)


@functools.lru_cache(maxsize=512)
def _corners(x: int, y: int, w: int, h: int, round: int, rim: int, shade: int) -> Image.Image:
    """Of a rectangle, all in finer pixels."""
    size = (-(-(x + w) // FINER) * FINER, -(-(y + h) // FINER) * FINER)
    mask = Image.new("L", size)
    how: dict[str, Any] = {"outline": shade, "width": rim} if rim else {"fill": shade}
    ImageDraw.Draw(mask).rounded_rectangle((x, y, x + w - 1, y + h - 1), round, **how)
    return mask.reduce(FINER)


@functools.lru_cache(maxsize=2048)
def _letters(words: str, size: float, weight: int, x: int, y: int) -> tuple[Image.Image, Spot]:
    """The mask of words from a finer place in a pixel on, and where its corner lies from there:
    drawn large and brought down, letters stand as far apart as they should at any size."""
    face = lettering.face_for(words, size * FINER, weight)
    left, top, right, end = face.getbbox(words, anchor="ls")
    low = [int(np.floor((v + at) / FINER)) for v, at in ((left, x), (top, y))]
    high = [int(np.ceil((v + at) / FINER)) for v, at in ((right, x), (end, y))]
    fine = [max(1, b - a) * FINER for a, b in zip(low, high, strict=True)]
    mask = Image.new("L", (fine[0], fine[1]))
    at = (x - low[0] * FINER, y - low[1] * FINER)
    ImageDraw.Draw(mask).text(at, words, fill=OPAQUE, font=face, anchor="ls")
    return mask.reduce(FINER), (low[0], low[1])


def _reach(shape: Shape) -> int:
    return int(np.ceil((shape.radius + 1) * (2**0.5 if shape.diamond else 1)))


@functools.lru_cache(maxsize=8)
def _stamps(shape: Shape) -> dict[int, Stamp]:
    """Those that have been made of a shape, by how they look."""
    return {}


def _stamp(shape: Shape, look: int) -> Stamp:
    """A mark's colours and what it covers, from a number: on which place in a pixel, alpha, fill,
    edge."""
    code = [(look >> shift) & 255 for shift in range(48, -1, -8)]
    sub, strength, fill, edge = look >> 56, code[0], code[1:4], code[4:]
    reach = _reach(shape)
    grid = np.arange(-reach, reach + 1) + 0.5
    x = np.abs(grid - (sub % SUB + 0.5) / SUB)[None, :]
    y = np.abs(grid - (sub // SUB + 0.5) / SUB)[:, None]
    away = (x + y) * 0.5**0.5 if shape.diamond else np.hypot(x, y)
    cover = np.clip(shape.radius + 0.5 - away, 0, 1)
    inner = np.clip(shape.radius - shape.rim + 0.5 - away, 0, 1)[..., None]
    colour = np.array(edge) + (np.array(fill) - np.array(edge)) * inner
    if shape.hollow:
        cover = cover - inner[..., 0]
    tint, mask = np.rint(colour), np.rint(cover * strength)
    return Image.fromarray(tint.astype(np.uint8)), Image.fromarray(mask.astype(np.uint8))


def _dashes(points: Array, on: float, off: float) -> list[Array]:
    """The parts of a straight line that are drawn."""
    start, end = points[0], points[-1]
    far = float(np.hypot(*(end - start)))
    way = (end - start) / max(far, 1e-9)
    begins = np.arange(0, far, on + off)
    return [np.stack([start + way * a, start + way * min(a + on, far)]) for a in begins]


def _covered(ends: Array, width: float, size: Spot) -> tuple[Array, Array, Array, Array]:
    """x, y, share and segment of all pixels that lines cover: along the longer axis of each, five
    pixels across. Pixels whose middle lies beyond its ends are left out, so that the next segment
    does not paint them twice."""
    x0, y0, x1, y1 = np.asarray(ends, np.float64).T
    steep = np.abs(y1 - y0) > np.abs(x1 - x0)
    begin, end = np.where(steep, y0, x0), np.where(steep, y1, x1)
    start, across = np.where(steep, x0, y0), np.where(steep, x1 - x0, y1 - y0)
    along = np.where(begin == end, 1.0, end - begin)
    first = np.ceil(np.minimum(begin, end) - 0.5).astype(int)
    count = np.maximum(np.ceil(np.maximum(begin, end) - 0.5).astype(int) - first, 0)
    segment = np.repeat(np.arange(len(count)), count)
    p = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count) + first[segment]
    q = start[segment] + (p + 0.5 - begin[segment]) * (across / along)[segment]
    c = np.floor(q).astype(int)[:, None] + np.arange(-2, 3)
    share = np.clip(width / 2 + 0.5 - np.abs(c + 0.5 - q[:, None]), 0, 1)
    row, column = np.nonzero(share)
    pixel, other, own = p[row], c[row, column], segment[row]
    x, y = np.where(steep[own], other, pixel), np.where(steep[own], pixel, other)
    inside = (x >= 0) & (y >= 0) & (x < size[0]) & (y < size[1])
    return x[inside], y[inside], share[row, column][inside], own[inside]
