"""Positions as uint16 in a box: one scale for all axes, so that distances keep their proportions.

A flat box is [x0, y0, x1, y1], a solid one [x0, y0, z0, side], both in layout units.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

MARGIN = 1.0  # how much larger than its points a box is, in each direction together: classes may
# go half the picture's width beyond where the first frame ends
NO_PLACE = 65535  # a ghost without a place has this on every axis; a place never has it on all


def fixed_box(first_xy: ArrayLike) -> list[float]:
    """[x0, y0, x1, y1], square: frame 0's (P, 2) bounding box, its longer side grown by MARGIN.

    Fixed for the run, so that frames to come never rescale what a person is looking at.
    """
    xy = np.asarray(first_xy, np.float64)
    if xy.ndim != 2 or xy.shape[1] != 2 or not len(xy) or not np.isfinite(xy).all():
        raise ValueError(f"The first frame must be finite positions (P, 2), got {xy.shape}.")
    low, high = xy.min(0), xy.max(0)
    middle = (low + high) / 2
    half = max(float((high - low).max()) * (1 + MARGIN) / 2, 1e-6)
    return [float(v) for v in (*(middle - half), *(middle + half))]


def quantise(xy: ArrayLike, box: Sequence[float]) -> NDArray[np.uint16]:
    """Positions (..., 2) in [x0, y0, x1, y1] or (..., 3) in [x0, y0, z0, side] as uint16.

    One scale for all axes; outside the box is clipped.
    """
    places = np.asarray(xy, np.float64)
    if not np.isfinite(places).all():
        raise ValueError("Positions must be finite; at least one frame holds NaN or infinity.")
    axes = places.shape[-1]
    unit = (places - np.asarray(box[:axes])) / _side(box, axes)
    return np.asarray(np.rint(np.clip(unit, 0, 1) * 65535), "<u2")


def restore(quantised: ArrayLike, box: Sequence[float]) -> NDArray[np.float32]:
    """Positions in layout units from their uint16 form: what the browser draws."""
    unit = np.asarray(quantised, np.float64) / 65535
    axes = unit.shape[-1]
    return (np.asarray(box[:axes]) + unit * _side(box, axes)).astype(np.float32)


def box_scale(box: Sequence[float]) -> float:
    """Layout units from one end of the uint16 range to the other: the box's longer side."""
    x0, y0, x1, y1 = box
    return float(max(x1 - x0, y1 - y0)) or 1.0


def _side(box: Sequence[float], axes: int) -> float:
    return box_scale(box) if axes == 2 else float(box[3]) or 1.0


def quantise_partial(places: ArrayLike, box: Sequence[float]) -> NDArray[np.uint16]:
    """uint16 (P, axes) of places of which some are NaN: those have NO_PLACE on every axis."""
    wanted = np.asarray(places, np.float64)
    known = np.isfinite(wanted).all(1)
    out = np.full(wanted.shape, NO_PLACE, "<u2")
    out[known] = np.minimum(quantise(wanted[known], box), NO_PLACE - 1)
    return out


def cube(xyz: ArrayLike) -> list[float]:
    """[x0, y0, z0, side] around all places (N, 3), grown by MARGIN: they travel together."""
    places = np.asarray(xyz, np.float64)
    if not len(places) or not np.isfinite(places).all():
        return [0.0, 0.0, 0.0, 1.0]
    low, high = places.min(0), places.max(0)
    side = max(float((high - low).max()) * (1 + MARGIN), 2e-6)
    return [float(v) for v in (*((low + high - side) / 2), side)]
