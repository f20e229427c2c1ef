"""A step of unlearning against the released code's feeding and the bare ceiling, in one process.

    python -m cu_core bench steps --json
    python -m cu_core bench steps --models resnet18 --forget-images 64 --retain-images 64

In every round ours, the bare ceiling and the released code's way make the same number of updates
one after the other (each second round backwards), so that a busy machine slows all of them; the
result is the ratio of each round. What each side is: ``bench/steps_sides.py``. Shares of the time
are those of a real run: ``bench/steps_shares.py``. Networks have random weights.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import provenance

OMEGA = 4  # retain batches beside a forget batch: as often the released code starts its workers
UPDATES = {"small-cnn": 16, "resnet20": 8}  # a round's, on the CPU
FEW, MANY = 4, 80  # of other networks there; on a GPU
CLASSES = 10
LEAST_OF_A_CLASS, TEST_IMAGES = 256, 1000  # synthetic ones
QUICK_TEST_IMAGES = 400
RIVALS = ("bare", "released", "augmented")  # of which the last two are (a), the first is (b)


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    options = _options(given)
    import torch

    from cu_core.engine import pick_device

    options.device, options.threads = pick_device(options.device), torch.get_num_threads()
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(options, options.home or scratch, dataset(options, Path(scratch)))
    torch.set_num_threads(options.threads)
    found |= provenance.about("steps", given, options)
    found["machine"] |= _also()
    if options.json:
        print(json.dumps(found))
    else:
        print(f"`{found['command']}`, {found['date']}:")
        print(", ".join(f"{name} {value}" for name, value in found["machine"].items()))
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = provenance.parser("steps", __doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="small-cnn, few steps: under a minute on 2 cores")
    add("--models", nargs="+", help="small-cnn resnet20 resnet18 (quick: small-cnn)")
    add("--forget-images", type=int, default=128, help="of the forget set in a step")
    add("--retain-images", type=int, default=128, help="of the retain set in a step")
    add("--rounds", type=int, help="5 (quick: 2)")
    add("--steps", type=int, help=f"updates of a round, rounded up to a multiple of {OMEGA}")
    add("--against", nargs="+", default=RIVALS, choices=RIVALS, help="which rivals (all)")
    add("--workers", type=int, default=2, help="of the released code's loaders (2, as there)")
    add("--device", default="auto", choices=["auto", "cuda", "mps", "cpu"])
    add("--data", default="synthetic", help="synthetic, digits or parquet:DIR")
    add("--probe", type=int, help="points of the run's snapshots (2000; quick: 400)")
    add("--looks", type=int, help="snapshots of the run after the first (3; quick: 2)")
    add("--home", help="where the run and its model are kept while they are needed")
    options = parser.parse_args(argv)
    quick = options.quick
    usual = {
        "models": ["small-cnn"] if quick else ["small-cnn", "resnet20", "resnet18"],
        "rounds": 2 if quick else 5,
        "probe": 400 if quick else 2000,
        "looks": 2 if quick else 3,
        "steps": OMEGA if quick else None,
    }
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    for name in ("forget_images", "retain_images", "rounds", "probe", "looks"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1.")
    return options


def dataset(options: argparse.Namespace, scratch: Path) -> str:
    """The key of the data. Synthetic: noise of CIFAR-10's size in balanced classes, whose sets are
    whole batches, so that every batch of every side has the size that was asked for."""
    if options.data != "synthetic":
        return str(options.data)
    import numpy as np

    size, rng = options.forget_images, np.random.default_rng(0)
    n = CLASSES * size * (1 if options.quick else -(-LEAST_OF_A_CLASS // size))
    whole = n + (QUICK_TEST_IMAGES if options.quick else TEST_IMAGES)
    x = rng.integers(0, 256, (whole, 3, 32, 32), np.uint8)
    y = np.arange(whole) % CLASSES
    path = scratch / "noise.npz"
    np.savez(path, train_x=x[:n], train_y=y[:n], test_x=x[n:], test_y=y[n:])
    return f"npz:{path}"


def measure(options: argparse.Namespace, home: str | Path, key: str) -> dict[str, Any]:
    """First the rounds of all networks, then their runs: these compile the map and start threads
    of it, beside which the rounds would be measured."""
    from bench import steps_report
    from bench.embedding_run import say
    from bench.steps_shares import asked

    sizes = (options.forget_images, options.retain_images)
    rows = []
    for model in options.models:
        say(f"{model}: rounds")
        request = asked(key, model, sizes[0], options.probe, options.device)
        rows.append({"model": model, "data": options.data, "forget_images": sizes[0]})
        rows[-1] |= {"retain_images": sizes[1], **rounds(options, request, home)}
        say(f"{model}: ours / theirs: {steps_report.said(rows[-1]['ratios'])}")
    warm_up(options, key, home)
    for row in rows:
        say(f"{row['model']}: a run")
        request = asked(key, row["model"], sizes[0], options.probe, options.device)
        step_s = row["sides"]["ours"]["seconds_per_step"]["median"]
        row |= run(options, request, home, step_s)
        if sizes[0] == sizes[1]:  # a run's batches are alike
            row["run"]["theirs_over_ours"] = steps_report.beside(row["run"], row["sides"])
        row["targets"] = steps_report.targets(row, options.device)
        if not options.json:
            print(steps_report.row_text(row) + "\n", flush=True)
    return {"rows": rows}


def setup_of(options: argparse.Namespace, request: Any, home: str | Path) -> Any:
    """The request resolved; it may set torch's threads, so it begins with those there were."""
    import torch

    from cu_core.runs.resolve import Setup

    torch.set_num_threads(options.threads)
    return Setup(request, home)


