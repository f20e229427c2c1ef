"""Images of more than 8 bits a pixel, brought to 8 without losing what is in them.

A camera's 12 bits lie in files of 16: divided by 257 they would keep 16 shades of gray. So the
values of the whole set are counted first, and say how many bits there are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cu_core.data._ranges import bits
from cu_core.errors import BadData
from cu_core.spec import Ints

LOW_BYTES = {  # how Pillow reads the upper bytes, and how it reads those that it leaves out
    f"{mode};16{one}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA")
    for one, other in ("BL", "LB")
}
PLAIN = ("raw", "zip")  # codecs that give the bytes as the file has them
LEVELS = 1 << 16
FEW = 0.001  # of the pixels may be brighter than the rest: hot ones, or a stamp in a corner
SHADES = 32  # fewer are left only where there are no more

Open = Callable[[], Image.Image]


def deep(image: Image.Image) -> str:
    """How an image that is not loaded yet has its 16 bits a channel; "" if it has fewer."""
    if image.mode.startswith("I"):
        return image.mode
    codec, raw = _raw(image)
    return raw if raw in LOW_BYTES and codec in PLAIN else ""


def halved(image: Image.Image) -> bool:
    """Whether only the upper 8 of 16 bits a channel can be read, as it is not loaded yet."""
    return ";16" in _raw(image)[1] and not deep(image)


def _raw(image: Image.Image) -> tuple[str, str]:
    """(codec, how the bytes lie) of the pixels of an image that is not loaded yet."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return "", ""
    given = tiles[0][3]
    raw = given[0] if isinstance(given, tuple) and given else given
    return str(tiles[0][0]), raw if isinstance(raw, str) else ""


def _values(image: Image.Image, kind: str, again: Open) -> NDArray[np.int64]:
    """(H, W) of gray images, (H, W, 3 or 4) of coloured ones. BadData beyond 16 bits."""
    values = np.asarray(image).astype(np.int64)
    if kind in LOW_BYTES:
        with again() as other:
            opened: Any = other
            opened.tile = [
                tile._replace(args=_with(tile[3], LOW_BYTES[kind])) for tile in opened.tile
            ]
            values = values * 256 + np.asarray(other)
    if values.min() < 0 or values.max() >= LEVELS:
        raise BadData("pixels go beyond 16 bits")
    return values


def _with(given: Any, raw: str) -> Any:
    """The arguments of a codec with the bytes lying otherwise."""
    return (raw, *given[1:]) if isinstance(given, tuple) else raw


@dataclass
class Depth:
    """How the deep images of a set become 8 bits. ``counts``: of each value, over all of them."""

    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def look(self, image: Image.Image, kind: str, again: Open) -> None:
        """Counts the values of one that is ``deep``. ``again`` opens the same image once more."""
        values = _values(image, kind, again)
        shown = values[..., :3] if values.ndim == 3 else values  # without the transparency
        counts = np.bincount(shown.reshape(-1), minlength=LEVELS)
        self.counts = counts + self.counts if len(self.counts) else counts

    def eight(self, image: Image.Image, kind: str, again: Open) -> Image.Image:
        """The image with 8 bits a channel, and what its file says beside the pixels."""
        low, high, _ = self.window()
        values = _values(image, kind, again)
        scaled = np.rint((np.clip(values, low, high) - low) * (255 / (high - low)))
        if values.shape[2:] == (4,):
            scaled[..., 3] = np.rint(values[..., 3] / 257)
        made = Image.fromarray(scaled.astype(np.uint8))
        made.info = {key: of for key, of in image.info.items() if key != "transparency"}
        return made

    def window(self) -> tuple[int, int, str]:
        """(value that becomes 0, value that becomes 255, what the set holds if not 16 bits)."""
        present = np.flatnonzero(self.counts)
        up_to = np.cumsum(self.counts)
        dark, bright = np.searchsorted(up_to, np.array([FEW, 1 - FEW]) * up_to[-1])
        depth = bits(float(bright))
        low, high = 0, (1 << depth) - 1
        shades = int((self.counts[dark : bright + 1] > 0).sum())
        if (bright - dark) * 255 < SHADES * high and shades > (bright - dark) * 255 // high + 1:
            low, high = int(dark), int(bright)
            said = f" of values {low:,} to {high:,}"
        elif depth < 16:
            said = f" of {depth}-bit values (up to {min(high, int(present[-1])):,})"
        else:
            said = ""
        return low, high, said
