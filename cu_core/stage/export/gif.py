"""The run as a GIF, which plays by itself wherever a picture can stand."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from cu_core.spec import RunRecord
from cu_core.stage.drawing import Picture
from cu_core.stage.drawing.film import Shot, film
from cu_core.stage.export._format import PLAIN, ExportFormat, Order
from cu_core.stage.export._pictures import drawn, picture
from cu_core.store import Store

SIZE = (640, 400)
HUNDREDTHS = 4  # of a second that a picture stands for: fewer, and browsers slow down
RATE = 100 / HUNDREDTHS  # pictures a second
MOST_SECONDS = 10.0  # of playing: a GIF is sent as it is
COLOURS = 255
SAMPLED = 6  # moments from all over the run, of which the palette is made
PACKED = np.array([1 << 16, 1 << 8, 1])  # a colour as one number
BITS = 6  # of each of red, green and blue, by which a colour finds its place in the palette

Array = NDArray[np.uint8]


def animation(store: Store, record: RunRecord, order: Order = PLAIN) -> bytes:
    """A GIF that goes round for ever. StoreError when the run has no frame."""
    shown = picture(store, record, order, SIZE)
    shots = film(shown, RATE, MOST_SECONDS)
    colours = palette(shown)
    nearest = _nearest(colours)
    pictures = _reduced(shown, shots, order, colours, nearest)
    first, lasts = next(pictures), [10 * HUNDREDTHS * shot.count for shot in shots]
    out = io.BytesIO()
    first.save(
        out, "GIF", save_all=True, append_images=pictures, duration=lasts, loop=0, optimize=False,
        disposal=1, comment=shown.small_print.encode(),
    )  # fmt: skip
    return out.getvalue()


def palette(shown: Picture) -> Array:
    """(K, 3) for all pictures of a run, so that no colour flickers: those of the classes and of
    the page as they are, the others as they come in some moments."""
    own = np.array(shown.colours, np.uint8)
    times = np.linspace(0, shown.run.last, min(SAMPLED, shown.run.last + 1)).round()
    seen = [np.unique(shown.pixels(t) @ PACKED) for t in times]
    kinds = np.unique(np.concatenate(seen))  # each once: the ground is most of a picture
    parts = np.stack([kinds >> 16, (kinds >> 8) & 255, kinds & 255], 1).astype(np.uint8)
    sheet = Image.fromarray(parts[None]).quantize(COLOURS - len(own), Image.Quantize.MEDIANCUT)
    mixed = np.array(sheet.getpalette(), np.uint8).reshape(-1, 3)
    return np.concatenate([own, mixed])[:COLOURS]


def _nearest(colours: Array) -> Array:
    """Of each colour, by its first bits, which of the palette stands for it."""
    step = 256 >> BITS
    middle = np.arange(0, 256, step) + (step - 1) / 2
    grid = np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), -1).reshape(-1, 3)
    table: Array = cKDTree(colours.astype(float)).query(grid)[1].astype(np.uint8)
    for k in range(len(colours) - 1, -1, -1):
        table[_code(colours[k])] = k
    return table


def _code(pixels: Array) -> NDArray[np.int64]:
    part = (pixels >> (8 - BITS)).astype(np.int64)
    code: NDArray[np.int64] = (part[..., 0] << 2 * BITS) | (part[..., 1] << BITS) | part[..., 2]
    return code


def _reduced(
    shown: Picture, shots: list[Shot], order: Order, colours: Array, nearest: Array
) -> Iterator[Image.Image]:
    for pixels, _ in drawn(shown, shots, order):
        image = Image.fromarray(nearest[_code(pixels)], mode="P")
        image.putpalette(colours.tobytes())
        yield image


GIF = ExportFormat(
    key="gif",
    title="a GIF",
    noun="GIF",
    ending=".gif",
    mime="image/gif",
    help="A small moving picture of the run that plays by itself, for pages and messages.",
    make=animation,
    seen=True,
    slow=True,
)
