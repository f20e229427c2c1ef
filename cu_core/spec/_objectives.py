"""What a sweep may look for: each objective is one declaration here, read from a run's summary.

Test accuracy is read on a fixed half of the test set (``TUNING``) while a sweep chooses by it, and
on the other half (``REPORTED``) in what the sweep says of its choice: a setting that was picked
among many because it does well on some samples does better on these than on others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cu_core.spec._progress import Summary

TUNING, REPORTED = "ta/tuning", "ta/reported"  # keys of test accuracy on a half of the test set
HALVES = (TUNING, REPORTED)  # which no table of a run lists: they are for who chooses among many
Half = Literal["ta/tuning", "ta/reported"]


@dataclass(frozen=True)
class Objective:
    """``read(summary, half)``: its value, None where the run lacks what it is made of (no retrained
    model, a measure that was not computed). ``better``: which end is wanted; ``zero``: whether 0 is
    the retrained model's own value, so that the retrained seeds make a band around it;
    ``halved``: whether ``half`` makes a difference; ``warning``: what must be known of it."""

    key: str
    title: str
    unit: str
    better: Literal["low", "high"]
    help: str
    read: Callable[[Summary, Half], float | None]
    zero: bool = False
    halved: bool = False
    warning: str = ""


# Objectives that are the mean distance to retrained in some metrics
GAPS: Mapping[str, tuple[str, ...]] = {
    "avg_gap": ("ra", "ua", TUNING),
    "forget_gap": ("ua",),
    "ta_gap": (TUNING,),
}


def _gap(summary: Summary, key: str) -> float | None:
    """|unlearned - retrained| of a metric."""
    own, there = summary.metrics.get(key), (summary.retrained or {}).get(key)
    return None if own is None or there is None else abs(own - there)


def _mean_gap(objective: str) -> Callable[[Summary, Half], float | None]:
    def read(summary: Summary, half: Half) -> float | None:
        gaps = [_gap(summary, half if key == TUNING else key) for key in GAPS[objective]]
        known = [gap for gap in gaps if gap is not None]
        return sum(known) / len(gaps) if len(known) == len(gaps) else None

    return read


def _rho(summary: Summary, half: Half) -> float | None:
    rho = summary.metrics.get("rho_linear")
    return None if rho is None else abs(rho)


def _of(key: str) -> Callable[[Summary, Half], float | None]:
    return lambda summary, half: summary.metrics.get(key)


_DECLARED = (
    Objective(
        "avg_gap", "Mean gap to retrained", "points", "low",
        "Mean distance to the retrained model in RA, UA and TA; the attack takes no part.",
        _mean_gap("avg_gap"), zero=True, halved=True,
    ),
    Objective(
        "forget_gap", "Forget gap", "points", "low",
        "Distance to the retrained model in accuracy on the forget samples.",
        _mean_gap("forget_gap"), zero=True,
    ),
    Objective(
        "ta_gap", "Test accuracy gap", "points", "low",
        "Distance to the retrained model in test accuracy.",
        _mean_gap("ta_gap"), zero=True, halved=True,
    ),
    Objective(
        "rho", "Features left, |rho|", "", "low",
        "How much of what the original's features know of the forget samples is left: 0 as in the "
        "retrained model, 1 as in the original.",
        _rho, zero=True,
        warning="Where original and retrained model know about equally much, rho is noise.",
    ),
    Objective(
        "seconds", "Seconds", "s", "low", "Time of the updates, on the machine that made the run.",
        lambda summary, half: summary.seconds.get("step"),
    ),
    Objective(
        "home", "Sent home", "%", "high",
        "Share of the mislabelled samples that are answered with their true class.",
        _of("planted_home"),
    ),
    Objective(
        "ta", "Test accuracy", "%", "high", "Accuracy on the test set.",
        lambda summary, half: summary.metrics.get(half), halved=True,
    ),
)  # fmt: skip
OBJECTIVES: Mapping[str, Objective] = {one.key: one for one in _DECLARED}


def band_of(objective: Objective, band: Mapping[str, tuple[float, float]]) -> float | None:
    """How far retrained seeds lie apart in an objective whose zero is the retrained model; None
    where fewer than two are on record. ``band``: of a summary."""
    keys = GAPS.get(objective.key, ())
    widths = [band[key][1] - band[key][0] for key in keys if key in band]
    return sum(widths) / len(keys) if keys and len(widths) == len(keys) else None


if TYPE_CHECKING:
    ObjectiveKey = str
else:  # a request takes these keys and no others, and its refusal lists them
    ObjectiveKey = Literal[tuple(OBJECTIVES)]
