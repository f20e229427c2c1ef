"""What a file of this folder declares to be a verb: ``VERB = Verb(...)``."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


def no_options(parser: ArgumentParser) -> None:
    """Of a verb that has none but --home and --json, which all have."""


@dataclass(frozen=True)
class Verb:
    """One word of the command line.

    ``options(parser)`` adds what it takes beside --home and --json, and is called only when the
    verb is used. ``act(options)`` does it and returns the exit code, None for 0; a LetheError that
    it raises is printed, with exit code 2. Its file is imported at every start, so it imports what
    needs torch inside of ``act``.
    """

    name: str
    help: str  # a sentence
    act: Callable[[Namespace], int | None]
    options: Callable[[ArgumentParser], None] = no_options


def run_argument(parser: ArgumentParser) -> None:
    """RUN, for the verbs that are about one run."""
    parser.add_argument("run", metavar="RUN", help="a run's id, see `lethe runs`")
