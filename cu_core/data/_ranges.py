"""The range that pixels are in, by their values, and what brings them to 0..255."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data.memory import parts
from cu_core.errors import BadData

FEW = 0.01  # of the values may lie farther beyond a range than a resize filter overshoots
OVER = 0.05  # of a range's width, by how much such a filter does
DEPTHS = range(8, 17)  # bits that a pixel may have
Change = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass
class _Facts:
    """Of all values, with how many lie beyond a usual range."""

    low: float = np.inf
    high: float = -np.inf
    below_minus_1: int = 0
    below_0: int = 0
    above_1: int = 0
    above_255: int = 0
    total: float = 0.0
    squares: float = 0.0
    n: int = 0
    whole: bool = True


def bits(high: float) -> int:
    """How many a pixel must have for values up to ``high``, as cameras count them."""
    return next((depth for depth in DEPTHS if high < 1 << depth), DEPTHS[-1])


def scale(x: NDArray[Any], called: str) -> tuple[Change | None, list[str]]:
    """(what brings a part of ``x`` to 0..255, None for nothing; sentences). BadData for a range
    that is none of those that pixels have."""
    if x.dtype == np.uint8 and (not x.size or max(int(part.max()) for part in parts(x)) != 1):
        return None, []
    facts = _facts(x)
    if not facts.n:
        return np.rint, []
    if x.dtype.kind in "biu" and facts.low >= 0 and facts.high <= 1:
        return lambda part: part * np.uint8(255), ["pixels of 0 and 1 spread over 0..255"]
    if facts.low >= 0 and facts.whole and facts.high > 1:
        return _whole(x, facts, called)
    if x.dtype.kind == "f":
        return _fractions(facts, called)
    raise BadData(_no_range(facts, called))


def _facts(x: NDArray[Any]) -> _Facts:
    it = _Facts()
    for part in parts(x):
        values = part.astype(np.float64)
        it.low, it.high = min(it.low, values.min()), max(it.high, values.max())
        it.below_minus_1 += int((values < -1).sum())
        it.below_0 += int((values < 0).sum())
        it.above_1 += int((values > 1).sum())
        it.above_255 += int((values > 255).sum())
        it.total += values.sum()
        it.squares += (values * values).sum()
        it.n += values.size
        it.whole = it.whole and bool((values == np.rint(values)).all())
    return it


def _whole(x: NDArray[Any], facts: _Facts, called: str) -> tuple[Change, list[str]]:
    """Whole numbers: 8 bits as they are, more divided by what their depth can hold."""
    if facts.high >= 1 << DEPTHS[-1]:
        raise BadData(_no_range(facts, called))
    if facts.high <= 255:
        return np.rint, [f"{x.dtype} pixels stored as 8 bits"]
    depth = bits(facts.high)
    return (
        lambda part: np.rint(part * (255 / ((1 << depth) - 1))),
        [f"pixels of {depth} bits (up to {facts.high:,.0f}) scaled to 8 bits"],
    )


def _fractions(facts: _Facts, called: str) -> tuple[Change, list[str]]:
    """Floats: 0..1, -1..1 or 0..255, with a few beyond where a filter overshot."""
    few = FEW * facts.n
    near = facts.low >= -OVER and facts.high <= 1 + OVER
    if near or (max(facts.below_0, facts.above_1) <= few and facts.low > -1 and facts.high < 2):
        said = _clipped(facts.below_0 + facts.above_1, "pixels from 0..1 spread over 0..255")
        return lambda part: np.rint(np.clip(part, 0, 1) * 255), [said]
    outside = facts.below_minus_1 + facts.above_1
    if -2 < facts.low < -0.5 and 0.5 < facts.high < 2 and outside <= few:
        said = _clipped(outside, "pixels from -1..1 spread over 0..255")
        return lambda part: np.rint((np.clip(part, -1, 1) + 1) * 127.5), [said]
    outside = facts.below_0 + facts.above_255
    if facts.low > -100 and 16 < facts.high < 355 and outside <= few:
        said = _clipped(outside, "pixels with fractions rounded to whole numbers in 0..255")
        return lambda part: np.rint(np.clip(part, 0, 255)), [said]
    raise BadData(_no_range(facts, called))


def _clipped(n: int, said: str) -> str:
    return f"{said}, {n:,} values beyond them clipped" if n else said


def _no_range(facts: _Facts, called: str) -> str:
    mean = facts.total / facts.n
    std = max(facts.squares / facts.n - mean * mean, 0) ** 0.5
    said = f"{called}: pixels go from {facts.low:g} to {facts.high:g}"
    if facts.low < 0 and abs(mean) < std < 3:
        said += f" (mean {mean:.2f}, std {std:.2f}), as after a normalisation"
        return f"{said}; save them as they were before, in 0..255 or 0..1."
    beyond = f", {facts.above_1 / facts.n:.0%} of them above 1" if facts.high <= 16 else ""
    return f"{said}{beyond}; they must lie in 0..255, 0..1 or -1..1."
