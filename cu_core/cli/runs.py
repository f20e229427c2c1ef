"""``lethe runs``: what is on record, as a list or as a table in a file."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cu_core.cli._print import result
from cu_core.cli._verb import Verb
from cu_core.files import write_atomic
from cu_core.spec import ACTIVE, MAPPED, RunRecord, trial_of
from cu_core.store import Store, default_name, title
from cu_core.store.patience import low

AS_FILE = ("csv", "parquet")  # options, and functions of comparison.table


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--sweep", metavar="ID", help="the trials of this sweep, and no other runs")
    for ending in AS_FILE:
        parser.add_argument(
            f"--{ending}", metavar="FILE", type=Path,
            help=f"write one row a run as {ending}, with the settings that differ among them",
        )  # fmt: skip


def _act(options: Namespace) -> None:
    store = Store(options.home)
    files = {ending: path for ending in AS_FILE if (path := getattr(options, ending))}
    for fault in (store.paths.read_only, low(store.home)):
        if fault:
            print(fault, file=sys.stderr)
    records = store.trial_runs(options.sweep)[::-1] if options.sweep else _own(store)
    if files:
        _write(store, [r for r in records if r.request is None or r.request.kind in MAPPED], files)
    elif options.json:
        print(json.dumps([result(r) for r in records]))
    else:
        _list(store, records)


def _own(store: Store) -> list[RunRecord]:
    """All but the trials of sweeps."""
    return [record for record in store.runs() if trial_of(record.request) is None]


def _list(store: Store, records: list[RunRecord]) -> None:
    for r in records:
        progress = store.progress(r)
        steps, asked = f"{r.step}/{r.total or '?'}", ""
        if r.request and r.name != default_name(r.request):
            asked = f"  ({default_name(r.request, progress)})"
        print(f"{r.run_id}  {r.state:9} {steps}  {title(r, progress)}{asked}")
        if r.state in ACTIVE and r.message:  # why it does not go on
            print(f"    {r.message}")
    if not records:
        print("No runs yet. Try: python -m cu_core unlearn --forget class:5")


def _write(store: Store, records: list[RunRecord], files: dict[str, Path]) -> None:
    from cu_core.comparison import table
    from cu_core.comparison.differing import differing
    from cu_core.comparison.rows import on_record, rows

    catalog = store.catalog()
    if catalog is None:  # no app has run here yet: the declarations are read anew
        from cu_core.service.catalog import catalog as declared

        catalog = declared(store.home)
    known = on_record(store, records)
    settings = differing([(run.record, run.progress) for run in known], catalog)
    made = table.table(rows(known, catalog), settings)
    for ending, path in files.items():
        write_atomic(path, getattr(table, ending)(made))
        print(f"{path}: {made.num_rows:,} runs, {made.num_columns} columns")


VERB = Verb("runs", "Every run on record, newest first.", _act, _options)
