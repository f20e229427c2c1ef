"""What attacks of membership inference read on the models of a run, beside its record."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from cu_core.spec._recorded import Recorded

ATTACKS = "attacks"  # the view that keeps it, with the scores


class Estimated(NamedTuple):
    """A value and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class AttackReading(Recorded):
    """Of one model. ``why``: there are no scores, and the rest is empty.

    ``auc``: chance that a forget sample looks more like a member than a test sample; ``found``:
    percent of forget samples above a score that at most 1 % of test samples have; ``stranger``: the
    same below one, of an observer who takes what looks least like a member for forgotten. ``few``:
    why these two are missing.
    """

    why: str = ""
    auc: Estimated | None = None
    found: Estimated | None = None
    stranger: Estimated | None = None
    few: str = ""


class AttackFacts(Recorded):
    """``readings``: by attack, then by model (unlearned, retrained, original); ``version``: of the
    measures they were taken with; ``gone``: models that the run was measured with and that are no
    longer kept."""

    version: str = ""
    gone: int = 0
    readings: dict[str, dict[str, AttackReading]] = Field(default_factory=dict)
