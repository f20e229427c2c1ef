"""A few measures of several runs, each as its difference to the first of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cu_core.metrics.gap import ACCURACIES
from cu_core.spec import HIGH, LOW, Summary

Near = Literal["", "seeds", "interval"]


@dataclass(frozen=True)
class Measure:
    """``key``: of the metric; "" for the mean gap to retrained."""

    title: str
    help: str
    key: str = ""


MEASURES = (
    Measure("UA, forgotten", "100 minus the accuracy on the samples to forget.", "ua"),
    Measure("RA, kept", "Accuracy on the samples to keep.", "ra"),
    Measure("TA, test", "Accuracy on the test set.", "ta"),
    Measure(
        "Features, still known",
        "Share of the forget samples that their 15 neighbours in the features tell right.",
        "knn_probe_forget",
    ),
    Measure(
        "Mean gap to retrained",
        "Mean distance to the retrained model in RA, UA and TA, in points; the attack takes no "
        "part.",
    ),
)


@dataclass(frozen=True)
class Difference:
    """One run's ``value`` and its ``apart`` from the first run's, in the measure's unit; None where
    either lacks it. ``near``: why that is no difference: retrained "seeds" lie as far apart, or the
    two "interval"s overlap in which the values lie; "" where it is one."""

    value: float | None
    apart: float | None = None
    near: Near = ""


def differences(measure: Measure, summaries: Sequence[Summary]) -> tuple[Difference, ...]:
    """Of each run in its order; the first one's ``apart`` is None. Empty where none has it."""
    key = measure.key
    values = [_value(summary, key) for summary in summaries]
    if all(value is None for value in values):
        return ()
    first = values[0]
    found = [Difference(first)]
    for summary, value in zip(summaries[1:], values[1:], strict=True):
        if value is None or first is None:
            found.append(Difference(value))
            continue
        apart = value - first
        near: Near = "seeds" if _as_seeds(summaries, key, apart) else ""
        found.append(Difference(value, apart, near or _as_drawn(summaries[0], summary, key)))
    return tuple(found)


def _value(summary: Summary, key: str) -> float | None:
    return summary.metrics.get(key) if key else summary.avg_gap_without_mia


def _as_seeds(summaries: Sequence[Summary], key: str, apart: float) -> bool:
    """Whether two retrained models differ as much, by the widest band that a run has on record."""
    keys = (key,) if key else ACCURACIES
    widths = [_width(summary.band, keys) for summary in summaries]
    return max((abs(apart) <= width for width in widths if width is not None), default=False)


def _width(band: Mapping[str, tuple[float, float]], keys: Sequence[str]) -> float | None:
    """Mean width of these bands; None where one is not on record."""
    known = [band[key][1] - band[key][0] for key in keys if key in band]
    return sum(known) / len(keys) if len(known) == len(keys) else None


def _as_drawn(first: Summary, other: Summary, key: str) -> Near:
    """Accuracies that stand on a draw have an interval: "interval" where the two overlap."""
    ends = [_interval(summary, key) for summary in (first, other)]
    (low, high), (least, most) = ends
    drawn = low < high or least < most
    return "interval" if drawn and max(low, least) <= min(high, most) else ""


def _interval(summary: Summary, key: str) -> tuple[float, float]:
    value = _value(summary, key)
    low, high = (summary.metrics.get(f"{key}/{end}") for end in (LOW, HIGH))
    if value is None:
        return 1.0, 0.0
    return (value if low is None else low), (value if high is None else high)
