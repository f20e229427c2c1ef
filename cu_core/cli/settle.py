"""``lethe settle``: the exact figures of a run whose accuracies were read on a part of the images.

Runs from the page and the command line do this by themselves, in the background.
"""

from argparse import Namespace

from cu_core.cli._print import print_run
from cu_core.cli._verb import Verb, run_argument
from cu_core.store import Store


def _act(options: Namespace) -> None:
    from cu_core.runs.settling import settle

    store = Store(options.home)
    settle(store, options.run)
    print_run(options, store.run(options.run))


VERB = Verb("settle", "Count a run's accuracies on every image.", _act, run_argument)
