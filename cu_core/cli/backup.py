"""``lethe backup``: the whole home folder as one file, while runs go on."""

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from cu_core.cli._verb import Verb
from cu_core.store import Store
from cu_core.store.backup import backup


def counted(done: int, total: int) -> None:
    """Where a person watches."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{done:,} of {total:,} files", end=end, file=sys.stderr, flush=True)


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="to write, a .tar")


def _act(options: Namespace) -> None:
    made = backup(Store(options.home).home, options.file, counted)
    if options.json:
        print(json.dumps({"file": str(options.file), **asdict(made)}))
    else:
        print(f"{options.file}: {made.files:,} files, {made.bytes / 1e6:,.1f} MB")


VERB = Verb("backup", "Write the home folder to one file, with the hash of each.", _act, _options)
