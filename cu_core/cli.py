"""The command line: the same requests as the page, the same runs, no browser.

Exit code 0 when the work ended, 2 and one sentence for a request that cannot run, 1 when a run
failed. ``--json`` prints one JSON object (or list) on standard output and nothing else there.
"""

import argparse
import json
import os
import sys
from typing import Any

from pydantic import ValidationError

from cu_core.errors import BadRequest, Cancelled, LetheError, explain
from cu_core.spec import FetchRequest, Request, RunRecord, TrainRequest, UnlearnRequest
from cu_core.store import ClaimedRun, Store

TRAINED = ("id", "kind", "architecture", "head", "dataset", "forget", "accuracy", "name")


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        code: int | None = options.act(options)
        return code or 0
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except BadRequest as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except LetheError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cu_core", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, act: Any, help: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=help, description=help)
        sub.add_argument("--home", help="where runs and models live (else $LETHE_HOME, ~/.lethe)")
        sub.add_argument("--json", action="store_true", help="print JSON and nothing else")
        sub.set_defaults(act=act)
        return sub

    verb("list", _list, "Methods, presets, metrics, networks, data sets and trained models.")
    _model_options(verb("train", _train, "Train an original model, or a retrained reference."))
    unlearn = verb("unlearn", _unlearn, "Forget something; train what is missing.")
    _unlearn_options(unlearn)
    unlearn.add_argument("--after", help="the part of --forget that --original forgot before")
    stages = verb("sequence", _sequence, "Forget in stages, each from the model of the last.")
    _unlearn_options(stages)
    stages.add_argument("--stages", type=int, default=5, help="each adds --forget: 0.1, 0.2, ...")
    stages.set_defaults(forget="random:0.1")
    verb("resume", _resume, "Take up a lost or stopped run.").add_argument("run")
    verb("runs", _runs, "Every run on record, newest first.")
    verb("show", _show, "One run: request, state, results.").add_argument("run")
    verb("fetch", _fetch, "Download a torchvision set.").add_argument("dataset")
    return parser


def _model_options(sub: argparse.ArgumentParser, forget: str | None = None) -> None:
    sub.add_argument("--dataset", default="digits", help="digits, parquet:PATH, folder:PATH, ...")
    sub.add_argument("--model", default="small-cnn")
    sub.add_argument("--head", default="plain", help="plain, or normalised (ResNets, VGG, ViT)")
    sub.add_argument("--forget", default=forget, help="class:5, class:3,5, random:0.1, ...")
    sub.add_argument("--seed", type=int, default=0, help="of the run; of the training in `train`")
    sub.add_argument("--epochs", type=int, dest="train_epochs", help="of training")
    sub.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    precision = "float32, bfloat16, or auto: whichever this machine is faster with, measured once"
    sub.add_argument("--precision", default="auto", help=precision)


def _unlearn_options(sub: argparse.ArgumentParser) -> None:
    _model_options(sub, forget="class:5")
    sub.add_argument("--model-seed", type=int, default=0, help="seed the models are trained with")
    sub.add_argument("--original", help="id of a cached model to start from")
    sub.add_argument("--method", default="contrastive")
    sub.add_argument("--preset", help="a named set of knobs, see `list`")
    sub.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", dest="knobs")
    sub.add_argument("--every", type=int, help="steps between snapshots (default: 24 to 60 a run)")
    sub.add_argument("--max-steps", type=int)
    sub.add_argument("--stop-rule", default="none", help="none, class-accuracy, sample-accuracy")
    sub.add_argument("--probe-size", type=int, default=2000)
    sub.add_argument("--no-reference", action="store_false", dest="reference")
    sub.add_argument("--name", help="what to call the run")


def parse_knobs(pairs: list[str]) -> dict[str, Any]:
    """``["temperature=0.5"]`` -> {"temperature": 0.5}. BadRequest names the malformed one."""
    knobs: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise BadRequest(f"--set takes KNOB=VALUE, got {pair!r}.")
        try:
            knobs[name] = json.loads(text)
        except json.JSONDecodeError:
            knobs[name] = text
    return knobs


def _request(cls: type[Any], options: argparse.Namespace, **more: Any) -> Any:
    """The pydantic request made of the options it has a field for."""
    given = {k: v for k, v in vars(options).items() if k in cls.model_fields}
    try:
        return cls(**{**given, **more})
    except ValidationError as error:
        raise BadRequest(explain(error, cls.__name__.removesuffix("Request").lower())) from None


def _run(options: argparse.Namespace, request: Request) -> int:
    from cu_core.runs.execute import check

    store = Store(options.home)
    check(store, request)  # a request that cannot run leaves no run behind
    run_id = store.enqueue(request, name=getattr(options, "name", None))
    return _finish(options, store, store.claim_run(run_id))


