"""``lethe restore``: a home folder from a backup, checked file by file."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from cu_core.cli._verb import Verb
from cu_core.cli.backup import counted
from cu_core.store.backup import restore
from cu_core.store.paths import home_folder


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="that `lethe backup` wrote")


def _act(options: Namespace) -> None:
    home = home_folder(options.home)
    made = restore(options.file, home, counted)
    if options.json:
        print(json.dumps({"home": str(home), **asdict(made)}))
    else:
        print(f"{home}: {made.files:,} files, {made.bytes / 1e6:,.1f} MB, each as it was.")


VERB = Verb("restore", "Make a home folder of a backup; it must be new or empty.", _act, _options)
