"""A run as it is told on paper: its three lengths of verdict, what it was asked, what it lacks.

Read by everything that leaves the app to be read: the sheet of paper and the page. It is made of
what is on record, so its figures are the record's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cu_core import __version__
from cu_core.errors import StoreError
from cu_core.spec import (
    Catalog,
    RunProgress,
    RunRecord,
    Summary,
    UnlearnRequest,
    data_words,
    model_words,
)  # fmt: skip
from cu_core.spec.settings import title as knob_title
from cu_core.spec.settings import value_text, words
from cu_core.stage import numbers
from cu_core.stage.limits import limits
from cu_core.store import Store, forgotten, title


@dataclass(frozen=True)
class Account:
    """``headline``: ten words, "" of an older record; ``sentence``: the whole verdict; ``tiles``,
    ``rows``: as ``numbers`` has them; ``facts``: what was asked for, by name; ``knobs``: of the
    method, every one; ``date``: of the run, UTC; ``versions``: of what computed it."""

    title: str
    headline: str
    sentence: str
    tiles: tuple[numbers.Tile, ...]
    rows: tuple[numbers.Row, ...]
    small_print: str
    limits: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    knobs: str
    command: str
    date: str
    versions: str
    steps: int


def account(store: Store, record: RunRecord) -> Account:
    """StoreError where the run has not come to a verdict."""
    summary = record.summary
    if not summary.verdict:
        raise StoreError(
            f"Run {record.run_id} has no verdict to put on paper; it is {record.state}. A run "
            "has one when it is done or stopped."
        )
    progress, catalog = store.progress(record), store.catalog() or Catalog()
    made = datetime.fromtimestamp(record.created, UTC)
    return Account(
        title=title(record, progress),
        headline=summary.headline,
        sentence=summary.verdict,
        tiles=tuple(numbers.tiles(catalog.metrics, summary, summary.counts)),
        rows=tuple(numbers.rows(catalog.metrics, summary, progress.class_names)),
        small_print=numbers.small_print(summary),
        limits=tuple(limits(record, summary)),
        facts=tuple((name, text) for name, text in _facts(record, progress, catalog) if text),
        knobs=_knobs(record, summary),
        command=record.command,
        date=f"{made.day} {made:%B %Y}",
        versions=_versions(summary),
        steps=summary.steps,
    )


def _facts(record: RunRecord, progress: RunProgress, catalog: Catalog) -> Iterator[tuple[str, str]]:
    request, summary = record.request, record.summary
    if request is None:
        return
    yield "Data", data_words(request.data)
    yield "Network", model_words(getattr(request, "model", ""))
    forget = summary.forget if summary.forget.n_forget else progress.forget
    ours = request if isinstance(request, UnlearnRequest) else None
    rule = forgotten(ours.forget, progress) if ours else ""
    yield "To forget", ", ".join(part for part in (rule, _images(forget.n_forget)) if part)
    yield "To keep", _images(forget.n_retain)
    if ours:
        named = {card.key: card.title for card in catalog.methods}
        before = (f"{named.get(leg.method, leg.method)} to {leg.until:,}" for leg in ours.first)
        yield "Method", named.get(ours.method, ours.method)
        yield "Before that", ", ".join(before)
        yield "Preset", ours.preset or ""
        yield "Seed", f"{ours.seed}"
    yield "Updates", f"{summary.steps:,}" if summary.steps else ""
    yield "Computed on", summary.device


def _images(n: int) -> str:
    return f"{n:,} image{'s' * (n != 1)}" if n else ""


def _knobs(record: RunRecord, summary: Summary) -> str:
    """ "Learning rate 0.01, epochs 3": as they were resolved, else as they were asked for."""
    asked = getattr(record.request, "hparams", {})
    found = summary.provenance.knobs if summary.provenance else asked
    said = [f"{words(name)} {value_text(value)}" for name, value in found.items()]
    if not said:
        return ""
    first = next(iter(found))
    return ", ".join([f"{knob_title(first)} {value_text(found[first])}", *said[1:]])


def _versions(summary: Summary) -> str:
    known = [f"{name} {version}" for name, version in summary.versions.items()]
    return ", ".join([f"Lethe {__version__}", *known])
