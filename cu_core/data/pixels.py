"""Arrays of any shape and range -> float32 rows (N, D) or uint8 images (N, C, H, W).

Nothing is guessed that the values do not show: where the channels lie, which range the numbers
have, whether rows are flat images. What was found is said; what could be two things is refused.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data._ranges import scale
from cu_core.data.memory import Room, parts, release
from cu_core.errors import BadData

CHANNELS = (1, 3, 4)
SIDES = (28, 32, 48, 64, 96, 128, 224)  # of images that people store as rows
LOOKED_AT = 500  # rows that show whether they are flat images
WHITE = 255

Notes = list[str]


def samples(
    x: NDArray[Any], called: str, room: Room, n: int | None = None
) -> tuple[NDArray[Any], Notes]:
    """Rows or images, and what was done to them.

    ``called``: as sentences speak of the array; ``n``: how many labels there are, which tells
    (H, W, C, N) from (N, H, W, C). BadData with a sentence for anything else.
    """
    if x.dtype.kind not in "biuf" or x.ndim < 2:
        raise BadData(
            f"{called}: samples are {x.dtype} of shape {x.shape}; rows (N, D) or images "
            "(N, H, W), (N, H, W, C) or (N, C, H, W) of numbers are needed."
        )
    wrong = sum(int((~np.isfinite(part)).sum()) for part in parts(x)) if x.dtype.kind == "f" else 0
    if wrong:
        raise BadData(f"{called}: {wrong} values of the samples are NaN or infinite.")
    if x.ndim > 2:
        return _images(x, called, room, n)
    flat = _flat(x)
    if flat is not None:
        images, said = _images(flat[0], called, room, None)
        return images, [flat[1], *said]
    if x.dtype == np.float32:
        return x, []
    return filled(room.array(x.shape, np.float32), parts(x)), []


def filled(x: NDArray[Any], pieces: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """``x`` (N, ...), holding the pieces in their order."""
    at = 0
    for piece in pieces:
        x[at : at + len(piece)] = piece
        at += len(piece)
        release(x)
    return x


def _flat(x: NDArray[Any]) -> tuple[NDArray[Any], str] | None:
    """Rows as the images that they are, a view, and a sentence; None where they are rows."""
    d = x.shape[1]
    sizes = {c * side * side: (c, side) for side in SIDES for c in (1, 3)}
    if d not in sizes or not len(x):
        return None
    some = np.asarray(x[:: max(1, len(x) // LOOKED_AT)], np.float64)
    levels = some * 255 if x.dtype.kind == "f" and some.max() <= 1 else some
    if levels.min() < 0 or levels.max() > 255 or levels.max() < 2:
        return None
    if np.abs(levels - np.rint(levels)).max() > 1e-3:
        return None  # no pixels: what was measured or computed has fractions
    channels, side = sizes[d]
    said = f"rows of {d:,} pixels read as images of {side} x {side}"
    if channels == 1:
        return x.reshape(len(x), side, side), said
    step = [float(np.abs(levels[:, lag:] - levels[:, :-lag]).mean()) for lag in (1, channels)]
    if step[1] < 0.8 * step[0]:  # the neighbour of a colour lies three numbers on
        return x.reshape(len(x), side, side, channels), f"{said}, colour by colour of each pixel"
    planes = x.reshape(len(x), channels, side, side)
    return planes, f"{said}, one colour after the other as in CIFAR"


def _images(
    x: NDArray[Any], called: str, room: Room, n: int | None
) -> tuple[NDArray[np.uint8], Notes]:
    first, notes = _channels_first(x, called, n)
    change, said = scale(first, called)
    notes += said
    alpha = first.shape[1] == 4
    if change is None and not alpha:
        if first.flags.c_contiguous:
            return first, notes
        return filled(room.array(first.shape), parts(first)), notes
    shape = (len(first), 3 if alpha else first.shape[1], *first.shape[2:])
    made = (change(part) if change else part for part in parts(first))
    if alpha:
        notes.append(f"{len(first):,} RGBA images flattened on white")
        made = (_on_white(part) for part in made)
    return filled(room.array(shape), made), notes


def _on_white(x: NDArray[Any]) -> NDArray[Any]:
    """(N, 4, H, W) in 0..255 -> (N, 3, H, W)."""
    alpha = np.asarray(x[:, 3:], np.float32) / WHITE
    return np.rint(x[:, :3] * alpha + WHITE * (1 - alpha))


def _channels_first(x: NDArray[Any], called: str, n: int | None) -> tuple[NDArray[Any], Notes]:
    """A view of the images as (N, C, H, W)."""
    if x.ndim == 3:
        if n is not None and len(x) != n and x.shape[-1] == n:
            return x.transpose(2, 0, 1)[:, None], [f"read as (H, W, N) {x.shape}"]
        return x[:, None], []
    if x.ndim > 4:
        raise BadData(
            f"{called}: samples of shape {x.shape[1:]} are volumes or videos, not images; "
            "take one slice or frame of each, (N, H, W) or (N, H, W, C)."
        )
    if n is not None and len(x) != n and x.shape[-1] == n and x.shape[2] in CHANNELS:
        return x.transpose(3, 2, 0, 1), [f"read as (H, W, C, N) {x.shape}"]
    last, first = x.shape[3] in CHANNELS, x.shape[1] in CHANNELS
    if last and first and x.shape[1:] != (1, 1, 1):
        return _one_end(x, called)
    if last:
        return x.transpose(0, 3, 1, 2), []
    if first:
        return x, []
    raise BadData(
        f"{called}: samples of shape {x.shape[1:]} have neither 1 nor 3 channels (nor 4) "
        "at an end; of volumes take one slice each, of more channels take three."
    )


def _one_end(x: NDArray[Any], called: str) -> tuple[NDArray[Any], Notes]:
    """Where both ends could be the channels: the end that leaves squares, if one does."""
    as_last = x.shape[1] == x.shape[2]
    as_first = x.shape[2] == x.shape[3]
    if as_last == as_first and math.prod(x.shape[1:]) > max(x.shape[1:]):
        raise BadData(
            f"{called}: samples of shape {x.shape[1:]} could have their channels first or last. "
            "Save them as (N, H, W) if they are gray, else with sides above 4 pixels."
        )
    said = [f"channels {'last' if as_last else 'first'}, since that leaves squares"]
    return (x.transpose(0, 3, 1, 2) if as_last else x), said
