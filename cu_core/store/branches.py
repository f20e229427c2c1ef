"""Branches: a run taken up at one of its steps and led on otherwise, as a request of its own.

A branch repeats what its parent did until then from its own request alone, so the parent may be
deleted, and nothing on record is ever rewritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from cu_core.errors import BadRequest, explain
from cu_core.spec import Leg, RunProgress, RunRecord, UnlearnRequest
from cu_core.store.runs import Runs
from cu_core.store.runtables import parse_progress, read_facts

COURSE = ("max_steps", "stop_rule")  # of a request, what a branch may change beside its method
Knobs = Mapping[str, Any]


class Branches(Runs):
    """The part of the store that knows which run comes from which."""

    def branch(self, run_id: str, step: int, **changes: Any) -> UnlearnRequest:
        """What goes on from ``step`` updates of a run by what it went by there, but for these
        ``changes``: some of ``hparams`` turned, another ``method`` (with a ``preset``), another
        ``max_steps`` or ``stop_rule``. With none, from the last leg on, it ends with the run's own
        weights.

        UnknownRun; BadRequest for a run that unlearns nothing, has not begun, or has not come to
        this step.
        """
        record = self.run(run_id)
        progress = parse_progress(read_facts(self.paths.run(run_id) / "run.db") or {})
        return branched(record, progress, step, changes)

    def family(self, run_id: str) -> list[RunRecord]:
        """The run that this one goes back to, its branches and theirs, as far as they are still
        there; each after its parent, of one parent the older first. One run where it has none."""
        families: list[list[RunRecord]] = []
        for record, depth in tree(self.runs("unlearn")):
            if depth == 0:
                families.append([])
            families[-1].append(record)
        return next((own for own in families if run_id in {one.run_id for one in own}), [])


def parent_of(record: RunRecord | None) -> str:
    """The id of the run that this one is a branch of; "" where it is none."""
    return getattr(record and record.request, "parent", None) or ""


def tree(records: Sequence[RunRecord]) -> list[tuple[RunRecord, int]]:
    """The runs in their order, each branch below the run that it comes from where that is among
    them, the older first; with how deep it stands."""
    here = {record.run_id for record in records}
    below: dict[str, list[RunRecord]] = {}
    for record in reversed(records):  # newest first, as the store has them
        below.setdefault(parent_of(record), []).append(record)

    def lines(record: RunRecord, depth: int) -> Iterator[tuple[RunRecord, int]]:
        yield record, depth
        for child in below.get(record.run_id, ()):
            yield from lines(child, depth + 1)

    roots = [record for record in records if parent_of(record) not in here]
    return [line for root in roots for line in lines(root, 0)]


def branched(
    record: RunRecord, progress: RunProgress, step: int, changes: Mapping[str, Any]
) -> UnlearnRequest:
    """``Branches.branch``, from what is on record."""
    request, known = record.request, progress.provenance
    if not isinstance(request, UnlearnRequest):
        raise BadRequest(f"Run {record.run_id} forgets nothing, so nothing branches from it.")
    if known is None:
        why = "is of a Lethe that did not keep its knobs" if record.step else "has not begun"
        raise BadRequest(f"Run {record.run_id} {why}, so nothing branches from it.")
    if not 0 <= step <= record.step:
        raise BadRequest(
            f"Run {record.run_id} has made {record.step:,} steps, and a branch begins at one of "
            f"them, got {step}."
        )
    before, (method, knobs) = _until(request, known.knobs, step)
    same = changes.get("method") in (None, method)
    turned = dict(changes.get("hparams") or {})
    asked = {
        **request.model_dump(),
        "first": before,
        "parent": record.run_id,
        "every": progress.every or request.every,
        **{name: value for name, value in changes.items() if name in COURSE},
        "method": method if same else changes["method"],
        "preset": changes.get("preset"),
        "hparams": (dict(knobs) if same and changes.get("preset") is None else {}) | turned,
    }
    try:
        return UnlearnRequest.model_validate(asked)
    except ValidationError as fault:
        raise BadRequest(explain(fault, UnlearnRequest, "The branch")) from None


def ways(request: UnlearnRequest, knobs: Mapping[str, Any]) -> list[tuple[int, str, Knobs]]:
    """(from which step, by which method, with which knobs), in order; ``knobs``: of the last."""
    starts = [0, *(leg.until for leg in request.first)]
    by = [*((leg.method, leg.knobs) for leg in request.first), (request.method, knobs)]
    return [(start, *way) for start, way in zip(starts, by, strict=True)]


def _until(
    request: UnlearnRequest, knobs: Mapping[str, Any], step: int
) -> tuple[list[Leg], tuple[str, Knobs]]:
    """The legs up to a step, and by what the run went on from there."""
    legs = [leg for leg in request.first if leg.until <= step]
    start, method, own = ways(request, knobs)[len(legs)]
    if step > start:
        legs.append(Leg(until=step, method=method, knobs=dict(own)))
    return legs, (method, own)
