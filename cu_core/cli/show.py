"""``lethe show``: one run in full."""

from argparse import Namespace

from cu_core.cli._print import print_run
from cu_core.cli._verb import Verb, run_argument
from cu_core.store import Store


def _act(options: Namespace) -> None:
    print_run(options, Store(options.home).run(options.run))


VERB = Verb("show", "One run: request, state, results.", _act, run_argument)
