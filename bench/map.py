"""The live map against what umap-learn offers, on real unlearning runs, in one process.

    python -m cu_core bench map --quick
    python -m cu_core bench map --cifar DIR

Digits, and CIFAR-10 where its parquet files are; forgetting a class, and a random tenth. Every
layout is judged by the same measures: trustworthiness and forget fidelity (15 neighbours,
Euclidean, embeddings of length 1), mean over frames; retain jitter, the median movement of the keep
samples from frame to frame over the mean standard deviation of the first layout's axes. How
umap-learn is called and timed: ``bench/layouts.py``.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import provenance

CLASS, TENTH = "class:5", "random:0.1"
RIVALS = ("fresh", "aligned", "transform")


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    options, began = _options(given), time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(options, options.home or scratch)
    wall, cpu = time.perf_counter() - began, time.process_time()
    found |= provenance.about("map", given, options)
    found["seconds"] = {"wall": round(wall, 1), "of all cores": round(cpu, 1)}
    if options.json:
        print(json.dumps(found))
    else:
        facts = {**found["machine"], **{f"{k}, s": v for k, v in found["seconds"].items()}}
        print(f"`{found['command']}`, {found['date']}:")
        print(", ".join(f"{name} {value}" for name, value in facts.items()))
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = provenance.parser("map", __doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="smaller and shorter: under two minutes on 2 cores")
    add("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files")
    add("--home", help="where trained models are taken from and kept (else none is kept)")
    add("--data", nargs="+", default=["digits", "cifar"], choices=["digits", "cifar"])
    add("--forget", nargs="+", default=[CLASS, TENTH], help="class:5, random:0.1, ...")
    add("--model", default="small-cnn", help="for CIFAR-10: small-cnn or resnet20")
    add("--epochs", type=int, help="of training the CIFAR-10 original (else the recipe's)")
    add("--max-steps", type=int, help="of the unlearning run (else the preset's)")
    add("--frames", type=int, help="snapshots of a run (31; quick: 7)")
    add("--probe", type=int, help="points of a frame (2000; quick: 400)")
    add("--against", nargs="*", default=RIVALS, choices=RIVALS, help="which rivals (all)")
    add("--every", type=int, help="fresh and transform: every so many frames (1; quick: 6)")
    add("--aligned", type=int, help="AlignedUMAP: the first so many frames (all; quick: 2)")
    add("--solid", type=int, help="3-D: the first so many frames (all; quick: 2)")
    add("--points", nargs="+", type=int, help="sizes of the growth measurement")
    add("--threads", type=int, help="of torch and numba (else all cores)")
    add("--device", default="cpu", help="of our layout: cpu or cuda")
    options = parser.parse_args(argv)
    quick = options.quick
    usual = {
        "frames": 7 if quick else 31,
        "probe": 400 if quick else 2000,
        "every": 6 if quick else 1,
        "aligned": 2 if quick else options.frames or 31,
        "points": [500, 1000] if quick else [2000, 5000, 10_000, 20_000],
        "threads": cores(),
        "solid": 2 if quick else None,
        "epochs": 1 if quick else None,
        "max_steps": 64 if quick else None,
    }
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def measure(options: argparse.Namespace, home: str | Path) -> dict[str, Any]:
    """Every run's layouts, then the growth on the first class run of the largest data set."""
    from bench import layouts, map_report

    layouts.prepare(options.threads)
    found: dict[str, Any] = {"runs": [], "not_run": []}
    grown = None
    for key in options.data:
        if key == "cifar" and options.cifar is None:
            found["not_run"].append("CIFAR-10: not run: no parquet files given (--cifar DIR)")
            tell(options, found["not_run"][-1])
            continue
        for rule in options.forget:
            run = record(options, home, key, rule)
            if not found["runs"]:
                found["compile_s"] = layouts.compile_umap(run, options.against)
            result = laid_out(options, run, key, rule)
            found["runs"].append(result)
            tell(options, map_report.run_text(result))
            if rule == options.forget[0]:
                grown = (run, result["title"])
    if grown and options.points:
        found["growth"] = growth(options, *grown)
        tell(options, map_report.growth_text(found["growth"]))
    return found


def tell(options: argparse.Namespace, text: str) -> None:
    if not options.json:
        print(text + "\n", flush=True)


def record(options: argparse.Namespace, home: str | Path, key: str, rule: str) -> Any:
    from bench import embedding_run
    from cu_core.spec import UnlearnRequest
    from cu_core.store import Store

    cifar = key == "cifar"
    request = UnlearnRequest(
        dataset=f"parquet:{options.cifar}" if cifar else "digits",
        model=options.model if cifar else "small-cnn",
        train_epochs=options.epochs if cifar else None,
        forget=rule,
        probe_size=options.probe,
        max_steps=options.max_steps,
        device=options.device,
    )
    embedding_run.say(f"{key}, {rule}")
    most = max([options.probe, *options.points])
    return embedding_run.record(Store(home), request, options.frames, most, options.threads)


def laid_out(options: argparse.Namespace, run: Any, key: str, rule: str) -> dict[str, Any]:
    from bench import layouts, map_report
    from bench.embedding_run import say

    steps = (
        ("ours", lambda: layouts.ours(run, options.device)),
        ("solid", lambda: layouts.ours(run, options.device, components=3, frames=options.solid)),
        ("fresh", lambda: layouts.fresh(run, options.every, 1 if options.quick else 2)),
        ("aligned", lambda: layouts.aligned(run, options.aligned)),
        ("transform", lambda: layouts.transformed(run, options.every)),
    )
    laid = {}
    for name, lay in steps:
        if name in RIVALS and name not in options.against:
            continue
        say(f"{key}, {rule}: {map_report.TITLES[name]}")
        laid[name] = lay()
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


def caption(run: Any) -> str:
    """What was run and what became of it."""
    frames, count, width = run.z.shape
    facts = run.facts
    pairs = [(facts[when]["forget_acc_train"], facts[when]["ta"]) for when in ("before", "after")]
    (forget, test), (forget_now, test_now) = pairs
    return (
        f"{count:,} points ({facts['forget_samples']:,} to forget), {width}-d, {frames} snapshots "
        f"of {facts['steps'][-1]} steps, model {facts['model']}. Accuracy on the "
        f"forget samples {forget:.1f} % before, {forget_now:.1f} % at the end; on test samples to "
        f"be kept {test:.1f} % and {test_now:.1f} %."
    )


def growth(options: argparse.Namespace, run: Any, title: str) -> dict[str, Any]:
    """Our layout at other sizes, on the run's first snapshots."""
    from bench import layouts, map_report
    from bench.embedding_run import say, sized

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


def cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
