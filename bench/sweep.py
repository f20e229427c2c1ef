"""Trials an hour of a sweep on this machine, beside a shell loop of the same single commands.

    python -m bench sweep --trials 20 --home CACHED

The models, the reference map and the measures of both are kept in the home folder before anything
is timed. A sweep is timed from its first process to its last trial; a command from outside, as it
comes with all its pictures and with two, the first and the last, which is what a trial keeps.
Seconds of processor are those of all processes of a sweep, and of a command: a machine that is
shared with others says more by them than by its clock.
"""

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench import report
from bench.reference import ENV
from bench.report import Found
from bench.runs import asked, say
from cu_core.files import PACKAGE
from cu_core.service import spawn
from cu_core.spec import LAST_ONLY, Axis, SweepProgress, SweepRequest, UnlearnRequest
from cu_core.store import Store

LOOK_S = 0.2
TIMES = 2.5  # as many trials an hour as single commands, at least
KNOB, LOW, HIGH = "temperature", 0.2, 1.0  # of the default method
LIVE = ("queued", "running", "paused")


def main(argv: list[str]) -> int:
    return report.run("sweep", argv, _options(argv), measure, text)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    options = report.Options("sweep", __doc__)
    options.add_argument("--trials", type=int, default=20, help="of the sweep")
    options.add_argument("--commands", type=int, default=5, help="of each kind, one by one")
    options.add_argument("--slots", type=int, help="runs at once (else what the machine does best)")
    options.add_argument("--model", default="small-cnn", help="the network")
    options.add_argument("--epochs", type=int, help="of training (else the recipe's)")
    options.add_argument("--home", help="where models are taken from and kept")
    return options.read(argv)


def measure(options: argparse.Namespace, home: Path) -> Found:
    """Rows of how many, seconds by the clock and of the processor; the ratio; the slots."""
    store = Store(home)
    base = asked(model=options.model, train_epochs=options.epochs)
    say("what all share")
    command(store, base)
    rows = {}
    for name, every in (("two pictures", LAST_ONLY), ("all pictures", None)):
        say(f"single commands, {name}")
        wanted = base.model_copy(update={"every": every})
        rows[name] = single(store, wanted, options.commands)
    say("the sweep")
    rows["sweep"], said = swept(store, base, options.trials, options.slots)
    faults = [trial.message for trial in said.trials if trial.state != "done"]
    return {"rows": rows, "slots": said.slots, "targets": targets(rows), "faults": faults}


def targets(rows: Found) -> list[Found]:
    """The sweep's trials an hour beside those of single commands of both kinds."""
    found = []
    for name in ("all pictures", "two pictures"):
        ratio = rate(rows["sweep"]) / rate(rows[name])
        spent = rows[name]["processor"] / rows[name]["n"]
        own = rows["sweep"]["processor"] / rows["sweep"]["n"]
        note = f"{spent / own:.1f} times by seconds of processor"
        least = TIMES if name == "all pictures" else None
        title = f"trials an hour, times those of commands with {name}"
        found.append(report.target(title, ratio, least=least, note=note))
    return found


def rate(row: Found) -> float:
    """Runs an hour."""
    return 3600.0 * float(row["n"]) / float(row["wall"])


def knobbed(base: UnlearnRequest, number: int, of: int) -> UnlearnRequest:
    """One of ``of`` requests that differ by a knob."""
    value = LOW + (HIGH - LOW) * number / max(of - 1, 1)
    return base.model_copy(update={"hparams": {KNOB: round(value, 6)}})


def single(store: Store, base: UnlearnRequest, n: int) -> Found:
    """``n`` commands one after the other, as a shell loop makes them."""
    before, began = _children(), time.monotonic()
    for number in range(n):
        command(store, knobbed(base, number, n))
    return {"n": n, "wall": time.monotonic() - began, "processor": _children() - before}


def command(store: Store, request: UnlearnRequest) -> None:
    """RuntimeError with the last line of what it said, where it fails."""
    _, *words = shlex.split(request.command())
    made = subprocess.run(
        [sys.executable, *words, "--home", str(store.home), "--json"],
        capture_output=True, text=True, cwd=PACKAGE.parent, env=ENV,
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(made.stderr.strip().splitlines()[-1])


def swept(
    store: Store, base: UnlearnRequest, trials: int, slots: int | None
) -> tuple[Found, SweepProgress]:
    """A grid of as many values of the knob as there are trials, led by an owner of its own."""
    axes = {KNOB: Axis(low=LOW, high=HIGH, log=False, points=max(trials, 2))}
    request = SweepRequest.model_validate(
        {"base": base, "axes": axes, "sampler": "grid", "trials": trials, "slots": slots}
    )
    sweep_id = store.new_sweep(request, "bench")
    spent: dict[int, float] = {}
    began = time.monotonic()
    spawn.lead(store, sweep_id)
    while (record := store.sweep(sweep_id)).state in LIVE:
        spent |= _processor()
        time.sleep(LOOK_S)
    wall = time.monotonic() - began
    while store.is_owned(sweep_id) or any(store.slot(str(n)) for n in range(record.progress.slots)):
        time.sleep(LOOK_S)  # until nobody writes into a home that may be taken away
    row = {"n": trials, "wall": wall, "processor": sum((spent | _processor()).values())}
    return row, record.progress


def _children() -> float:
    """Seconds of processor of the commands that have ended."""
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)


def _processor() -> dict[int, float]:
    """Seconds of processor of each process below this one, so far."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        found[process.pid] = times.user + times.system
    return found


def text(found: Found) -> str:
    rows = [["", "runs", "runs an hour", "s a run", "s of processor a run"]]
    for name, row in found["rows"].items():
        each = (row["n"], rate(row), row["wall"] / row["n"], row["processor"] / row["n"])
        rows.append([name, *map(report.number, each)])
    lines = [
        *report.table(rows, "---:"),
        "",
        f"{found['slots']} at once at the end of the sweep.",
        "",
        *report.target_table(found["targets"]),
        "",
        report.circumstances(found),
    ]
    return "\n".join(lines)
