"""Runs beside one another as something to keep: one kind of file a module, found by a scan.

``formats()`` gives them by key, the one to watch first; ``beside`` the runs as they are called
where nobody has called them otherwise.
"""

import sys
from collections.abc import Sequence
from functools import cache

from cu_core import registry
from cu_core.comparison.differing import differing
from cu_core.comparison.export._format import Beside, ComparisonFormat
from cu_core.comparison.members import LETTERS
from cu_core.comparison.rows import on_record, rows
from cu_core.comparison.together import Told
from cu_core.spec import Catalog, RunRecord
from cu_core.store import Store

FEW = 2  # settings that a title holds

__all__ = ["Beside", "ComparisonFormat", "beside", "file_name", "formats"]


@cache
def formats() -> dict[str, ComparisonFormat]:
    """Every format by its key. ImportError when two files claim one."""
    found = registry.scan(
        sys.modules[__name__],
        lambda module: [v for v in vars(module).values() if isinstance(v, ComparisonFormat)],
        lambda item: item.key,
        "comparison's format",
    )
    return dict(sorted(found.items(), key=lambda item: not item[1].first))


def beside(store: Store, records: Sequence[RunRecord]) -> list[Beside]:
    """By what sets them apart, where that is little and tells them all apart; else by their titles
    in the list of runs."""
    known, catalog = on_record(store, records), store.catalog() or Catalog()
    listed = rows(known, catalog)
    settings = differing([(one.record, one.progress) for one in known], catalog)
    apart = [
        ", ".join(f"{one.title} {one.values[k]}" for one in settings) for k in range(len(known))
    ]
    alike = len({(row.method, row.forget, row.data) for row in listed}) == 1
    few = alike and len(settings) <= FEW and len(set(apart)) == len(known)
    titles = apart if few else [row.title for row in listed]
    return [
        Beside(record, Told(letter, title))
        for letter, record, title in zip(LETTERS, records, titles, strict=False)
    ]


def file_name(runs: Sequence[object], ending: str) -> str:
    return f"lethe-comparison-of-{len(runs)}-runs{ending}"
