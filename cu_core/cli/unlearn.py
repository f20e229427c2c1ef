"""``lethe unlearn``: one unlearning run, with whatever models it needs."""

from argparse import ArgumentParser, Namespace

from cu_core.cli._options import add_fields, request_of
from cu_core.cli._runs import run
from cu_core.cli._verb import Verb
from cu_core.spec import UnlearnRequest


def _options(parser: ArgumentParser) -> None:
    add_fields(parser, UnlearnRequest)
    parser.add_argument("--name", help="what to call the run")
    parser.add_argument(
        "--exact",
        action="store_true",
        help="ask every image before the verdict; else large sets are asked in part first, and "
        "counted whole in the background",
    )


def _act(options: Namespace) -> int:
    return run(options, request_of(UnlearnRequest, options))


VERB = Verb("unlearn", "Forget something; train what is missing.", _act, _options)
