"""Any mixture of image files -> one uint8 array (N, C, H, W), and a sentence per thing changed.

The rule: turned upright by EXIF, first frame, transparency flattened on white, 16 bits scaled to 8
by what the set's values need, three channels if any image has colour, else one; at a size that is
asked for without stretching, else at the most common size if it is at most 64 pixels, else 64 x 64.
What cannot be read is left out and counted; more than 5 % of it is refused.
Small images are read on all cores.
"""

import os
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cu_core.data._depth import Depth, deep, halved
from cu_core.data._several import each
from cu_core.data.counting import counted
from cu_core.data.memory import Room, release
from cu_core.data.scaling import squared
from cu_core.errors import BadData
from cu_core.spec import Ints

MAX_PIXELS = 64_000_000
MAX_SIDE = 64
MAX_UNREADABLE = 0.05
AHEAD = 256  # large images that wait for a thread: no more of them are held
HELD = 1000  # decoded images, of those that go to a file
# What a picture's first bytes may say that it is. Pillow knows more: PostScript, which it has
# another program run, and formats that nobody keeps photographs in.
FORMATS = ("PNG", "JPEG", "PPM", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "ICO")
EXIF_ORIENTATION = 0x0112
DEEP = "deep"  # in the place of a mode, until the values are looked at
GRAY = {"1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N", "I", "F"}

Item = bytes | Path
Size = tuple[int, int]  # width, height, as Pillow has it

# change -> what one and what several such images are said to be, in the order of the notes
_SAID = {
    "exif": ("image turned by its EXIF orientation", "images turned by their EXIF orientation"),
    "frames": ("animated image: first frame used", "animated images: first frame used"),
    "16-bit": ("16-bit image{deep} scaled to 8 bits", "16-bit images{deep} scaled to 8 bits"),
    "halved": ("image read by the upper 8 of its 16 bits", "images read by the upper 8 of 16 bits"),
    "alpha": ("RGBA image flattened on white", "RGBA images flattened on white"),
    "cmyk": ("CMYK image converted to RGB", "CMYK images converted to RGB"),
    "palette": ("palette image expanded", "palette images expanded"),
    "gray": ("gray image given three channels", "gray images given three channels"),
    "resized": ("image resized to {size}", "images resized to {size}"),
}


@dataclass(frozen=True)
class Decoded:
    """``x``: uint8 (K, C, H, W); ``kept``: int64 (K,), the positions of these images among all."""

    x: NDArray[np.uint8]
    kept: Ints
    notes: tuple[str, ...]


