"""One row a run: what it is called, what was asked, what came out, how far from retrained.

A gap that is no wider than that between two retrained seeds is no difference: in an order it counts
as nought, and it is said in words, not ranked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from cu_core.errors import StoreError
from cu_core.metrics.gap import ACCURACIES, COUN
from cu_core.spec import (
    Catalog,
    RunProgress,
    RunRecord,
    UnlearnRequest,
    data_words,
)
from cu_core.store import Labels, Store, forgotten, numbers, title

FEATURES = "rho_linear"
MEAN, MEAN_WITHOUT = "avg_gap", "avg_gap_without_mia"  # fields of a summary
MEANS: Mapping[str, Sequence[str]] = {MEAN_WITHOUT: ACCURACIES, MEAN: COUN}
OWN_LOOP = "a loop of one's own"
NOT_MEASURED = "not measured yet"


class Known(NamedTuple):
    """What is on record of a run."""

    record: RunRecord
    progress: RunProgress
    labels: Labels


@dataclass(frozen=True)
class Row:
    """``values``: UA, RA and TA in percent, rho, by metric; ``gaps``: of these and of the means to
    the retrained model, signed, in points (of rho: its own distance from 0); ``within``: the keys
    whose gap is no wider than the retrained seeds'; ``why``: there is no rho; ``said``: the verdict
    in some ten words, or the sentence of a failure."""

    run_id: str
    title: str
    data: str = ""
    forget: str = ""
    method: str = ""
    values: Mapping[str, float | None] = field(default_factory=dict)
    why: str = ""
    gaps: Mapping[str, float | None] = field(default_factory=dict)
    within: frozenset[str] = frozenset()
    seconds: float | None = None
    state: str = "damaged"
    created: float = 0.0  # seconds since the epoch
    tags: tuple[str, ...] = ()
    note: str = ""
    said: str = ""

    def distance(self, key: str) -> float | None:
        """How far from retrained, for orders and colours: 0 within the seeds; None: not known."""
        gap = self.gaps.get(key)
        return None if gap is None else 0.0 if key in self.within else abs(gap)


def on_record(store: Store, records: Sequence[RunRecord]) -> list[Known]:
    """What the store knows of each of these runs; labels that cannot be read are said as a note."""
    return [_known(store, record) for record in records]


def rows(runs: Sequence[Known], catalog: Catalog) -> list[Row]:
    """One a run, in the same order; no two have the same title."""
    oldest_first = sorted(runs, key=lambda run: (run.record.created, run.record.run_id))
    called = {run.record.run_id: title(run.record, run.progress) for run in oldest_first}
    number, methods = numbers(called), {card.key: card.title for card in catalog.methods}
    return [
        _row(run, called[run.record.run_id] + number[run.record.run_id], methods) for run in runs
    ]


def found(
    rows: Sequence[Row],
    text: str = "",
    data: Collection[str] = (),
    method: Collection[str] = (),
    state: Collection[str] = (),
    tag: Collection[str] = (),
) -> list[Row]:
    """Those with every word of ``text`` in title, tags or note, and with one of each collection
    that is not empty."""
    words = text.casefold().split()
    return [
        row
        for row in rows
        if all(word in " ".join((row.title, *row.tags, row.note)).casefold() for word in words)
        and (not data or row.data in data)
        and (not method or row.method in method)
        and (not state or row.state in state)
        and (not tag or set(row.tags) & set(tag))
    ]


def _known(store: Store, record: RunRecord) -> Known:
    progress = RunProgress()
    with suppress(StoreError):  # the record has its sentence, or is about to
        progress = store.progress(record)
    try:
        labels = store.labels(record.run_id)
    except StoreError as damage:
        labels = Labels(note=str(damage))
    return Known(record, progress, labels)


def _row(run: Known, title: str, methods: Mapping[str, str]) -> Row:
    (record, progress, labels), request = run, run.record.request
    summary = record.summary
    asked = request if isinstance(request, UnlearnRequest) else None
    method = asked.method if asked else OWN_LOOP if record.is_watched else ""
    return Row(
        run_id=record.run_id,
        title=title,
        data=data_words(request.data) if request else "",
        forget=forgotten(asked.forget, progress) if asked else "",
        method=methods.get(method, method),
        values={key: summary.metrics.get(key) for key in (*ACCURACIES, FEATURES)},
        why=summary.reasons.get(FEATURES, "" if summary else NOT_MEASURED),
        gaps=_gaps(record),
        within=_within(record),
        seconds=summary.seconds.get("step"),
        state=record.state,
        created=record.created,
        tags=labels.tags,
        note=labels.note,
        said=summary.headline or record.message,
    )


def _gaps(record: RunRecord) -> dict[str, float | None]:
    summary = record.summary
    own = {key: summary.gap.get(key) for key in ACCURACIES}
    means = {key: getattr(summary, key) for key in MEANS}
    return own | means | {FEATURES: summary.metrics.get(FEATURES)}


def _within(record: RunRecord) -> frozenset[str]:
    """A mean is within the seeds where each of its parts is: it must not hide one that is not."""
    marks = record.summary.inside
    means = {key for key, parts in MEANS.items() if all(marks.get(part) for part in parts)}
    return frozenset(means | {key for key in (*ACCURACIES, FEATURES) if marks.get(key)})
