"""The course of a run in numbers, as the kinds of events read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cu_core.spec import RunProgress, Summary

Series = tuple[Sequence[int], Sequence[float | None]]
Points = list[tuple[int, float]]


@dataclass(frozen=True)
class Course:
    """``series``: by metric, and by loss term as ``loss/<term>``, steps and values on record; None
    was not computed, NaN and infinities are kept. ``retrained``: values of the retrained model,
    empty without one; ``band``: lowest and highest of the retrained seeds, empty with fewer than
    two. ``is_class``: whole classes are forgotten, else single samples.
    """

    series: Mapping[str, Series]
    retrained: Mapping[str, float | None] = field(default_factory=dict)
    band: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    n_classes: int = 0
    is_class: bool = True

    @classmethod
    def of(
        cls, series: Mapping[str, Series], progress: RunProgress, summary: Summary | None = None
    ) -> Course:
        """From what a run has on record, while it lives or once it has ended."""
        ended = summary or Summary()
        return cls(
            series,
            ended.retrained or progress.retrained,
            ended.band,
            len(progress.class_names),
            bool(progress.forget.classes),
        )

    @property
    def forget_accuracy(self) -> str:
        """The accuracy that says whether it is forgotten: on test samples of the classes, or on
        the samples themselves."""
        return "forget_acc_test" if self.is_class else "forget_acc_train"

    def points(self, name: str) -> Points:
        """(step, value) of a series where it is a number."""
        steps, values = self.series.get(name, ((), ()))
        both = zip(steps, values, strict=True)
        return [(step, v) for step, v in both if v is not None and math.isfinite(v)]

    def reference(self, name: str) -> float | None:
        """The retrained model's value where it is a number."""
        value = self.retrained.get(name)
        return value if value is not None and math.isfinite(value) else None

    def values_by_step(self) -> dict[int, dict[str, float | None]]:
        """Every series' value at each step, in the order of the steps."""
        found: dict[int, dict[str, float | None]] = {}
        for name, (steps, values) in self.series.items():
            for step, value in zip(steps, values, strict=True):
                found.setdefault(step, {})[name] = value
        return dict(sorted(found.items()))


def begins(
    points: Iterable[tuple[int, float]],
    holds: Callable[[float], bool],
    ends: Callable[[float], bool] | None = None,
) -> Iterator[tuple[int, float]]:
    """The points at which a condition begins to hold. ``ends``: when it is over, where that is not
    as soon as it holds no more: a value that trembles about a limit has passed it once."""
    on = False
    for step, value in points:
        was, on = on, holds(value)
        if was and not on and ends is not None:
            on = not ends(value)
        if on and not was:
            yield step, value