def decode(
    items: Collection[Item],
    names: Sequence[str],
    room: Room | None = None,
    side: int | None = None,
) -> Decoded:
    """Read N images, given as bytes or as files; ``names`` (N,) is what messages call them.
    ``side``: pixels a side to read them at, cropped and not stretched.

    ``items`` are gone through twice, for their heads and for their pixels, and not kept. ``room``:
    where the pixels go (memory). BadData, naming up to three, if over 5 % cannot be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # refused before that
        counted(0, len(items))
        heads, depth = _heads(items)
        if not heads:
            _refuse_unreadable(range(len(names)), names, items)
        size, common = _common_size(heads)
        size = (side, side) if side else size
        mode = "RGB" if any(m not in GRAY for _, m in heads) else "L"
        x = (room or Room()).array((len(items), len(mode), size[1], size[0]))  # (N, C, H, W)
        read = _read_all(items, size, mode, common, bool(side), depth)
        index, changes = _filled(x, read)
        gone = np.setdiff1d(np.arange(len(items)), index).tolist()
        _refuse_unreadable(gone, names, items)
    lost = [names[i] for i in gone]
    bits = depth.window()[2] if changes["16-bit"] else ""
    notes = _notes(changes, size=f"{size[0]} x {size[1]}", deep=bits)
    if lost:
        images = "image" if len(lost) == 1 else "images"
        notes.append(f"{len(lost)} unreadable {images} left out: {_first_three(lost)}")
    return Decoded(x[: len(index)], index, tuple(notes))


def _filled(
    x: NDArray[np.uint8], read: Iterator[tuple[NDArray[Any], list[str]] | None]
) -> tuple[Ints, Counter[str]]:
    """(which of N images could be read, now the first of ``x``; what was changed how often)."""
    kept: list[int] = []
    changes = Counter[str]()
    for i, result in enumerate(read):
        if i % HELD == 0:
            counted(i, len(x))
        if result is not None:
            x[len(kept)], changed = result
            kept.append(i)
            changes.update(changed)
            if len(kept) % HELD == 0:
                release(x)
    counted(len(x), len(x))
    return np.array(kept, dtype=np.int64), changes


def _heads(items: Collection[Item]) -> tuple[Counter[tuple[Size, str]], Depth]:
    """How many images have which size and mode, and what the values of deep ones say."""
    heads, depth = Counter(each(_head, items)), Depth()
    if any(mode == DEEP for _, mode in heads):  # counted over the whole set, in one place
        heads = Counter(_head(item, depth) for item in items)
    return Counter({head: n for head, n in heads.items() if head[1]}), depth


def _head(item: Item, depth: Depth | None = None) -> tuple[Size, str]:
    """(size, mode) from the file's header, the mode "" if it is no image that may be read; of a
    deep one, unless there is a ``depth`` to count its values, the mode is ``DEEP``."""
    try:
        with _open(item) as image:
            size, mode = image.size, image.mode
            if kind := deep(image):
                if depth is None:
                    return size, DEEP
                depth.look(image, kind, partial(_open, item))
            return size, mode
    except Exception:  # what a damaged file raises depends on its format; all of it means the same
        return (0, 0), ""


def _open(item: Item) -> Image.Image:
    try:
        image = Image.open(BytesIO(item) if isinstance(item, bytes) else item, formats=FORMATS)
    except Image.DecompressionBombError:
        raise BadData(f"its pixels are more than {MAX_PIXELS:,}") from None
    if image.width * image.height > MAX_PIXELS:
        raise BadData(f"{image.width} x {image.height} pixels are more than {MAX_PIXELS:,}")
    return image


def _common_size(heads: Counter[tuple[Size, str]]) -> tuple[Size, Size]:
    """(size to read at, most common size). Among equally common ones the smallest."""
    counts = Counter[Size]()
    for (size, _), n in heads.items():
        counts[size] += n
    common = min(counts, key=lambda size: (-counts[size], size))
    return (common if max(common) <= MAX_SIDE else (MAX_SIDE, MAX_SIDE)), common


def _read_all(
    items: Collection[Item], size: Size, mode: str, common: Size, crop: bool, depth: Depth
) -> Iterator[tuple[NDArray[Any], list[str]] | None]:
    read = partial(_read_or_none, size=size, mode=mode, crop=crop, depth=depth)
    if max(common) <= MAX_SIDE:
        yield from each(read, items)
        return
    rest = iter(items)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while ahead := list(islice(rest, AHEAD)):
            yield from pool.map(read, ahead)


def _read_or_none(
    item: Item, size: Size, mode: str, crop: bool, depth: Depth
) -> tuple[NDArray[Any], list[str]] | None:
    try:
        return _read(item, size, mode, crop, depth)
    except Exception:  # see _head
        return None


def _read(
    item: Item, size: Size, mode: str, crop: bool, depth: Depth
) -> tuple[NDArray[Any], list[str]]:
    """(pixels (C, H, W), what was changed) of one image."""
    with _open(item) as opened:
        changed = ["frames"] if getattr(opened, "is_animated", False) else []
        original, kind, upper = opened.size, deep(opened), halved(opened)
        opened.draft(None, (4 * size[0], 4 * size[1]))  # a large JPEG decodes at a fraction
        orientation = opened.getexif().get(EXIF_ORIENTATION, 1)  # before load: TIFF turns there
        image: Image.Image = opened
        changed += ["halved"] if upper else []
        if kind:
            changed.append("16-bit")
            image = depth.eight(opened, kind, partial(_open, item))
        else:
            opened.load()
        if orientation in range(2, 9):
            image = ImageOps.exif_transpose(image)
            changed.append("exif")
            original = original if image.size == opened.size else original[::-1]
        if original != size:
            changed.append("resized")
        image = _eight_bits(image, mode, changed)
        if image.size != size and crop:
            image = squared(image, size[0])
        elif image.size != size:
            image = image.resize(size, Image.Resampling.BICUBIC)
        pixels = np.asarray(image)  # (H, W) or (H, W, 3)
    return pixels[None] if mode == "L" else pixels.transpose(2, 0, 1), changed


def _eight_bits(image: Image.Image, mode: str, changed: list[str]) -> Image.Image:
    """The image in ``mode`` ("L" or "RGB"); appends to ``changed`` what that took."""
    if image.mode == "F":
        raise BadData("pixels are floating-point numbers of no known range")
    elif image.has_transparency_data:
        changed.append("alpha")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    elif image.mode in ("P", "CMYK"):
        changed.append("palette" if image.mode == "P" else "cmyk")
    if mode == "RGB" and image.mode in GRAY:
        changed.append("gray")
    return image if image.mode == mode else image.convert(mode)


def _notes(changes: Counter[str], **given: str) -> list[str]:
    said = [(changes[c], *words) for c, words in _SAID.items() if changes[c]]
    return [f"{n:,} {(one if n == 1 else many).format(**given)}" for n, one, many in said]


def _refuse_unreadable(lost: Sequence[int], names: Sequence[str], items: Iterable[Item]) -> None:
    """BadData if that is too many, with the reason that each of the first ones gives."""
    if len(lost) <= MAX_UNREADABLE * len(names):
        return
    first = set(lost[:3])
    why = {i: _reason(item) for i, item in enumerate(items) if i in first}
    said = _first_three([f"{names[i]} ({why[i]})" if i in why else names[i] for i in lost])
    raise BadData(
        f"{len(lost)} of {len(names)} images cannot be read, more than {MAX_UNREADABLE:.0%}: "
        f"{said}. Repair them or take them out."
    )


def _reason(item: Item) -> str:
    """Why an image cannot be read, in a few words."""
    if not item:
        return "no bytes, and no path to follow"
    if isinstance(item, Path) and not item.exists():
        return "no such file"
    try:
        with _open(item) as image:
            image.load()
            return "its pixels are fractions: save 8 or 16 bits" if image.mode == "F" else "damaged"
    except UnidentifiedImageError:
        return "no image"
    except BadData as error:
        return str(error)
    except Exception:  # see _head
        return "damaged"


def _first_three(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
