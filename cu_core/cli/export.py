"""``lethe export``: a run as something to keep, in whichever formats there are."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from cu_core.cli._verb import Verb, run_argument
from cu_core.errors import BadRequest
from cu_core.files import write_atomic
from cu_core.spec import RunRecord
from cu_core.store import Store


def _formats() -> dict[str, tuple[str, Callable[[Store, RunRecord], bytes]]]:
    """Key -> what it is, and what makes the file."""
    from cu_core.stage import export

    page = "one HTML file that plays anywhere and loads nothing"
    return {"html": (page, lambda store, record: export.page(store, record.run_id))}


def _options(parser: ArgumentParser) -> None:
    run_argument(parser)
    for key, (help, _) in _formats().items():
        parser.add_argument(f"--{key}", type=Path, metavar="FILE", help=help)


def _act(options: Namespace) -> None:
    known = _formats()
    asked = {key: getattr(options, key) for key in known if getattr(options, key)}
    if not asked:
        words = ", ".join(f"--{key} FILE" for key in known)
        raise BadRequest(f"Say what to write the run to: {words}.")
    store = Store(options.home)
    record = store.run(options.run)
    # All are made before any is written: a refusal leaves no half of what was asked for.
    made = {path: known[key][1](store, record) for key, path in asked.items()}
    for path, data in made.items():
        write_atomic(path, data)
        if not options.json:
            print(f"{path}: {len(data):,} bytes")
    if options.json:
        print(json.dumps({str(path): len(data) for path, data in made.items()}))


VERB = Verb("export", "Write a run to a file that plays or computes elsewhere.", _act, _options)
