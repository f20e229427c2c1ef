"""A step of unlearning against the released code's feeding and the bare ceiling, in one process.

    python -m bench steps --json
    python -m bench steps --models resnet18 --forget-images 64 --retain-images 64

In every round ours, the bare ceiling and the released code's way make the same number of updates
one after the other (each second round backwards), so that a busy machine slows all of them; the
result is the ratio of each round. What each side is: ``bench/steps_sides.py``. Shares of the time
are those of a real run: ``bench/steps_shares.py``. Networks have random weights.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import torch

from bench import report, steps_report
from bench import steps_shares as shares
from bench.made_data import npz
from bench.runs import now, say
from bench.steps_sides import STARTED_BY, Bare, Ours, Released, Side
from bench.steps_sides import request as asking
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import UnlearnRequest
from cu_core.store import Store

OMEGA = shares.OMEGA
UPDATES = {"small-cnn": 16, "resnet20": 8}  # a round's, on the CPU
FEW, MANY = 4, 80  # of other networks there; on a GPU
CLASSES = 10
LEAST_OF_A_CLASS, TEST_IMAGES = 256, 1000  # synthetic ones
QUICK_TEST_IMAGES = 400
RIVALS = ("bare", "released", "augmented")  # of which the last two are (a), the first is (b)


def main(argv: list[str]) -> int:
    return report.run("steps", argv, read(argv), measure, report.circumstances)


def read(argv: list[str]) -> argparse.Namespace:
    options = report.Options("steps", __doc__)
    add, sized = options.add_argument, options.sized
    add("--quick", action="store_true", help="small-cnn, few steps: under a minute on 2 cores")
    sized("--models", ["small-cnn", "resnet20", "resnet18"], ["small-cnn"], "networks")
    add("--forget-images", type=int, default=128, help="of the forget set in a step")
    add("--retain-images", type=int, default=128, help="of the retain set in a step")
    sized("--rounds", 5, 2, "in which the sides take turns")
    sized("--steps", None, OMEGA, f"updates of a round, rounded up to a multiple of {OMEGA}")
    add("--against", nargs="+", default=RIVALS, choices=RIVALS, help="which rivals (all)")
    add("--workers", type=int, default=2, help="of the released code's loaders (2, as there)")
    options.device()
    add("--data", default="synthetic", help="synthetic, digits or parquet:DIR")
    sized("--probe", 2000, 400, "points of the run's snapshots")
    sized("--looks", 3, 2, "snapshots of the run after the first")
    add("--home", help="where the run and its model are kept while they are needed")
    found = options.read(argv)
    for name in ("forget_images", "retain_images", "rounds", "probe", "looks"):
        if getattr(found, name) < 1:
            options.error(f"--{name.replace('_', '-')} must be at least 1.")
    found.threads = torch.get_num_threads()
    return found


def dataset(options: argparse.Namespace, scratch: Path) -> str:
    """The key of the data. Synthetic: noise of CIFAR-10's size in balanced classes, whose sets are
    whole batches, so that every batch of every side has the size that was asked for."""
    if options.data != "synthetic":
        return str(options.data)
    size = options.forget_images
    n = CLASSES * size * (1 if options.quick else -(-LEAST_OF_A_CLASS // size))
    return npz(scratch / "noise.npz", n, QUICK_TEST_IMAGES if options.quick else TEST_IMAGES)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    """First the rounds of all networks, then their runs: these compile the map and start threads
    of it, beside which the rounds would be measured."""
    sizes = {"forget_images": options.forget_images, "retain_images": options.retain_images}
    rows: list[report.Found] = []
    with tempfile.TemporaryDirectory() as scratch:
        asked = (options.forget_images, options.probe, options.device)
        key = dataset(options, Path(scratch))
        for model in options.models:
            say(f"{model}: rounds")
            made = rounds(options, asking(key, model, *asked), home)
            rows.append({"model": model, "data": options.data, **sizes, **made})
            say(f"{model}: ours / theirs: {steps_report.said(made['ratios'])}")
        say("warming up")  # a run of a step, whose map is compiled
        shares.made_run(Store(home), asking(key, "small-cnn", 32, *asked[1:]), 1, 1)
        for row in rows:
            say(f"{row['model']}: a run")
            request = asking(key, row["model"], *asked)
            row |= run(options, request, home, row["sides"]["ours"]["seconds_per_step"]["median"])
            if len(set(sizes.values())) == 1:  # a run's batches are alike
                row["run"]["theirs_over_ours"] = steps_report.beside(row["run"], row["sides"])
            row["targets"] = steps_report.targets(row, options.device)
            if not options.json:
                print(steps_report.row_text(row) + "\n", flush=True)
    return {"rows": rows, "machine": {"workers start by": STARTED_BY}}


def rounds(options: argparse.Namespace, request: UnlearnRequest, home: Path) -> dict[str, Any]:
    """All sides of one network, in rounds; each has made a few updates before the first."""
    setup = Setup(request, home)
    sides = sides_of(options, setup, request)
    many = MANY if setup.device == "cuda" else UPDATES.get(request.model, FEW)
    updates = -(-(options.steps or many) // OMEGA) * OMEGA
    taken: dict[str, list[Any]] = {name: [] for name in sides}
    for one in sides.values():
        timed(one, OMEGA, setup.device)
    for number in range(options.rounds):
        for name in list(sides)[:: 1 if number % 2 == 0 else -1]:
            taken[name].append(timed(sides[name], updates, setup.device))
    torch.set_num_threads(options.threads)
    found = {name: steps_report.side(all_, updates) for name, all_ in taken.items()}
    for name, side in sides.items():
        if isinstance(side, Released):
            found[name] |= side.close()
    return {
        "device": setup.device,
        **setup.plan.model_dump(include={"precision", "layout"}),
        "threads": sides["ours"].threads,
        "sides": found,
        "ratios": steps_report.ratios(found),
    }


def sides_of(options: argparse.Namespace, setup: Setup, request: UnlearnRequest) -> dict[str, Side]:
    assert setup.forget is not None
    method: Any = method_of(request, setup.forget)
    ours = Ours(setup, method, options.retain_images)
    sides: dict[str, Side] = {"ours": ours}
    if "bare" in options.against:
        sides["bare"] = Bare(setup, method, ours)
        if setup.device == "cuda":
            sides["recorded"] = Bare(setup, method, ours, recorded=True)
    forget, retain = (-(-b.n // b.n_batches) for b in (ours.job.forget, ours.job.retain))
    for name in [name for name in ("released", "augmented") if name in options.against]:
        rest = (options.workers, options.threads, name == "augmented")
        sides[name] = Released(setup, method, (forget, retain), *rest)
    return sides


def timed(side: Side, updates: int, device: str) -> tuple[float, int, int | None]:
    """(seconds, images, bytes of a GPU at most beyond those held before) of so many updates."""
    torch.set_num_threads(side.threads)
    on_gpu = device == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    held = torch.cuda.memory_allocated() if on_gpu else 0
    began = now(device)
    images = side.advance(updates)
    seconds = now(device) - began
    return seconds, images, torch.cuda.max_memory_allocated() - held if on_gpu else None


def run(
    options: argparse.Namespace, request: UnlearnRequest, home: Path, step_s: float
) -> dict[str, Any]:
    """The shares of a run, at the cadence that this forget set (for synthetic images: a class of
    CIFAR-10) has by default, with those of a step inside. ``step_s``: of the rounds."""
    setup = Setup(request, home)
    assert setup.forget is not None
    noise = options.data == "synthetic"
    every = shares.usual_every(setup, shares.CIFAR_CLASS if noise else len(setup.forget.index))
    apart = shares.step_apart(setup, options.retain_images, OMEGA if options.quick else 2 * OMEGA)
    timed_run = shares.made_run(Store(home), request, every, options.looks)
    found = shares.run_shares(timed_run, every, step_s, apart["look_ms"]) | {"probe": options.probe}
    return {"run": found, "step": apart, "shares": shares.whole(found["shares"], apart["shares"])}
