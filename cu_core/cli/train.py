"""``lethe train``: a model to begin with, or one to compare with."""

from argparse import ArgumentParser, Namespace

from cu_core.cli._options import add_fields, request_of
from cu_core.cli._runs import run
from cu_core.cli._verb import Verb
from cu_core.spec import TrainRequest


def _options(parser: ArgumentParser) -> None:
    add_fields(parser, TrainRequest)


def _act(options: Namespace) -> int:
    return run(options, request_of(TrainRequest, options))


VERB = Verb("train", "Train an original model, or a retrained reference.", _act, _options)
