"""``lethe sequence``: forgetting in stages, each from the model that the last one left."""

import json
import sys
from argparse import ArgumentParser, Namespace

from cu_core.cli._options import add_fields, request_of
from cu_core.cli._print import result
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest, LetheError
from cu_core.spec import RunRecord, UnlearnRequest
from cu_core.store import Store


def _options(parser: ArgumentParser) -> None:
    add_fields(parser, UnlearnRequest, leave=("after",), forget="random:0.1")
    parser.add_argument("--stages", default="5", help="each adds --forget: 0.1, 0.2, ...")
    parser.add_argument("--name", help="what to call the runs")


def _act(options: Namespace) -> int:
    from cu_core.forget import stage_rules
    from cu_core.runs.sequence import forget_in_stages, table

    request = request_of(UnlearnRequest, options)
    rules = stage_rules(request.forget, _whole(options.stages))
    stages = forget_in_stages(Store(options.home), request, rules, options.name or "")
    done: list[RunRecord] = []
    try:
        for record in stages:
            done.append(record)
            if not options.json:
                print(f"{record.run_id}  {record.name}  {record.state}", flush=True)
    except LetheError as failure:
        print(failure, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"stages": [result(record) for record in done]}))
    else:
        print(table(done))
    if done[-1].state == "done" and len(done) == len(rules):
        return 0
    print(
        f"Stage {len(done)} of {len(rules)} was stopped, so the rest was not begun. Run the "
        "command again; trained models are kept.",
        file=sys.stderr,
    )
    return 1


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadRequest(f"--stages must be an integer, got {text!r}.") from None


VERB = Verb("sequence", "Forget in stages, each from the model of the last.", _act, _options)
