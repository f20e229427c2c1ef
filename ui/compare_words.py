"""What sets the runs of a comparison apart, in words: a row a setting, and a title a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cu_core.comparison.members import LETTERS as LETTERS
from cu_core.comparison.settings import field_text, knobs_of
from cu_core.spec import Catalog, RunProgress, RunRecord, UnlearnRequest
from ui import controls, differs, shelf, wording

NOTHING = "–"
METHOD, BRANCH, PRESET = "method", "Branched", "preset"
COMMON = ("dataset", "model", "forget", "method")  # that a comparison names where all are the same

Known = tuple[UnlearnRequest, RunProgress]


@dataclass(frozen=True)
class Row:
    """A setting in which at least two runs differ: ``name`` of the field or knob, ``label`` over
    its ``values``, one a run."""

    name: str
    label: str
    values: tuple[str, ...]


def rows(
    records: Sequence[RunRecord], progresses: Sequence[RunProgress], catalog: Catalog
) -> list[Row]:
    """Fields of the requests first, in the order of the sidebar, then knobs."""
    known = [
        (record.request, progress)
        for record, progress in zip(records, progresses, strict=True)
        if isinstance(record.request, UnlearnRequest)
    ]
    if len(known) < len(records):
        return []  # a loop of one's own says nothing of how it goes
    knobs = [_knobs(*one, catalog) for one in known]
    found = [*_fields(known), *_turned(knobs), *_branches(records)]
    return [row for row in found if len({*row.values} - {NOTHING}) > 1 or row.name == BRANCH]


def _fields(known: Sequence[Known]) -> list[Row]:
    (first, first_progress), *others = known
    left_out = {PRESET} if len({request.method for request, _ in known}) > 1 else set()
    if all(differs.same_set(r, first, first_progress.class_names) for r, _ in others):
        left_out.add("forget")
    return [
        Row(name, label, tuple(field_text(name, getattr(r, name), p) for r, p in known))
        for name, label in differs.LABELS.items()
        if name not in left_out
    ]


def _knobs(request: UnlearnRequest, progress: RunProgress, catalog: Catalog) -> Mapping[str, Any]:
    """Every knob that the run went by; of one that has not begun, what was asked."""
    if progress.provenance is not None and progress.provenance.knobs:
        return progress.provenance.knobs
    card = next((card for card in catalog.methods if card.key == request.method), None)
    return knobs_of(card, request) if card else request.hparams


def _turned(knobs: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Those that at least two runs have."""
    names = dict.fromkeys(name for own in knobs for name in own)
    shared = [name for name in names if sum(name in own for own in knobs) > 1]
    return [
        Row(
            name,
            controls.title(name),
            tuple(controls.value_text(own[name]) if name in own else NOTHING for own in knobs),
        )
        for name in shared
    ]


def _branches(records: Sequence[RunRecord]) -> list[Row]:
    turns = tuple(wording.turn(record) or NOTHING for record in records)
    return [Row(BRANCH, BRANCH, turns)] if len(set(turns)) > 1 else []


def titles(records: Sequence[RunRecord], found: Sequence[Row]) -> list[str]:
    """Of each run the name that somebody gave it, else what sets it apart, else what it is."""
    numbers = shelf.numbers(records)
    return [
        wording.given_name(record) or _apart(found, k) or f"as asked{numbers[record.run_id]}"
        for k, record in enumerate(records)
    ]


def _apart(found: Sequence[Row], k: int) -> str:
    """The first settings that tell it from every other run, each from one more of them."""
    said, alike = [], {*range(len(found[0].values) if found else 0)} - {k}
    for row in sorted(found, key=_weight):
        told = {other for other in alike if row.values[other] != row.values[k]}
        if told and row.values[k] != NOTHING:
            said.append(_said(row, row.values[k]))
            alike -= told
    return ", ".join(said)


def _weight(row: Row) -> int:
    """What a run is about comes first, then knobs, then the circumstances."""
    return 0 if row.name in COMMON else 2 if row.name in differs.LABELS else 1


def _said(row: Row, value: str) -> str:
    if row.name in (METHOD, BRANCH):
        return value
    return f"{row.label[0].lower()}{row.label[1:]} {value}"


def common(records: Sequence[RunRecord], progresses: Sequence[RunProgress]) -> list[str]:
    """What all of them are about, for the line under the heading."""
    known = [
        (record.request, progress)
        for record, progress in zip(records, progresses, strict=True)
        if isinstance(record.request, UnlearnRequest)
    ]
    said = []
    for name in COMMON:
        values = {field_text(name, getattr(request, name), p) for request, p in known}
        if len(known) == len(records) and len(values) == 1:
            said.append(f"{differs.LABELS[name]}: {values.pop()}")
    return said
