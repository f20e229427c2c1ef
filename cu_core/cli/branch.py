"""``lethe branch``: a run goes on from one of its steps otherwise, as a run of its own."""

from argparse import ArgumentParser, Namespace

from cu_core.cli._options import parse_knobs
from cu_core.cli._runs import run
from cu_core.cli._verb import Verb, run_argument
from cu_core.errors import BadRequest
from cu_core.spec import UnlearnRequest, option_of
from cu_core.store import Store
from cu_core.store.branches import COURSE

SETTINGS = ("method", "preset", *COURSE, "hparams")  # of the request, what a branch may change


def _options(parser: ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("--step", required=True, help="from where: 0, or any step it has made")
    for name in SETTINGS:
        flag = option_of(UnlearnRequest, name)
        if name == "hparams":
            parser.add_argument(
                flag, dest=name, action="append", metavar="KNOB=VALUE", default=[],
                help="a knob that is turned there",
            )  # fmt: skip
        else:
            parser.add_argument(flag, dest=name, help=f"another {name.replace('_', ' ')}")
    parser.add_argument("--name", help="what to call the branch")
    parser.add_argument("--exact", action="store_true", help="as `unlearn` has it")


def _act(options: Namespace) -> int:
    try:
        step = int(options.step)
    except ValueError:
        raise BadRequest(f"--step must be an integer, got {options.step!r}.") from None
    given = {
        name: getattr(options, name) for name in SETTINGS if getattr(options, name) is not None
    }
    given["hparams"] = parse_knobs(options.hparams)
    return run(options, Store(options.home).branch(options.run, step, **given))


VERB = Verb("branch", "Go on from a step of a run with other settings.", _act, _options)
