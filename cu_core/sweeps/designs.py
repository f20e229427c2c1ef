"""Settings that are laid out ahead: a grid, and points spread evenly. The n-th one is a function of
the request alone, so that a sweep that is taken up goes on where it was."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from cu_core.spec import Axis, SweepRequest
from cu_core.sweeps.axes import grid_values


def grid(request: SweepRequest, whole: Collection[str], number: int) -> dict[str, Any]:
    """The n-th setting of a grid, in an order shuffled by the sampler's seed: a grid that ends
    early has seen a bit of everything. IndexError beyond its end."""
    values = {name: grid_values(axis, name in whole) for name, axis in request.axes.items()}
    shape = [len(each) for each in values.values()]
    order = np.random.default_rng(request.sampler_seed).permutation(math.prod(shape))
    place = np.unravel_index(order[number], shape)
    return {name: each[int(i)] for (name, each), i in zip(values.items(), place, strict=True)}


def spread(request: SweepRequest, whole: Collection[str], number: int) -> dict[str, Any]:
    """The n-th point of a scrambled Sobol sequence: choices are spread as evenly as ranges."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(len(request.axes), seed=request.sampler_seed)
    if number:  # SciPy cannot go no step forward
        sequence.fast_forward(number)
    point = sequence.random(1)[0]  # in [0, 1)
    return {
        name: _at(axis, float(u), name in whole)
        for (name, axis), u in zip(request.axes.items(), point, strict=True)
    }


def _at(axis: Axis, u: float, whole: bool) -> Any:
    """The value at a share of an axis; of whole numbers each takes an equal part of it."""
    if axis.low is None or axis.high is None:
        return axis.choices[min(int(u * len(axis.choices)), len(axis.choices) - 1)]
    low, high = (axis.low - 0.5, axis.high + 0.5) if whole else (axis.low, axis.high)
    value = low * (high / low) ** u if axis.log else low + u * (high - low)
    if whole:
        return int(min(max(math.floor(value + 0.5), axis.low), axis.high))
    return min(max(value, axis.low), axis.high)
