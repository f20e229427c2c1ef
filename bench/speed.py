"""Every target of speed in one command: steps, training, a run from click to verdict, the map.

    python -m cu_core bench speed --cifar DIR --device cuda
    python -m cu_core bench speed --cifar DIR --model resnet20 --epochs 4

Steps are those of ``bench steps`` at 64 + 64 images on noise. The original and the retrained
reference are trained by the recipe of the device, unless the home folder has them. The run is what
the app does, with frames at the default cadence, timed from the request to the verdict on record;
it is made twice, and the second is told: the first fits the map's reference layout, which is kept
with the model. Memory is the process's, at the end of all that.
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import provenance

CLASS = "class:5"
# (title, limit on a processor, limit on a GPU); None: the issue sets none
RUN_S = ("seconds from the request to the verdict, references cached", None, 3.0)
REFERENCE_S = ("seconds of training the retrained reference", None, 60.0)
ACCURACY = ("test accuracy of the original, %", None, 93.0)
MAP_MS = {2000: ("ms a frame of the map, 2,000 points", 33.0, 5.0)}
MAP_MS |= {20_000: ("ms a frame of the map, 20,000 points", 1500.0, 33.0)}
WORKER_GB = ("GB of the process at most", 2.5, None)


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    options = _options(given)
    from cu_core.engine import pick_device

    options.device = pick_device(options.device)
    with tempfile.TemporaryDirectory() as scratch:
        rows = measure(options, options.home or scratch, scratch)
    found = provenance.about("speed", given, options) | {"rows": rows}
    print(json.dumps(found) if options.json else text(found))
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = provenance.parser("speed", __doc__)
    add = parser.add_argument
    add("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files (else digits)")
    add("--model", help="resnet18 (without --cifar: small-cnn)")
    add("--epochs", type=int, help="of training (else the recipe's for the device)")
    add("--batch", type=int, default=64, help="images of each set in an update (CIFAR-10)")
    add("--rounds", type=int, default=3, help="of the steps' sides")
    add("--points", nargs="+", type=int, default=sorted(MAP_MS), help="of the map")
    add("--device", default="auto", choices=["auto", "cuda", "mps", "cpu"])
    add("--home", help="where trained models are taken from and kept (else none is kept)")
    options = parser.parse_args(argv)
    options.model = options.model or ("resnet18" if options.cifar else "small-cnn")
    return options


def measure(options: argparse.Namespace, home: str | Path, scratch: str) -> list[dict[str, Any]]:
    """One row a target: title, limit, what was measured, and whether that meets it."""
    request = wanted(options)
    rows = steps(options, scratch) + trained_and_run(options, request, home)
    rows += the_map(options, request, home)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [*rows, row(options, WORKER_GB, peak / (1e9 if sys.platform == "darwin" else 1e6))]


def wanted(options: argparse.Namespace) -> Any:
    from cu_core.spec import UnlearnRequest

    return UnlearnRequest(
        dataset=f"parquet:{options.cifar}" if options.cifar else "digits",
        model=options.model,
        train_epochs=options.epochs,
        forget=CLASS,
        hparams={"epochs": 1, "batch_size": options.batch} if options.cifar else {},
        device=options.device,
    )


def steps(options: argparse.Namespace, scratch: str) -> list[dict[str, Any]]:
    from bench import steps as bench

    words = ["--models", options.model, "--forget-images", "64", "--retain-images", "64"]
    words += ["--rounds", str(options.rounds), "--looks", "1", "--device", options.device, "--json"]
    words += [] if options.cifar else ["--quick"]
    asked = bench._options(words)
    import torch

    asked.threads = torch.get_num_threads()
    found = bench.measure(asked, scratch, bench.dataset(asked, Path(scratch)))
    return [target for one in found["rows"] for target in one["targets"]]


def trained_and_run(
    options: argparse.Namespace, request: Any, home: str | Path
) -> list[dict[str, Any]]:
    from bench.embedding_run import say
    from bench.papers_run import Bench
    from cu_core.runs.execute import execute
    from cu_core.store import Store

    store = Store(home)
    bench = Bench(store)
    bench.references(request)
    seconds = bench.retrained(request)["seconds"]
    for turn in ("first", "second"):
        say(f"{request.model}: {turn} run")
        began = time.perf_counter()
        run_id = store.enqueue(request, "bench speed")
        summary = execute(store, store.claim_run(run_id))
        spent, frames = time.perf_counter() - began, len(store.reader(run_id).snapshots())
        store.delete(run_id)
    values, retrained = summary["metrics"], summary["retrained"]
    told = f"{summary['steps']} steps, {frames} frames, {summary['seconds']}"
    original = store.model(summary["models"]["original"])
    return [
        row(options, ACCURACY, original.accuracy, least=True),
        row(options, REFERENCE_S, seconds),
        row(options, RUN_S, spent, note=told),
        row(options, ("accuracy on the class after it, test, %", 1.0, 0.0),
            values["forget_acc_test"]),
        row(options, ("TA under retrained, points", 1.2, 1.2), retrained["ta"] - values["ta"]),
    ]  # fmt: skip


def the_map(options: argparse.Namespace, request: Any, home: str | Path) -> list[dict[str, Any]]:
    import torch

    from bench import embedding_run, layouts
    from cu_core.store import Store

    most, threads = max(options.points), torch.get_num_threads()
    run = embedding_run.record(Store(home), request, 4, most, threads)
    found = []
    for count in options.points:
        embedding_run.say(f"map of {count:,} points")
        title = MAP_MS.get(count, (f"ms a frame of the map, {count:,} points", None, None))
        larger, made = embedding_run.sized(run, count)
        ms = statistics.median(layouts.ours(larger, options.device)["ms"])
        found.append(row(options, title, ms, note=made))
    return found


def row(
    options: argparse.Namespace,
    target: tuple[str, float | None, float | None],
    value: float,
    least: bool = False,
    note: str = "",
) -> dict[str, Any]:
    """``met`` is None where nothing is asked of this kind of device."""
    name, on_cpu, on_gpu = target
    limit = on_cpu if options.device == "cpu" else on_gpu
    met = None if limit is None else value >= limit if least else value <= limit
    sign = "≥" if least else "≤"
    wanted = "" if limit is None else f"{sign} {limit:g}"
    return {"name": name, "target": wanted, "value": value, "met": met, "note": note}


def text(found: dict[str, Any]) -> str:
    lines = ["| | wanted | measured | met | |", "|---|---|---|---|---|"]
    for one in found["rows"]:
        met = {True: "yes", False: "no", None: "-"}[one["met"]]
        note = one.get("note", "")
        lines.append(f"| {one['name']} | {one['target']} | {one['value']:.4g} | {met} | {note} |")
    facts = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    return "\n".join([*lines, "", f"`{found['command']}`, {found['date']}: {facts}"])


if __name__ == "__main__":
    sys.exit(main())
