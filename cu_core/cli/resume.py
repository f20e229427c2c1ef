"""``lethe resume``: a run that was stopped, failed or lost its process goes on."""

from argparse import Namespace

from cu_core.cli._runs import finish
from cu_core.cli._verb import Verb, run_argument
from cu_core.store import RESUMABLE, Store


def _act(options: Namespace) -> int:
    store = Store(options.home)
    return finish(options, store, store.claim_run(options.run, ("queued", *RESUMABLE)))


VERB = Verb("resume", "Take up a lost, stopped or failed run.", _act, run_argument)