def rounds(options: argparse.Namespace, request: Any, home: str | Path) -> dict[str, Any]:
    """All sides of one network, in rounds; each has made a few updates before the first."""
    from bench import steps_report

    setup = setup_of(options, request, home)
    sides = sides_of(options, setup, request)
    many = MANY if setup.device == "cuda" else UPDATES.get(request.model, FEW)
    updates = -(-(options.steps or many) // OMEGA) * OMEGA
    taken: dict[str, list[Any]] = {name: [] for name in sides}
    for one in sides.values():
        timed(one, OMEGA, setup.device)
    for number in range(options.rounds):
        for name in list(sides)[:: 1 if number % 2 == 0 else -1]:
            taken[name].append(timed(sides[name], updates, setup.device))
    found = {name: steps_report.side(all_, updates) for name, all_ in taken.items()}
    for name in {"released", "augmented"} & sides.keys():
        found[name] |= sides[name].close()
    return {
        "device": setup.device,
        **setup.plan.model_dump(include={"precision", "layout"}),
        "threads": sides["ours"].threads,
        "sides": found,
        "ratios": steps_report.ratios(found),
    }


def sides_of(options: argparse.Namespace, setup: Any, request: Any) -> dict[str, Any]:
    from bench.steps_sides import Bare, Ours, Released
    from cu_core.runs.resolve import method_of

    method = method_of(request, setup.forget)
    ours = Ours(setup, method, options.retain_images)
    sides: dict[str, Any] = {"ours": ours}
    if "bare" in options.against:
        sides["bare"] = Bare(setup, method, ours)
        if setup.device == "cuda":
            sides["recorded"] = Bare(setup, method, ours, recorded=True)
    for name in ("released", "augmented"):
        if name in options.against:
            sizes = tuple(-(-b.n // b.n_batches) for b in (ours.job.forget, ours.job.retain))
            rest = (options.workers, options.threads, name == "augmented")
            sides[name] = Released(setup, method, sizes, *rest)
    return sides


def timed(side: Any, updates: int, device: str) -> tuple[float, int, int | None]:
    """(seconds, images, bytes of a GPU at most beyond those held before) of so many updates."""
    import torch

    from bench.steps_shares import now

    torch.set_num_threads(side.threads)
    on_gpu = device == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    held = torch.cuda.memory_allocated() if on_gpu else 0
    began = now(device)
    images = side.advance(updates)
    seconds = now(device) - began
    return seconds, images, torch.cuda.max_memory_allocated() - held if on_gpu else None


def warm_up(options: argparse.Namespace, key: str, home: str | Path) -> None:
    """A run of a step, whose map is compiled, and which is forgotten."""
    from bench.embedding_run import say
    from bench.steps_shares import asked, made_run
    from cu_core.store import Store

    say("warming up")
    made_run(Store(home), asked(key, "small-cnn", 32, options.probe, options.device), 1, 1)


def run(
    options: argparse.Namespace, request: Any, home: str | Path, step_s: float
) -> dict[str, Any]:
    """The shares of a run, at the cadence that this forget set (for synthetic images: a class of
    CIFAR-10) has by default, with those of a step inside. ``step_s``: of the rounds."""
    from bench import steps_shares as shares
    from cu_core.store import Store

    setup = setup_of(options, request, home)
    noise = options.data == "synthetic"
    every = shares.usual_every(setup, shares.CIFAR_CLASS if noise else len(setup.forget.index))
    apart = shares.step_apart(setup, options.retain_images, OMEGA if options.quick else 2 * OMEGA)
    summary = shares.made_run(Store(home), request, every, options.looks)
    found = shares.run_shares(summary, every, step_s, apart["look_ms"]) | {"probe": options.probe}
    return {"run": found, "step": apart, "shares": shares.whole(found["shares"], apart["shares"])}


def _also() -> dict[str, Any]:
    """What the released code's way depends on, beyond what every bench tells."""
    from importlib.metadata import version

    from bench.steps_sides import STARTED_BY

    return {"torchvision": version("torchvision"), "workers start by": STARTED_BY}


if __name__ == "__main__":
    sys.exit(main())
