"""How a run is printed: as JSON for machines, as a table for people."""

import json
from argparse import Namespace
from typing import Any

from cu_core.files import sources_hash
from cu_core.spec import RunRecord


def print_run(options: Namespace, record: RunRecord) -> None:
    if options.json:
        print(json.dumps(result(record)))
    else:
        _table(record)


def result(record: RunRecord) -> dict[str, Any]:
    """What ``unlearn --json`` prints: the record's summary with its id, state and request."""
    request = record.request.model_dump() if record.request else None
    return {
        "run_id": record.run_id,
        "name": record.name,
        "state": record.state,
        "message": record.message,
        **record.summary.written,
        "request": request,
    }


def _table(record: RunRecord) -> None:
    summary = record.summary
    print(f"{record.run_id}  {record.state}  {record.message}".rstrip())
    print(record.headline)
    if summary.provenance and (note := summary.provenance.other_sources(sources_hash())):
        print(note)
    columns = ("metrics", "original", "retrained", "gap")
    if not summary.metrics:
        return
    print(f"{'':32}{'unlearned':>12}{'original':>12}{'retrained':>12}{'gap':>12}")
    inside = summary.inside
    for key in summary.metrics:
        cells = [(getattr(summary, column) or {}).get(key) for column in columns]
        line = "".join(f"{'-' if c is None else f'{c:.3g}':>12}" for c in cells)
        print(f"{key:32}{line}" + " *" * inside.get(key, False))
    if any(inside.values()):
        seeds = len(summary.retrained_seeds)
        print(f"* no further from retrained than {seeds} retrained seeds are from each other")
    for key, reason in summary.reasons.items():
        print(f"{key}: {reason}")
