"""How a run is printed: as JSON for machines, as a table for people."""

import json
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from cu_core.files import sources_hash
from cu_core.spec import HALVES, RunRecord, trial_of


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


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for people: words to the left, numbers to the right."""
    lines = [heads, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    right = [all(row[i][:1].isdigit() for row in rows) and i > 0 for i in range(len(heads))]
    for line in lines:
        cells = zip(line, widths, right, strict=True)
        print("  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in cells).rstrip())


def _table(record: RunRecord) -> None:
    from cu_core.metrics import all_metrics

    summary, quiet = record.summary, {key for key, m in all_metrics().items() if m.quiet}
    print(f"{record.run_id}  {record.state}  {record.message}".rstrip())
    if record.made_by and record.state != "damaged":  # which says so itself
        print(record.made_by)
    print("\n".join(said for said in (summary.headline, summary.verdict) if said))
    if summary.provenance and (note := summary.provenance.other_sources(sources_hash())):
        print(note)
    facts = summary.forget
    if facts.n_points:
        drawn = f"{facts.n_drawn:,} and {facts.n_points - facts.n_drawn:,} of them on the map"
        print(f"{facts.n_forget:,} to forget, {facts.n_retain:,} to keep; {drawn}")
    for said in summary.notes:
        print(said)
    columns = ("metrics", "original", "retrained", "gap")
    if not summary.metrics:
        return
    print(f"{'':32}{'unlearned':>12}{'original':>12}{'retrained':>12}{'gap':>12}")
    inside = summary.inside
    for key in summary.metrics:
        cells = [(getattr(summary, column) or {}).get(key) for column in columns]
        if key in HALVES or (key in quiet and cells == [None] * len(columns)):
            continue
        signs = ("", "", "", "+")  # a gap says which way
        told = ["-" if c is None else f"{c:{s}.3g}" for c, s in zip(cells, signs, strict=True)]
        line = "".join(f"{each:>12}" for each in told)
        print(f"{key:32}{line}" + " *" * inside.get(key, False))
    of_trial = trial_of(record.request) is not None
    for said in summary.remarks({}, of_trial):  # by the keys that the table has
        print(said)
    if any(inside.values()):
        seeds = len(summary.retrained_seeds)
        print(f"* no further from retrained than {seeds} retrained seeds are from each other")
    for key, reason in summary.reasons.items():
        if key not in quiet:
            print(f"{key}: {reason}")
