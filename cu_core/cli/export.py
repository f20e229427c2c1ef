"""``lethe export``: a run, or several beside one another, as something to keep, in whichever
formats there are."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cu_core.cli._options import plain
from cu_core.cli._verb import Verb
from cu_core.comparison import export as beside
from cu_core.comparison.members import MOST, members
from cu_core.errors import BadRequest
from cu_core.files import write_atomic
from cu_core.spec import RunRecord
from cu_core.stage.export import ExportFormat, Order, formats
from cu_core.stage.moment import Moment
from cu_core.store import Store

MOMENT = "what a file that shows the run opens on, such as 'step=31 colour=true only=5'"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", help="a run's id, see `lethe runs`; or two to six"
    )
    of_one, of_several = formats(), beside.formats()
    for key in dict.fromkeys((*of_one, *of_several)):
        both = [kinds[key].help for kinds in (of_one, of_several) if key in kinds]
        help_ = both[0] if key in of_one else f"Of several runs: {both[0]}"
        parser.add_argument(f"--{key}", type=Path, metavar="FILE", help=plain(help_))
    parser.add_argument("--moment", default="", metavar="WORDS", help=MOMENT)


def _act(options: Namespace) -> int | None:
    store = Store(options.home)
    makers = _of_one(store, options) if len(options.runs) == 1 else _of_several(store, options)
    # All are made before any is written: a refusal leaves no half of what was asked for.
    try:
        made = {path: make() for path, make in makers.items()}
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        return 1
    for path, data in made.items():
        write_atomic(path, data)
        if not options.json:
            print(f"{path}: {len(data):,} bytes")
    if options.json:
        print(json.dumps({str(path): len(data) for path, data in made.items()}))
    return None


def _of_one(store: Store, options: Namespace) -> dict[Path, Callable[[], bytes]]:
    known = formats()
    asked = _asked(options, known, beside.formats(), "one run; name two to six")
    opens = Moment.parse(options.moment).opens
    record = store.run(options.runs[0])
    _name_curves(store)
    return {path: partial(_made, known[key], store, record, opens) for key, path in asked.items()}


def _of_several(store: Store, options: Namespace) -> dict[Path, Callable[[], bytes]]:
    known = beside.formats()
    asked = _asked(options, known, formats(), "several runs; name one")
    if options.moment:
        raise BadRequest("--moment is of one run; a comparison opens as its address says.")
    found = members(store, options.runs)
    if found.said or len(found.runs) < 2:
        why = " ".join(found.said) or f"Two to {MOST} different runs stand beside one another."
        raise BadRequest(why)
    _name_curves(store)
    runs = beside.beside(store, found.runs)
    return {path: partial(known[key].make, store, runs) for key, path in asked.items()}


def _asked(
    options: Namespace, known: Mapping[str, object], others: Mapping[str, object], of: str
) -> dict[str, Path]:
    """Files by format. BadRequest without one, and for one that is not made ``of`` these."""
    given = {key: vars(options)[key.replace("-", "_")] for key in (*known, *others)}
    for key, path in given.items():
        if path and key not in known:
            raise BadRequest(f"--{key} is not made of {of}.")
    asked = {key: path for key, path in given.items() if path}
    if not asked:
        words = ", ".join(f"--{key} FILE" for key in known)
        raise BadRequest(f"Say what to write the run to: {words}.")
    return asked


def _name_curves(store: Store) -> None:
    """Curves are named by the catalog, which a home that no app has used lacks."""
    if store.catalog() is None:
        from cu_core.service.catalog import catalog

        store.save_catalog(catalog(store.home))


def _made(kind: ExportFormat, store: Store, record: RunRecord, opens: dict[str, Any]) -> bytes:
    if kind.prepare:
        kind.prepare(store, record)
    watched = kind.slow and sys.stderr.isatty()
    order = Order(opens, _told(kind)) if watched else Order(opens)
    try:
        return kind.make(store, record, order)
    finally:
        if watched:
            print(file=sys.stderr)


def _told(kind: ExportFormat) -> Callable[[int, int], None]:
    """Says how far a file is, on one line of the terminal."""

    def tick(done: int, total: int) -> None:
        said = f"{kind.noun}: {kind.counts} {done:,} of {total:,}"
        print(f"\r{said}", end="", file=sys.stderr, flush=True)

    return tick


VERB = Verb("export", "Write a run to a file that plays or computes elsewhere.", _act, _options)
