"""The live map against what umap-learn offers, on real unlearning runs, in one process.

    python -m bench map --quick
    python -m bench map --cifar DIR

Digits, and CIFAR-10 where its parquet files are; forgetting a class, and a random tenth. Every
layout is judged by the same measures: trustworthiness and forget fidelity (15 neighbours,
Euclidean, embeddings of length 1), what lies between classes (``quality.between``), mean over
frames; retain jitter, the median movement of the keep samples from frame to frame over the mean
standard deviation of the first layout's axes. How
umap-learn is called and timed: ``bench/layouts.py``.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from bench import layouts, map_report, report
from bench.map_run import EmbeddingRun, record, sized
from bench.runs import asked, say
from cu_core.spec import UnlearnRequest
from cu_core.store import Store

RIVALS = ("fresh", "aligned", "transform")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
NO_FILES = "CIFAR-10: not run: no parquet files given (--cifar DIR)"


def main(argv: list[str]) -> int:
    return report.run("map", argv, _options(argv), measure, report.circumstances)


def _options(argv: list[str]) -> argparse.Namespace:
    options = report.Options("map", __doc__)
    add, sized = options.add_argument, options.sized
    add("--quick", action="store_true", help="smaller and shorter: under two minutes on 2 cores")
    add("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files")
    add("--home", help="where trained models are taken from and kept (else none is kept)")
    add("--data", nargs="+", default=["digits", "cifar"], choices=["digits", "cifar"])
    add("--forget", nargs="+", default=["class:5", "random:0.1"], help="class:5, random:0.1, ...")
    add("--model", default="small-cnn", help="for CIFAR-10: small-cnn or resnet20")
    sized("--epochs", None, 1, "of training the CIFAR-10 original (else the recipe's)")
    sized("--max-steps", None, 64, "of the unlearning run (else the preset's)")
    sized("--frames", 31, 7, "snapshots of a run")
    sized("--probe", 2000, 400, "points of a frame")
    add("--against", nargs="*", default=RIVALS, choices=RIVALS, help="which rivals (all)")
    sized("--every", 1, 6, "fresh and transform: every so many frames")
    sized("--aligned", None, 2, "AlignedUMAP: the first so many frames (else all)")
    sized("--solid", None, 2, "3-D: the first so many frames (else all)")
    sized("--points", [2000, 5000, 10_000, 20_000], [500, 1000], "of the growth measurement")
    add("--threads", type=int, default=CORES, help="of torch and numba (else all cores)")
    options.device("cpu")
    return options.read(argv)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    """Every run's layouts, then the growth on the first class run of the largest data set."""
    layouts.prepare(options.threads)
    found: report.Found = {"runs": [], "not_run": []}
    grown = None
    for key in options.data:
        if key == "cifar" and options.cifar is None:
            found["not_run"].append(NO_FILES)
            _tell(options, NO_FILES)
            continue
        for rule in options.forget:
            say(f"{key}, {rule}")
            most = max([options.probe, *options.points])
            run = record(Store(home), request(options, key, rule), options.frames, most)
            if not found["runs"]:
                found["compile_s"] = layouts.compile_umap(run, options.against)
            found["runs"].append(laid_out(options, run, key, rule))
            _tell(options, map_report.run_text(found["runs"][-1]))
            if rule == options.forget[0]:
                grown = (run, found["runs"][-1]["title"])
    if grown and options.points:
        found["growth"] = growth(options, *grown)
        _tell(options, map_report.growth_text(found["growth"]))
    return found


def _tell(options: argparse.Namespace, text: str) -> None:
    if not options.json:
        print(text + "\n", flush=True)


def request(options: argparse.Namespace, key: str, rule: str) -> UnlearnRequest:
    cifar = key == "cifar"
    return asked(
        dataset=f"parquet:{options.cifar}" if cifar else "digits",
        model=options.model if cifar else "small-cnn",
        train_epochs=options.epochs if cifar else None,
        forget=rule,
        probe_size=options.probe,
        max_steps=options.max_steps,
        device=options.device,
    )


def laid_out(options: argparse.Namespace, run: EmbeddingRun, key: str, rule: str) -> dict[str, Any]:
    ways = {
        "ours": lambda: layouts.ours(run, options.device),
        "local": lambda: layouts.local(run, options.device),
        "solid": lambda: layouts.ours(run, options.device, components=3, frames=options.solid),
        "fresh": lambda: layouts.fresh(run, options.every, 1 if options.quick else 2),
        "aligned": lambda: layouts.aligned(run, options.aligned),
        "transform": lambda: layouts.transformed(run, options.every),
    }
    laid = {}
    for name in [name for name in ways if name not in RIVALS or name in options.against]:
        say(f"{key}, {rule}: {map_report.TITLES[name]}")
        laid[name] = ways[name]()
    laid["ours"]["plane"] = layouts.plane(run, laid.get("fresh", laid["ours"])["frames"])
    return {
        "title": f"{'CIFAR-10' if key == 'cifar' else 'digits'}, {rule}",
        "caption": caption(run),
        "facts": dict(run.facts),
        "points": run.z.shape[1],
        "layouts": laid,
        "gaps": map_report.gaps(laid["ours"], laid["fresh"]) if "fresh" in laid else None,
        "ratios": map_report.ratios(laid),
        "targets": map_report.targets(laid, options.device, run.z.shape[1]),
    }


def caption(run: EmbeddingRun) -> str:
    """What was run and what became of it."""
    frames, count, width = run.z.shape
    facts = run.facts
    (forget, test), (forget_now, test_now) = (
        (facts[when]["forget_acc_train"], facts[when]["ta"]) for when in ("before", "after")
    )
    return (
        f"{count:,} points ({facts['forget_samples']:,} to forget), {width}-d, {frames} snapshots "
        f"of {facts['steps'][-1]} steps, model {facts['model']}. Accuracy on the "
        f"forget samples {forget:.1f} % before, {forget_now:.1f} % at the end; on test samples to "
        f"be kept {test:.1f} % and {test_now:.1f} %."
    )


def growth(options: argparse.Namespace, run: EmbeddingRun, title: str) -> dict[str, Any]:
    """Our layout at other sizes, on the run's first snapshots."""
    rows = []
    for count in sorted(options.points):
        say(f"{count:,} points")
        larger, made = sized(run, count)
        rows.append({"points": count, "made": made, **layouts.ours(larger, options.device)})
    return {
        "embeddings": f"{title}, its first {run.large.shape[0]} snapshots",
        "rows": rows,
        "targets": map_report.growth_targets(rows, options.device),
    }
