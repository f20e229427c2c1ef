"""What a trial came to, read from the records of its runs, one a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from cu_core.spec import (
    FLOOR,
    OBJECTIVES,
    REPORTED,
    TUNING,
    Half,
    Objective,
    RunRecord,
    Summary,
)

CHOSEN_BY, REPORTED_BY = cast(Half, TUNING), cast(Half, REPORTED)


@dataclass(frozen=True)
class Outcome:
    """``values``, ``reported``: by objective, of the tuning and of the reported half, the worst of
    the seeds; ``why``: the sentence of an objective that cannot be read, and then there are no
    values; ``floor``: why a run ended below the floor, "" for none."""

    values: dict[str, float | None] = field(default_factory=dict)
    reported: dict[str, float | None] = field(default_factory=dict)
    why: str = ""
    floor: str = ""


def ended_well(record: RunRecord) -> bool:
    """Whether a run came to its end, be it the floor's: only then its numbers count."""
    return record.state == "done" or (record.state == "stopped" and bool(floor_of(record)))


def floor_of(record: RunRecord) -> str:
    """Why a run ended below its floor; "" of one that did not."""
    said = record.summary.stopped_by
    return said if said.startswith(FLOOR) else ""


def outcome(records: Sequence[RunRecord], objectives: Sequence[str]) -> Outcome:
    """Of a trial's runs, all of which ``ended_well``."""
    floor = next((said for record in records if (said := floor_of(record))), "")
    values: dict[str, float | None] = {}
    for key in objectives:
        objective = OBJECTIVES[key]
        values[key] = _worst(objective, records, CHOSEN_BY)
        if values[key] is None:
            return Outcome(why=_why(objective, records), floor=floor)
    reported = {key: _worst(OBJECTIVES[key], records, REPORTED_BY) for key in objectives}
    return Outcome(values, reported, floor=floor)


def metrics_of(objective: Objective) -> frozenset[str]:
    """The metrics that an objective is made of, as its own reading asks for them."""
    asked = _Asked()
    objective.read(Summary().model_copy(update={"metrics": asked}), CHOSEN_BY)
    return frozenset(asked.keys_asked)


class _Asked(dict[str, float]):
    """Nothing measured, and a list of what was asked for."""

    def __init__(self) -> None:
        self.keys_asked: list[str] = []

    def get(self, key: str, default: object = None) -> None:  # type: ignore[override]
        self.keys_asked.append(key)


def _worst(objective: Objective, records: Sequence[RunRecord], half: Half) -> float | None:
    read = [objective.read(record.summary, half) for record in records]
    known = [value for value in read if value is not None and math.isfinite(value)]
    if len(known) < len(read) or not known:
        return None
    return min(known) if objective.better == "high" else max(known)


def _why(objective: Objective, records: Sequence[RunRecord]) -> str:
    """The sentence of why an objective has no value in one of the runs."""
    read = ((record.summary, objective.read(record.summary, CHOSEN_BY)) for record in records)
    summary = next(s for s, value in read if value is None or not math.isfinite(value))
    asked = sorted(metrics_of(objective))
    absent = [key for key in asked if summary.metrics.get(key) is None]
    reasons = [f"{key}: {summary.reasons[key]}" for key in absent if key in summary.reasons]
    if not reasons and objective.zero and summary.retrained is None:
        reasons = ["there is no retrained model to compare with"]
    if not reasons:
        reasons = [f"the run has no {', '.join(absent or asked) or 'such number'}"]
    return f"{objective.title} could not be read ({'; '.join(reasons)})."
