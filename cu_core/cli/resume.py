"""``lethe resume``: a run that was stopped, failed or lost its process goes on.

One that another process is at work on is waited for, and its result printed.
"""

from argparse import Namespace

from cu_core.cli._runs import take_up
from cu_core.cli._verb import Verb, run_argument


def _act(options: Namespace) -> int:
    return take_up(options, options.run)


VERB = Verb("resume", "Take up a lost, stopped or failed run.", _act, run_argument)
