"""``lethe export``: a run as something to keep, in whichever formats there are."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from cu_core.cli._options import plain
from cu_core.cli._verb import Verb, run_argument
from cu_core.errors import BadRequest
from cu_core.files import write_atomic
from cu_core.spec import RunRecord
from cu_core.stage.export import ExportFormat, formats
from cu_core.store import Store


def _options(parser: ArgumentParser) -> None:
    run_argument(parser)
    for key, kind in formats().items():
        parser.add_argument(f"--{key}", type=Path, metavar="FILE", help=plain(kind.help))


def _act(options: Namespace) -> None:
    known = formats()
    given = vars(options)
    asked = {key: given[key.replace("-", "_")] for key in known if given[key.replace("-", "_")]}
    if not asked:
        words = ", ".join(f"--{key} FILE" for key in known)
        raise BadRequest(f"Say what to write the run to: {words}.")
    store = Store(options.home)
    record = store.run(options.run)
    _name_curves(store)
    # All are made before any is written: a refusal leaves no half of what was asked for.
    made = {path: _made(known[key], store, record) for key, path in asked.items()}
    for path, data in made.items():
        write_atomic(path, data)
        if not options.json:
            print(f"{path}: {len(data):,} bytes")
    if options.json:
        print(json.dumps({str(path): len(data) for path, data in made.items()}))


def _name_curves(store: Store) -> None:
    """Curves are named by the catalog, which a home that no app has used lacks."""
    if store.catalog() is None:
        from cu_core.service.catalog import catalog

        store.save_catalog(catalog(store.home))


def _made(kind: ExportFormat, store: Store, record: RunRecord) -> bytes:
    if kind.prepare:
        kind.prepare(store, record)
    return kind.make(store, record)


VERB = Verb("export", "Write a run to a file that plays or computes elsewhere.", _act, _options)
