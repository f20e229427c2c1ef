"""What the figures of a sweep share: the colours of an objective, what a trial is marked by, how a
knob's values are written.

The colours have one lightness and one strength, and go round the hue in equal steps: as far apart
to the eye at either end, and legible on white and on black alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite, log10
from typing import Any

from cu_core.spec import OBJECTIVES, Axis, SweepProgress, Trial

# OKLCH, lightness 0.63, chroma 0.14, hue 250 to 415 in equal steps: blue, violet, rose, orange
COLOURS = (
    "#3C8DDA", "#6F81DD", "#9375D3", "#AF6ABC", "#C2639D", "#CE6179", "#D06452", "#C86F25",
)  # fmt: skip
FAULT = "#D64545"
FADED, LINE = "rgba(128,128,128,0.28)", "rgba(128,128,128,0.9)"
BAND = "rgba(128,128,128,0.22)"
# Of the pictures that stand side by side: a drag is a brush, the legend lies above
SIDE_BY_SIDE: Mapping[str, Any] = {
    "height": 380,
    "margin": {"l": 0, "r": 16, "t": 36, "b": 48},
    "dragmode": "select",
    "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
}
MARKERS = {"plain": "circle", "front": "diamond", "fault": "x"}


def label(key: str) -> str:
    """An objective with its unit: "Forget gap (points)"."""
    objective = OBJECTIVES[key]
    return f"{objective.title} ({objective.unit})" if objective.unit else objective.title


def text(value: Any) -> str:
    """A knob's value as an axis writes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def kind(trial: Trial) -> str:
    """Of ``MARKERS``."""
    if trial.state == "failed" or trial.below_floor:
        return "fault"
    return "front" if trial.front else "plain"


def colours(trials: Sequence[Trial], key: str) -> Mapping[int, int]:
    """Trial number -> place in COLOURS by this objective, the best first; by rank where values lie
    so far apart that most would look alike. Trials without a value have none."""
    low_is_better = OBJECTIVES[key].better == "low"
    known = {t.number: value for t in trials if (value := number(t.values.get(key))) is not None}
    order = sorted(known, key=lambda n: known[n], reverse=not low_is_better)
    places: dict[int, int] = {}
    before: tuple[float, int] | None = None
    for rank, n in enumerate(order):
        place = rank * len(COLOURS) // len(order)
        if before and before[0] == known[n]:
            place = before[1]  # what is as good looks as good
        places[n], before = place, (known[n], place)
    return places


def number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def share(axis: Axis, value: Any) -> float | None:
    """Where a knob's value lies between the ends of its axis, 0..1; None: it has none."""
    if axis.choices:
        last = max(len(axis.choices) - 1, 1)
        return axis.choices.index(value) / last if value in axis.choices else None
    if axis.low is None or axis.high is None or not isinstance(value, int | float):
        return None
    if axis.log:
        return log10(value / axis.low) / log10(axis.high / axis.low) if value > 0 else None
    return (value - axis.low) / (axis.high - axis.low)


def strong(one: int, chosen: Collection[int]) -> bool:
    """Whether a trial is drawn with all its colour: where none is chosen, each is."""
    return not chosen or one in chosen


def shown(progress: SweepProgress) -> tuple[Trial, ...]:
    """Trials that came to an end."""
    return tuple(trial for trial in progress.trials if trial.state in ("done", "failed"))
