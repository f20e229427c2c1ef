"""Every target of speed in one command: steps, training, a run from click to verdict, the map.

    python -m bench speed --cifar DIR --device cuda
    python -m bench speed --cifar DIR --model resnet20 --epochs 4

Steps are those of ``bench steps`` at 64 + 64 images on noise. The original and the retrained
reference are trained by the recipe of the device, unless the home folder has them. The run is what
the app does, with frames at the default cadence, timed from the request to the verdict on record;
it is made twice, and the second is told: the first fits the map's reference layout, which is kept
with the model. Memory is the process's, at the end of all that. On a processor the rows of ``bench
waits`` follow, of commands that start from nothing.
"""

import argparse
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench import layouts, map_run, report, steps, waits
from bench.report import Found
from bench.runs import asked, executed, now, say, trained
from bench.scale_cells import peak_mb
from cu_core.runs.forecast import LOOKS
from cu_core.spec import UnlearnRequest
from cu_core.store import Store

CLASS = "class:5"
# (title, limit on a processor, limit on a GPU); None: the issue sets none
RUN_S = ("seconds from the request to the verdict, references cached", None, 3.0)
LOOKING = ("looks, measures, map and store of the run, %", None, 25.0)
REFERENCE_S = ("seconds of training the retrained reference", None, 60.0)
ACCURACY = ("test accuracy of the original, %", None, 93.0)
MAP_MS = {2000: ("ms a frame of the map, 2,000 points", 33.0, 5.0)}
MAP_MS |= {20_000: ("ms a frame of the map, 20,000 points", 1500.0, 33.0)}
WORKER_GB = ("GB of the process at most", 2.5, None)
FORGOTTEN = ("accuracy on the class after it, test, %", 1.0, 0.0)
UTILITY = ("TA under retrained, points", 1.2, 1.2)


def main(argv: list[str]) -> int:
    return report.run("speed", argv, _options(argv), measure, text)


def _options(argv: list[str]) -> argparse.Namespace:
    options = report.Options("speed", __doc__)
    add = options.add_argument
    add("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files (else digits)")
    add("--model", help="resnet18 (without --cifar: small-cnn)")
    add("--epochs", type=int, help="of training (else the recipe's for the device)")
    add("--batch", type=int, default=64, help="images of each set in an update (CIFAR-10)")
    add("--rounds", type=int, default=3, help="of the steps' sides")
    add("--points", nargs="+", type=int, default=sorted(MAP_MS), help="of the map")
    options.device()
    add("--home", help="where trained models are taken from and kept (else none is kept)")
    found = options.read(argv)
    found.model = found.model or ("resnet18" if found.cifar else "small-cnn")
    return found


def measure(options: argparse.Namespace, home: Path) -> Found:
    """One row a target: title, limit, what was measured, and whether that meets it."""
    request = asked(
        dataset=f"parquet:{options.cifar}" if options.cifar else "digits",
        model=options.model,
        train_epochs=options.epochs,
        forget=CLASS,
        hparams={"epochs": 1, "batch_size": options.batch} if options.cifar else {},
        device=options.device,
    )
    rows = a_step(options) + trained_and_run(options, request, Store(home))
    rows += the_map(options, request, Store(home))
    rows.append(row(options, WORKER_GB, peak_mb() / 1000))
    return {"rows": rows} if options.device != "cpu" else with_waits(options, home, rows)


def with_waits(options: argparse.Namespace, home: Path, rows: list[Found]) -> Found:
    """And what a person waits for around a run, in a home of its own where nothing is cached."""
    asked = argparse.Namespace(cifar=options.cifar, rounds=options.rounds, rows=None)
    found = waits.measure(asked, home / "waits")
    return found | {"rows": rows + found["rows"]}


def a_step(options: argparse.Namespace) -> list[Found]:
    words = f"--models {options.model} --forget-images 64 --retain-images 64 --looks 1 --json"
    words += f" --rounds {options.rounds} --device {options.device}"
    small = steps.read([*words.split(), *([] if options.cifar else ["--quick"])])
    with tempfile.TemporaryDirectory() as scratch:
        (found,) = steps.measure(small, Path(scratch))["rows"]
    return list(found["targets"])


def trained_and_run(
    options: argparse.Namespace, request: UnlearnRequest, store: Store
) -> list[Found]:
    original, retrained = (trained(store, request, forget) for forget in (None, CLASS))
    for turn in ("first", "second"):
        say(f"{request.model}: {turn} run")
        began = now()
        with executed(store, request) as record:
            spent, frames = now() - began, len(store.reader(record.run_id).snapshots())
    told, values, ideal = record.summary, record.summary.metrics, record.summary.retrained or {}
    note = f"{told.steps} steps, {frames} frames, {told.seconds}"
    return [
        row(options, ACCURACY, original.accuracy or 0.0, least=True),
        row(options, REFERENCE_S, retrained.seconds),
        row(options, RUN_S, spent, note=note),
        row(options, LOOKING, share_of_looks(told.seconds)),
        row(options, FORGOTTEN, values["forget_acc_test"] or 0),
        row(options, UTILITY, (ideal["ta"] or 0) - (values["ta"] or 0)),
    ]


def share_of_looks(seconds: Mapping[str, float]) -> float:
    """Percent of what a run did between its first update and its last that was not updates."""
    looks = sum(seconds.get(name, 0.0) for name in LOOKS)
    return 100 * looks / (looks + seconds["step"])


def the_map(options: argparse.Namespace, request: UnlearnRequest, store: Store) -> list[Found]:
    run = map_run.record(store, request, 4, max(options.points))
    found = []
    for count in options.points:
        say(f"map of {count:,} points")
        title = MAP_MS.get(count, (f"ms a frame of the map, {count:,} points", None, None))
        larger, made = map_run.sized(run, count)
        ms = statistics.median(layouts.ours(larger, options.device)["ms"])
        found.append(row(options, title, ms, note=made))
    return found


def row(
    options: argparse.Namespace,
    of: tuple[str, float | None, float | None],
    value: float,
    least: bool = False,
    note: str = "",
) -> Found:
    """``met`` is None where nothing is asked of this kind of device."""
    name, on_cpu, on_gpu = of
    limit = on_cpu if options.device == "cpu" else on_gpu
    return report.target(name, value, **{"least" if least else "most": limit}, note=note)


def text(found: report.Row) -> str:
    return "\n".join([*report.target_table(found["rows"]), "", report.circumstances(found)])
