"""A run as it is drawn: every frame in the Stage's own numbers, in drawing order (js/run.js).

Samples stand in slots, those that are kept first, so that what is to be forgotten lies on top.
Places are in quanta, 0 to 65535 in the run's box, y upwards. P slots, T frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.stage.boxes import NO_PLACE, box_scale

Array = NDArray[Any]
Curve = Mapping[str, Any]
FARTHEST = 65535


class Run:
    """``header`` and ``sections`` as ``cu_core.stage.unpack`` gives them, from the first frame on.

    ``xy`` (T, P, 2), ``pred`` (T, P), ``label``, ``true_label``, ``index`` (P,); ``kept``: how many
    slots are; ``ghost`` (G, 2) of the slots ``ghost_slots``, ``ghost_answer`` (P,) or -1;
    ``bounds``: [x0, y0, x1, y1] of all frames; ``reach``: half the first frame's longer side.
    """

    def __init__(self, header: Mapping[str, Any], sections: Mapping[str, Array]) -> None:
        forget = sections["forget"].astype(bool)
        self.header, self.n = header, int(header["n"])
        self.order = np.concatenate([np.flatnonzero(~forget), np.flatnonzero(forget)])
        self.kept = int((~forget).sum())
        self.classes: list[str] = [str(name) for name in header["classes"]]
        self.forget_classes = [int(k) for k in header["forget_classes"]]
        self.steps: list[int] = list(header["steps"])
        self.xy = sections["xy"][:, self.order].astype(np.float64)
        self.pred = sections["pred"][:, self.order].astype(np.int64)
        self.label = sections["label"][self.order].astype(np.int64)
        self.true_label = sections.get("true_label", sections["label"])[self.order].astype(np.int64)
        self.index = sections["index"][self.order]
        self.unit = box_scale(header["box"]) / FARTHEST
        self.quality: list[Any] = list(header["quality"] or ())
        self._ghosts(sections)
        self._extent()
        self._floors()

    def _ghosts(self, sections: Mapping[str, Array]) -> None:
        places = sections.get("ghost", np.zeros((0, 2), np.uint16))
        places = places[self.order] if len(places) else places
        there = (places != NO_PLACE).any(1)
        self.ghost_slots = np.flatnonzero(there)
        self.ghost = places[there].astype(np.float64)
        self.ghost_answer = np.full(self.n, -1, np.int64)
        share = sections.get("ghost_share")
        if share is None:
            return
        best = share.argmax(1)
        of = sections.get("ghost_share_class")
        answer = best if of is None else of[np.arange(self.n), best]
        self.ghost_answer = answer[self.order].astype(np.int64)

    def _extent(self) -> None:
        low, high = self.xy.min((0, 1)), self.xy.max((0, 1))
        self.bounds = [*map(float, low), *map(float, high)]
        first = self.xy[0]
        self.reach = max(float((first.max(0) - first.min(0)).max()) / 2, 1.0)

    def _floors(self) -> None:
        """Movement (layout units) that a frame draws when nothing changes, and the largest up to
        each frame."""
        scale = self.header.get("scale") or 0.0
        known = [*self.quality, *[None] * len(self.steps)][: len(self.steps)]
        self.floor = [((one or {}).get("noise_floor") or 0.0) * scale for one in known]
        self.floors = np.maximum.accumulate(self.floor)

    @property
    def last(self) -> int:
        return len(self.steps) - 1

    @property
    def every(self) -> int:
        return int(self.header.get("every") or 1)

    @property
    def end_step(self) -> int:
        """The step at the right end of the progress line and of the curves."""
        total = self.header.get("total_steps") or 0
        return max(1, self.steps[-1], total if self.header["live"] else 0)

    def frame(self, t: float) -> int:
        """The frame whose answers are shown at time t (frames): the nearest."""
        return min(math.floor(t + 0.5), self.last)

    def places(self, t: float) -> Array:
        """(P, 2) at time t, between two frames in proportion."""
        i = min(math.floor(t), self.last)
        now: Array = self.xy[i]
        return now if t == i else now + (self.xy[min(i + 1, self.last)] - now) * (t - i)

    def moved(self, t: float) -> Array:
        """(P,): how far each slot is from where frame 0 had it, in quanta."""
        away = self.places(t) - self.xy[0]
        far: Array = np.hypot(away[:, 0], away[:, 1])
        return far

    def step_at(self, t: float) -> float:
        i = min(math.floor(t), self.last)
        j = min(i + 1, self.last)
        return self.steps[i] + (self.steps[j] - self.steps[i]) * (t - i)

    def time_of(self, step: float) -> float:
        """The time of a step, within the frames that are known."""
        return float(np.interp(step, self.steps, np.arange(len(self.steps))))

    def slots_of(self, index: list[int]) -> list[int]:
        """Of the samples with these indices those that are on the map."""
        at = {int(own): slot for slot, own in enumerate(self.index)}
        return [at[one] for one in index if one in at]


def value_at(curve: Curve, step: float) -> float | None:
    """The newest value at or before a step; None where there is none."""
    known = [
        value
        for at, value in zip(curve["steps"], curve["values"], strict=True)
        if at <= step and value is not None
    ]
    return known[-1] if known else None


def show_value(value: float | None, unit: str) -> str:
    """As js/series.js writes it: "4 %", "0.52"."""
    if value is None:
        return "–"
    if unit == "%":
        return f"{math.floor(value + 0.5)} %"
    size = abs(value)
    text = f"{value:.{0 if size >= 100 else 1 if size >= 10 else 2}f}".replace("-", "−")
    return f"{text} {unit}" if unit else text
