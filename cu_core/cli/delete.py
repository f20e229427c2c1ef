"""``lethe delete``: a run and its files."""

import json
from argparse import Namespace

from cu_core.cli._verb import Verb, run_argument
from cu_core.store import Store


def _act(options: Namespace) -> None:
    Store(options.home).delete(options.run)
    print(json.dumps({"deleted": options.run}) if options.json else f"{options.run} is deleted.")


VERB = Verb("delete", "Delete a run and its files.", _act, run_argument)
