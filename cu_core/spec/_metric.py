"""What a metric sees, and how it is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cu_core.spec._data import Floats
from cu_core.spec._run import ModelOutputs

Over = Literal["all", "probe", "references"]
FEW = 20  # samples, whose percentage is told as a count: "5 of 6"

Of = Literal["", "forget", "retain", "test", "kept test", "forgotten test"]


class NotComputed(Exception):
    """Raised by a metric that has no value here; its message is the reason shown."""


RATIO = "ratio"  # a unit
LOW, HIGH = "low", "high"  # the parts of a value that are the ends of its interval
BOUNDS = (f"/{LOW}", f"/{HIGH}")  # how the keys of values end that are no measures of their own


@dataclass(frozen=True)
class Metric:
    """A declared measure. ``better``: near to the retrained model's value, or low, or high.

    ``over``: "all" is exact on the whole sets once a run ends (an estimate from the probe while
    it lives); "probe" is always taken on the probe set; "references" on the probe set too, but only
    when a run ends, with the original and the retrained models beside it.

    ``compute`` gives one number, an array (C,) with one a class (``per_class``), or a mapping from
    the name of a part to its number, where "" is the measure itself, "low" and "high" its interval.

    ``unit``: ``RATIO`` for a number that has none, which a curve then shows bare.
    ``quiet``: of few runs alone; tables leave it out where it has no value.
    ``of``: the samples that a percentage is a share of, so that one of few can be told as a count:
    forget or retain samples, test samples of all, of the kept or of the forgotten classes.
    """

    key: str
    title: str
    unit: str
    range: tuple[float, float]
    better: Literal["retrained", "low", "high"]
    help: str
    compute: Callable[[ModelOutputs], float | Floats | Mapping[str, float]]
    over: Over = "all"
    per_class: bool = False
    quiet: bool = False
    of: Of = ""


def metric(
    *,
    title: str,
    unit: str,
    range: tuple[float, float],
    better: Literal["retrained", "low", "high"],
    over: Over = "all",
    per_class: bool = False,
    quiet: bool = False,
    of: Of = "",
) -> Callable[[Callable[[ModelOutputs], Any]], Metric]:
    """Declares a function ``ModelOutputs -> float`` (or one value a class or part) as a metric."""

    def declare(function: Callable[[ModelOutputs], Any]) -> Metric:
        doc = " ".join((function.__doc__ or "").split())
        name = function.__name__
        return Metric(name, title, unit, range, better, doc, function, over, per_class, quiet, of)

    return declare
