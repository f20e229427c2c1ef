"""``lethe fetch``: the only thing that ever downloads, and only what it is told to."""

from argparse import ArgumentParser, Namespace

from cu_core.cli._options import request_of
from cu_core.cli._runs import run
from cu_core.cli._verb import Verb
from cu_core.spec import FetchRequest


def _options(parser: ArgumentParser) -> None:
    told = FetchRequest.model_fields["dataset"].description
    parser.add_argument("dataset", metavar="NAME", help=told)


def _act(options: Namespace) -> int:
    return run(options, request_of(FetchRequest, options))


VERB = Verb("fetch", "Download a data set.", _act, _options)
