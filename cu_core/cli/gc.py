"""``lethe gc``: what may go, how much it is, and its removal."""

import json
from argparse import ArgumentParser, Namespace

from cu_core.cli._print import columns
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest
from cu_core.store import Store
from cu_core.store.leftovers import KINDS, leftovers, remove


def _options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--yes", action="store_true", help="remove it without asking")
    add("--only", action="append", metavar="KIND", help="of what is listed, this kind alone")


def _act(options: Namespace) -> None:
    found = leftovers(Store(options.home).paths)
    wrong = [kind for kind in options.only or () if kind not in KINDS]
    if wrong:
        known = ", ".join(KINDS)
        raise BadRequest(f"No kind of leftover is called {wrong[0]!r}; there are {known}.")
    found = [one for one in found if one.key in (options.only or KINDS)]
    if not options.json and found:
        rows = [[one.key, f"{one.bytes / 1e6:,.1f} MB", one.title] for one in found]
        columns(("kind", "size", "what it is"), rows)
    elif not options.json:
        print("Nothing may go.")
    freed = sum(map(remove, found)) if found and (options.yes or _agreed(options)) else 0
    if options.json:
        told = [{"kind": one.key, "title": one.title, "paths": len(one.paths)} for one in found]
        print(json.dumps({"found": told, "freed": freed}))
    elif freed:
        print(f"{freed / 1e6:,.1f} MB are free again.")


def _agreed(options: Namespace) -> bool:
    if options.json:
        return False  # a program says --yes
    try:
        return input("Remove it? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


VERB = Verb(
    "gc", "Show what may go of the home folder, and remove it if you say so.", _act, _options
)
