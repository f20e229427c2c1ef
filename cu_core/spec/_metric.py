"""What a metric sees, and how it is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from cu_core.spec._data import Floats
from cu_core.spec._run import Scene


class NotComputed(Exception):
    """Raised by a metric that has no value here; its message is the reason shown."""


@dataclass(frozen=True)
class Metric:
    """A declared measure. ``better``: near to the retrained model's value, or low, or high.

    ``over``: "all" is exact on the whole sets once a run ends (an estimate from the probe while
    it lives); "probe" is always taken on the probe set.
    """

    key: str
    title: str
    unit: str
    range: tuple[float, float]
    better: Literal["retrained", "low", "high"]
    help: str
    compute: Callable[[Scene], float | Floats]
    over: Literal["all", "probe"] = "all"


def metric(
    *,
    title: str,
    unit: str,
    range: tuple[float, float],
    better: Literal["retrained", "low", "high"],
    over: Literal["all", "probe"] = "all",
) -> Callable[[Callable[[Scene], Any]], Metric]:
    """Declares a function ``Scene -> float`` (or (C,) one value a class) as a metric."""

    def declare(function: Callable[[Scene], Any]) -> Metric:
        doc = " ".join((function.__doc__ or "").split())
        return Metric(function.__name__, title, unit, range, better, doc, function, over)

    return declare