def _finish(options: argparse.Namespace, store: Store, claimed: ClaimedRun) -> int:
    from cu_core.runs.execute import execute

    run_id = claimed.run_id
    try:
        execute(store, claimed)
    except (Cancelled, KeyboardInterrupt):
        print(f"Stopped. Resume with: python -m cu_core resume {run_id}", file=sys.stderr)
    record = store.run(run_id)
    if options.json:
        print(json.dumps(result(record)))
    else:
        _tell(record)
    return 0


def result(record: RunRecord) -> dict[str, Any]:
    """What ``unlearn --json`` prints: the record's summary with its id, state and request."""
    request = record.request.model_dump() if record.request else None
    return {
        "run_id": record.run_id,
        "name": record.name,
        "state": record.state,
        "message": record.message,
        **record.summary.written,
        "request": request,
    }


def _tell(record: RunRecord) -> None:
    summary = record.summary
    print(f"{record.run_id}  {record.state}  {record.message}".rstrip())
    print(summary.verdict)
    columns = ("metrics", "original", "retrained", "gap")
    if not summary.metrics:
        return
    print(f"{'':32}{'unlearned':>12}{'original':>12}{'retrained':>12}{'gap':>12}")
    inside = summary.inside
    for key in summary.metrics:
        cells = [(getattr(summary, column) or {}).get(key) for column in columns]
        line = "".join(f"{'-' if c is None else f'{c:.3g}':>12}" for c in cells)
        print(f"{key:32}{line}" + " *" * inside.get(key, False))
    if any(inside.values()):
        seeds = len(summary.retrained_seeds)
        print(f"* no further from retrained than {seeds} retrained seeds are from each other")
    for key, reason in summary.reasons.items():
        print(f"{key}: {reason}")


def _unlearn(options: argparse.Namespace) -> int:
    return _run(options, _request(UnlearnRequest, options, hparams=parse_knobs(options.knobs)))


def _sequence(options: argparse.Namespace) -> int:
    from cu_core.forget import stage_rules
    from cu_core.runs.sequence import forget_in_stages, table

    store, done = Store(options.home), []
    request = _request(UnlearnRequest, options, hparams=parse_knobs(options.knobs))
    rules = stage_rules(options.forget, options.stages)
    for record in forget_in_stages(store, request, rules, options.name or ""):
        done.append(record)
        if not options.json:
            print(f"{record.run_id}  {record.name}  {record.state}", flush=True)
    if options.json:
        print(json.dumps({"stages": [result(record) for record in done]}))
    else:
        print(table(done))
    if done[-1].state != "done" or len(done) < len(rules):
        print(
            f"Stage {len(done)} of {len(rules)} was stopped, so the rest was not begun. Run the "
            "command again; trained models are kept.",
            file=sys.stderr,
        )
        return 1
    return 0


def _train(options: argparse.Namespace) -> int:
    return _run(options, _request(TrainRequest, options, model_seed=options.seed))


def _fetch(options: argparse.Namespace) -> int:
    return _run(options, FetchRequest(dataset=options.dataset))


def _resume(options: argparse.Namespace) -> int:
    store = Store(options.home)
    claimed = store.claim_run(options.run, ("queued", "lost", "stopped", "failed"))
    return _finish(options, store, claimed)


def _runs(options: argparse.Namespace) -> None:
    records = Store(options.home).runs()
    if options.json:
        print(json.dumps([result(r) for r in records]))
        return
    for r in records:
        what = getattr(r.request, "forget", None) or getattr(r.request, "dataset", "")
        print(f"{r.run_id}  {r.state:9} {r.step}/{r.total}  {what}  {r.name}")
    if not records:
        print("No runs yet. Try: python -m cu_core unlearn --forget class:5")


def _show(options: argparse.Namespace) -> None:
    record = Store(options.home).run(options.run)
    if options.json:
        print(json.dumps(result(record)))
    else:
        _tell(record)


def _list(options: argparse.Namespace) -> None:
    from cu_core.service.catalog import catalog

    store = Store(options.home)
    trained = [record.model_dump(include=set(TRAINED)) for record in store.models()]
    shelf = catalog(store.home).model_dump() | {"trained": trained}
    if options.json:
        print(json.dumps(shelf))
        return
    for group in ("methods", "models", "datasets", "metrics"):
        print(f"{group}:")
        for card in shelf[group]:
            print(f"  {card['key']:18} {card['title']}")
            for knob in card.get("knobs", []):
                span = knob["options"] or [knob["low"], knob["high"]]
                print(f"      --set {knob['name']}={knob['default']}  {span}  {knob['help']}")
            if card.get("presets"):
                print(f"      --preset {', '.join(card['presets'])}")
    print("trained models, for --original:")
    for record in trained:
        without = f", {record['kind']}: {record['forget']}" if record["forget"] else ""
        print(f"  {record['id']}  {record['architecture']} on {record['dataset']}{without}")
