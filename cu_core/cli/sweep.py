"""``lethe sweep``: many runs of one request with other knobs, begun, followed, moved on."""

import json
import sys
import time
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cu_core.cli._options import plain
from cu_core.cli._sweeps import (
    ENDED,
    INTERRUPTED,
    POLL_S,
    counted,
    follow,
    print_sweep,
    sweep_json,
)
from cu_core.cli._verb import Verb
from cu_core.errors import BadRequest
from cu_core.service import spawn
from cu_core.spec import SweepRequest
from cu_core.store import Store
from cu_core.store.sweeps import SweepVerb

ANSWER_S = 60.0  # what the owner of a sweep may take to come to its work and answer


def _options(parser: ArgumentParser) -> None:
    from cu_core.sweeps.file import AXES, EXAMPLE

    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def add(name: str, help: str, act: Callable[[Namespace], int | None]) -> ArgumentParser:
        one: ArgumentParser = actions.add_parser(
            name, help=help, description=help, formatter_class=RawDescriptionHelpFormatter
        )
        one.add_argument("--home", default=SUPPRESS, help="where runs and models live")
        one.add_argument(
            "--json", action="store_true", default=SUPPRESS, help="print JSON and nothing else"
        )
        one.set_defaults(act=act)
        if name not in ("start", "list"):
            one.add_argument("sweep", metavar="ID", help="a sweep's id, see `lethe sweep list`")
        return one

    start = add("start", "Begin the sweep that a YAML file asks for.", _start)
    start.epilog = plain(f"FILE, for example:\n\n{EXAMPLE}\n\n{AXES}\n")
    start.add_argument("file", metavar="FILE", type=Path, help="what to sweep, see below")
    start.add_argument("--name", default="", help="what to call the sweep")
    start.add_argument("--wait", action="store_true", help="follow it to its end")
    add("stop", "End it; what runs keeps its checkpoint.", _command("stop"))
    more = add("more", "Try so many more settings.", _command("more"))
    more.add_argument("number", metavar="N", type=int, help="how many")
    add("resume", "Take up a stopped or lost sweep, and its runs.", _command("resume"))
    add("confirm", "Give the trials on the front three seeds each.", _command("confirm"))
    add("show", "Its trials, and where it stands.", _show)
    add("list", "Every sweep on record, newest first.", _list)


def _start(options: Namespace) -> int:
    from cu_core.sweeps.file import request_in

    store = Store(options.home)
    request = _checked(store, request_in(options.file))
    sweep_id = store.new_sweep(request, options.name)
    spawn.lead(store, sweep_id)
    if not options.wait:
        if options.json:
            print_sweep(options, store.sweep(sweep_id))
        else:
            print(f"{sweep_id}  {store.sweep(sweep_id).name}")
        return 0
    record = follow(store, sweep_id)
    if record is None:
        return INTERRUPTED
    print_sweep(options, record)
    return 0 if record.state in ("done", "stopped") else 1


def _checked(store: Store, request: SweepRequest) -> SweepRequest:
    """Refuses, with a sentence, what no trial could be made of; says what may not do what is
    expected of it. The owner reads the methods from the catalog, which is written here."""
    from cu_core.runs.execute import check as check_run
    from cu_core.runs.originals import complete
    from cu_core.service.catalog import catalog
    from cu_core.sweeps.axes import check, tried
    from cu_core.sweeps.owner import executor_named

    offered = catalog(store.home)
    executor_named(request.executor)
    check(request, {card.key: card for card in offered.methods})
    request = request.model_copy(update={"base": complete(store, request.base)})
    told: dict[str, None] = {}
    for key in tried(request):
        one = request.base.model_copy(update={"method": key})
        told |= dict.fromkeys(check_run(store, one))
    for note in told:
        print(note, file=sys.stderr)
    store.save_catalog(offered)
    return request


def _command(verb: SweepVerb) -> Callable[[Namespace], int]:
    def act(options: Namespace) -> int:
        store = Store(options.home)
        record = store.sweep(options.sweep)
        if verb == "stop" and record.state in ENDED and not store.is_owned(options.sweep):
            return _answer(options, store, f"The sweep is {record.state} already.")
        given = store.sweep_command(options.sweep, verb, getattr(options, "number", None))
        spawn.lead(store, options.sweep)
        deadline = time.monotonic() + ANSWER_S
        while (note := store.acknowledged(given)) is None and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if note:
            raise BadRequest(note)
        late = "It is asked for, and not answered yet: see it with `lethe sweep show`."
        return _answer(options, store, late if note is None else "")

    return act


def _answer(options: Namespace, store: Store, note: str) -> int:
    record = store.sweep(options.sweep)
    if options.json:
        print(json.dumps(sweep_json(record) | {"note": note}))
    else:
        print(f"{record.sweep_id}  {record.state}  {note or counted(record)}")
    return 0


def _show(options: Namespace) -> None:
    print_sweep(options, Store(options.home).sweep(options.sweep))


def _list(options: Namespace) -> None:
    records = Store(options.home).sweeps()
    if options.json:
        print(json.dumps([_brief(sweep_json(record)) for record in records]))
        return
    for record in records:
        print(f"{record.sweep_id}  {record.state:8} {counted(record)}  {record.name}")
    if not records:
        print("No sweeps yet. Try: python -m cu_core sweep start FILE.yaml")


def _brief(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("trials", "request")}


VERB = Verb("sweep", "Many runs of one request with other knobs.", lambda options: None, _options)
