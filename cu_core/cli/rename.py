"""``lethe rename``: another name for a run; its id stays."""

import json
from argparse import ArgumentParser, Namespace

from cu_core.cli._print import result
from cu_core.cli._verb import Verb, run_argument
from cu_core.store import Store


def _options(parser: ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("name", metavar="NAME", help="what to call the run from now on")


def _act(options: Namespace) -> None:
    store = Store(options.home)
    store.rename(options.run, options.name)
    record = store.run(options.run)
    print(json.dumps(result(record)) if options.json else f"{record.run_id}  {record.name}")


VERB = Verb("rename", "Give a run another name.", _act, _options)
