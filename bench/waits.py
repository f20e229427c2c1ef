"""What a person waits for around a run, from the command to the verdict, in one table.

    python -m bench waits --cifar DIR        (else the rows of digits alone; --rows for some)

Every command is a process of its own, as a person would start it; times are those of a monotonic
clock outside of it. A first picture is the first snapshot on record, a verdict the end of the
command; the next command starts when the exact figures of the last one have been counted. Beside
each median of ``--rounds`` stand the least and the most, and how often it takes what this machine
needs for the yardstick, measured in the same run: ``import torch`` in a fresh process, or 40 bare
updates of the same network and batch.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from torch.nn.functional import cross_entropy

from bench import report
from bench.reference import ENV, first_in_a_process
from bench.report import Found
from bench.runs import say
from cu_core import models
from cu_core.files import PACKAGE
from cu_core.service import spawn
from cu_core.spec import RunRecord
from cu_core.store import Store

NETWORK, CLASS, STEPS = "small-cnn", "class:3", 40
SETTLED_S = 300.0
WORKERS = 3  # asked for at once


def main(argv: list[str]) -> int:
    return report.run("waits", argv, _options(argv), measure, text)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    options = report.Options("waits", __doc__)
    options.add_argument("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files")
    options.add_argument("--rounds", type=int, default=3, help="of each cached row")
    options.add_argument("--rows", nargs="+", choices=sorted(ROWS), help="these alone")
    options.add_argument("--home", help="where models are taken from and kept; a new one: all rows")
    return options.read(argv)


def measure(options: argparse.Namespace, home: Path) -> Found:
    """Rows of name, goal, median, whether it is met; faults of those that failed."""
    asked = Asked(Store(home), options.cifar, options.rounds)
    yards = {"torch": import_torch(), "updates": bare_updates(asked)}
    rows: list[Found] = []
    faults: list[str] = []
    for name, made in ROWS.items():
        if options.rows and name not in options.rows:
            continue
        say(name)
        try:
            rows += made(asked, yards)
        except (OSError, RuntimeError, ValueError, KeyError) as fault:
            faults.append(f"{name}: {fault}")
    return {"rows": rows, "yardsticks_s": yards, "faults": faults}


@dataclass(frozen=True)
class Asked:
    """``cifar``: the folder of its files, None: digits; ``rounds``: of each cached row."""

    store: Store
    cifar: str | None
    rounds: int


# --- yardsticks ---------------------------------------------------------------------------------


def import_torch(rounds: int = 3) -> float:
    """Seconds of a fresh process that imports torch and ends."""
    spent = []
    for _ in range(rounds):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import torch"], check=True, env=ENV)
        spent.append(time.monotonic() - began)
    return statistics.median(spent)


def bare_updates(asked: Asked) -> float:
    """Seconds of ``STEPS`` updates of the network on noise, without anything around them."""
    shape = (3, 32, 32) if asked.cifar else (1, 8, 8)
    model = models.build(NETWORK, shape, 10, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), 0.01, 0.9)
    x, y = torch.randn(64, *shape), torch.arange(64) % 10

    def update() -> None:
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(model(x)[0], y).backward()
        optimizer.step()

    update()
    began = time.monotonic()
    for _ in range(STEPS):
        update()
    return time.monotonic() - began


# --- rows ---------------------------------------------------------------------------------------


def command(asked: Asked, seed: int, *words: str) -> tuple[RunRecord, Found]:
    """(the run's record, seconds to its first picture and to its end) of one command."""
    store: Store = asked.store
    data = f"parquet:{asked.cifar}" if asked.cifar else "digits"
    steps = ["--max-steps", str(STEPS)] if asked.cifar else []
    run = ["--dataset", data, "--model", NETWORK, "--forget", CLASS, "--seed", str(seed)]
    known = {record.run_id for record in store.runs()}
    began = time.monotonic()
    lethe = [sys.executable, "-m", "cu_core", "unlearn", "--json", "--home", str(store.home)]
    process = subprocess.Popen(
        [*lethe, *run, *steps, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PACKAGE.parent, env=ENV,
    )  # fmt: skip
    first, run_id = None, None
    while process.poll() is None:
        run_id = run_id or next((p for p in store.paths.run_ids() if p not in known), None)
        if run_id and first is None and store.reader(run_id).snapshots():
            first = time.monotonic() - began
        time.sleep(0.05)
    whole = time.monotonic() - began
    printed, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(errors.strip().splitlines()[-1])
    return settled(store, json.loads(printed)["run_id"]), {"first": first or whole, "end": whole}


def settled(store: Store, run_id: str) -> RunRecord:
    """The record as it was printed, once nothing is at work on it any more."""
    printed, until = store.run(run_id), time.monotonic() + SETTLED_S
    while store.run(run_id).summary.looked_at or store.is_settling(run_id):
        if time.monotonic() > until:
            raise RuntimeError(f"the exact figures of {run_id} never came")
        time.sleep(0.2)
    return printed


def cold(asked: Asked, yards: Found) -> list[Found]:
    """The first run in a home: everything is read, trained and measured."""
    if any(asked.store.paths.models.iterdir()):
        return []  # a home that has models is for the other rows
    record, spent = command(asked, 0)
    told = record.summary.seconds
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in told.items() if seconds >= 0.1)
    goal = 100.0 if asked.cifar else None
    return [
        row("nothing cached: command to verdict, s", [spent["end"]], goal, yards, note=parts),
        row("final measures, first, s", [told["final metrics"]], goal and 10.0, yards),
    ]


def cached(asked: Asked, yards: Found) -> list[Found]:
    """The same again with other seeds: models, map and references' measures are kept."""
    command(asked, 100)  # what a first run alone leaves undone is done after this one
    found = [command(asked, 101 + n) for n in range(asked.rounds)]
    named = "CIFAR-10" if asked.cifar else "digits"
    first, whole = ([spent[name] for _, spent in found] for name in ("first", "end"))
    told = [record.summary.seconds for record, _ in found]
    looks = [one["snapshot"] / one["step"] for one in told]
    last = [one["final metrics"] for one in told]
    big = bool(asked.cifar)
    return [
        row(f"{named}, cached: command to first picture, s", first, 5.0 if big else None, yards),
        row(f"{named}, cached: command to verdict, s", whole, 15.0 if big else 6.0, yards),
        row("final measures, references cached, s", last, 3.0 if big else None, yards),
        row("snapshots beside the updates they watch", looks, 1.2 if big else None, {}),
    ]


def every_step(asked: Asked, _yards: Found) -> list[Found]:
    """A look after each update, as nobody is made to wait for by default."""
    told = command(asked, 150, "--every", "1")[0].summary.seconds
    return [row("... with a look after each update", [told["snapshot"] / told["step"]], None, {})]


def reference(asked: Asked, yards: Found) -> list[Found]:
    """The map that a run starts from; how true it is, ``bench reference`` tells."""
    run = next(r for r in asked.store.runs("unlearn") if r.state == "done")
    spent = [first_in_a_process(asked.store, run.run_id) for _ in range(asked.rounds)]
    return [row("reference map, first in a process, s", spent, 4.0, yards)]


def reading(asked: Asked, yards: Found) -> list[Found]:
    """The parquet files, decoded for the first time in a home."""
    if not asked.cifar:
        return []
    code = "import sys; from cu_core import data; from pathlib import Path; "
    code += "data.load(sys.argv[1], Path(sys.argv[2]))"
    spent = []
    for n in range(asked.rounds):
        fresh = asked.store.home / f"reading-{n}"
        script = [sys.executable, "-c", code, f"parquet:{asked.cifar}", str(fresh)]
        began = time.monotonic()
        subprocess.run(script, check=True, cwd=PACKAGE.parent, env=ENV)
        spent.append(time.monotonic() - began)
    return [row("first reading of the parquet files, s", spent, 8.0, yards)]


def memory(asked: Asked, _yards: Found) -> list[Found]:
    """A worker that waits, and how many do after several were asked for at once."""
    store: Store = asked.store
    asking = [
        threading.Thread(target=spawn.ensure_worker, args=(store, os.getpid()))
        for _ in range(WORKERS)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    time.sleep(8)  # until it has imported what a run needs, and written the catalog
    idle = [worker.pid for worker in store.workers() if worker.role == "idle"]
    held = [psutil.Process(pid).memory_info().rss / 1e6 for pid in idle]
    for pid in idle:
        psutil.Process(pid).terminate()
    return [
        report.target("idle workers, of three asked for at once", len(idle), most=1),
        row("a worker that waits, MB", held, 600.0, {}),
    ]


def row(
    name: str, values: Sequence[float], most: float | None, yards: Found, note: str = ""
) -> Found:
    """The median of some values, with the least and the most and in what a yardstick takes."""
    middle = statistics.median(values)
    said = f"n = {len(values)}"
    said += f", {min(values):.2f} to {max(values):.2f}" if len(values) > 1 else ""
    if yards:
        times = [f"{middle / seconds:.1f} x {yard}" for yard, seconds in yards.items()]
        said += f"; {', '.join(times)}"
    return report.target(name, middle, most=most, note=f"{said}; {note}" if note else said)


Rows = Callable[[Asked, Found], list[Found]]
ROWS: dict[str, Rows] = {
    "cold": cold,
    "cached": cached,
    "every": every_step,
    "reference": reference,
    "reading": reading,
    "memory": memory,
}


def text(found: report.Row) -> str:
    yards = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found["yardsticks_s"].items())
    faults = [f"\n**{fault}**" for fault in found["faults"]]
    lines = [*report.target_table(found["rows"]), "", f"Yardsticks: {yards}.", *faults, ""]
    return "\n".join([*lines, report.circumstances(found)])
