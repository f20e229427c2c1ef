"""How time, memory and disk grow with training set, probe set, classes and frames.

    python -m cu_core bench scale --quick
    python -m cu_core bench scale --cifar DIR --json

Every row is measured in a process of its own; "peak MB" is the most it held, "own MB" the part of
this above its imports (torch and what it brings). "exponent" is the k of size^k, fitted over all
rows, and from the last but one to the last. The network is small-cnn, the method contrastive
unlearning with its defaults, and the images noise around a pattern per class, unless CIFAR-10 is
given.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bench import provenance

TABLES = ("train", "streamed", "probe", "classes", "frames", "processes")
APP_MB, WORKER_MB = 250.0, 2500.0  # the targets
WIDTH = 128  # of the embeddings where frames are counted: small-cnn's
SIDE = 64  # of the streamed images

Found = dict[str, Any]


def main(argv: list[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    options, began = _options(given), time.perf_counter()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        found = measure(options, Path(scratch))
    from bench import scale_report

    found |= provenance.about("scale", given, options)
    found["seconds"] = time.perf_counter() - began
    print(json.dumps(found) if options.json else scale_report.text(found))
    return 1 if found["faults"] else 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = provenance.parser("scale", __doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="small sizes: about a minute on 2 cores")
    add("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files")
    add("--tables", nargs="+", default=list(TABLES), choices=TABLES, help="which (all)")
    add("--train", nargs="+", type=int, help="sizes of the training set")
    add("--streamed", nargs="+", type=int, help="of one read from disk")
    add("--probe", nargs="+", type=int, help="of the probe set")
    add("--classes", nargs="+", type=int, help="numbers of classes, each above 5")
    add("--frames", nargs="+", type=int, help="numbers of frames of a run")
    add("--points", type=int, help="where the probe set does not grow (2000; quick: 200)")
    add("--steps", type=int, help="updates that are timed (30; quick: 6)")
    add("--looks", type=int, help="frames that are timed (8; quick: 4)")
    add("--model", default="small-cnn", help="of the worker on CIFAR-10")
    add("--scratch", metavar="DIR", help="where files are made (the system's temporary folder)")
    add("--device", default="cpu", help="cpu, cuda or mps")
    options = parser.parse_args(argv)
    quick = options.quick
    usual = {
        "train": [600, 1200] if quick else [1800, 5000, 10_000, 20_000, 50_000],
        "streamed": [1000, 2000] if quick else [20_000, 60_000, 200_000],
        "probe": [200, 400] if quick else [500, 1000, 2000, 5000, 10_000, 20_000],
        "classes": [10, 20] if quick else [10, 20, 50, 100],
        "frames": [10, 30] if quick else [30, 100, 300, 1000],
        "points": 200 if quick else 2000,
        "steps": 6 if quick else 30,
        "looks": 4 if quick else 8,
    }
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def measure(options: argparse.Namespace, scratch: Path) -> Found:
    """Every table asked for. What could not be measured is said in its row."""
    bench = Bench(options, scratch)
    made: dict[str, Callable[[], Found]] = {
        "train": bench.train,
        "streamed": bench.streamed,
        "probe": bench.probe,
        "classes": bench.classes,
        "frames": bench.frames,
        "processes": bench.processes,
    }
    tables = [made[name]() for name in TABLES if name in options.tables]
    found = {"tables": tables, "not_run": bench.not_run, "faults": bench.faults}
    return found | {"targets": bench.targets}


class Bench:
    """The measurements of one call, in one scratch folder."""

    def __init__(self, options: argparse.Namespace, scratch: Path) -> None:
        self.options, self.scratch, self.faults = options, scratch, 0
        self.not_run: list[str] = []
        self.targets: list[Found] = []
        # Forked from a process that has imported everything and done nothing: importing torch
        # once a row would take longer than the rows of --quick.
        forks = "forkserver" in multiprocessing.get_all_start_methods()
        self.start = multiprocessing.get_context("forkserver" if forks else "spawn")
        self.start.set_forkserver_preload(["bench.scale_cells"])

    def cell(self, name: str, **given: Any) -> Found:
        """One measurement of ``bench/scale_cells.py`` in a process of its own."""
        from bench import scale_cells

        try:
            with ProcessPoolExecutor(1, self.start) as alone:
                found = alone.submit(scale_cells.run, name, given).result()
            print(f"{name} {json.dumps(given)}: {json.dumps(found)}", file=sys.stderr, flush=True)
            return found
        except Exception as fault:  # whatever ends a measurement ends its row alone
            self.faults += 1
            traceback.print_exc()
            return {"error": f"{type(fault).__name__}: {fault}"}

    def train(self) -> Found:
        from bench import scale_sources
        from bench.scale_report import table

        rows = []
        for n in self.options.train:
            folder, home = self.scratch / f"train-{n}", self.scratch / f"home-{n}"
            scale_sources.parquet(folder, n, self.options.cifar)
            read = {"source": f"parquet:{folder}", "home": str(home)}
            cold = self.cell("cold", **read)
            cold |= {"cold peak MB": cold.pop("peak MB", 0), "cold own MB": cold.pop("own MB", 0)}
            run = self.cell("train", **read, steps=self.options.steps, device=self.options.device)
            rows.append({"images": n, **cold, **run})
        what = "CIFAR-10's first" if self.options.cifar else "synthetic 32 x 32"
        return table("train", f"Training set, {what} images and a fifth to test", "images", rows)

    def streamed(self) -> Found:
        from bench import scale_sources
        from bench.scale_report import table

        file, rows = self.scratch / "images.npy", []
        scale_sources.images(file, max(self.options.streamed), SIDE)
        n_batches = 4 * self.options.steps
        given = {"file": str(file), "n_batches": n_batches, "device": self.options.device}
        for n in self.options.streamed:
            scale_sources.forget_pages(file)
            streamed = self.cell("streamed", rows=n, fits=False, **given)
            held = self.cell("streamed", rows=n, fits=True, **given)
            row = {f"streamed {k}": v for k, v in streamed.items() if k != "file MB"}
            row |= {f"held {k}": v for k, v in held.items() if k != "file MB"}
            rows.append({"images": n, "file MB": held.get("file MB"), **row})
        file.unlink()
        title = f"Images of {SIDE} x {SIDE} read from disk, batches of 256 cropped and mirrored"
        note = (
            "resident s: the statistics of all pixels, and putting them where they fit; batch from "
            "disk: after the system was told to drop its copy of the file."
        )
        return table("streamed", title, "images", rows, note)

    def probe(self) -> Found:
        return self._looked("probe", "Probe set, a frame", "points", self.options.probe)

    def classes(self) -> Found:
        return self._looked("classes", "Classes, a frame", "classes", self.options.classes)

    def _looked(self, name: str, title: str, axis: str, sizes: list[int]) -> Found:
        from bench.scale_report import table

        usual = {"points": self.options.points, "classes": 10}
        rows = []
        for size in sizes:
            given = {**usual, axis: size, "frames": self.options.looks}
            given |= {"rows": max(2 * given["points"], 10 * given["classes"])}
            rows.append({axis: size, **self.cell("looked", **given, device=self.options.device)})
        fixed = "10 classes" if axis == "points" else f"{usual['points']:,} points"
        note = f"{fixed}; ms and kB are of one frame, test outputs of up to 2,000 images with it."
        return table(name, title, axis, rows, note)

    def frames(self) -> Found:
        from bench.scale_report import table

        points, rows = self.options.points, []
        for n in self.options.frames:
            home = str(self.scratch / f"frames-{n}")
            kept = self.cell("written", home=home, frames=n, points=points, classes=10, width=WIDTH)
            kept = {f"write {k}" if k.endswith("MB") and "disk" not in k else k: v
                    for k, v in kept.items()}  # fmt: skip
            shown = self.cell("read", home=home, run=kept.pop("run")) if "run" in kept else {}
            rows.append({"frames": n, **kept, **shown})
        note = (
            f"{points:,} points, {WIDTH}-d, 10 classes, made-up numbers. open: what the app sends "
            "a page that opens the run; look: what it sends while the run goes on, every second."
        )
        return table("frames", "Frames of a run", "frames", rows, note)

    def processes(self) -> Found:
        from bench import scale_processes
        from bench.scale_report import table

        settle = 2.0 if self.options.quick else 40.0
        rows = self._tried(lambda: scale_processes.app(self.scratch / "app", settle))
        self._target("the app, a page opened, no run", rows[1:2], APP_MB)
        if self.options.cifar:
            source, home = f"parquet:{self.options.cifar}", self.scratch / "worker"
            given = (home, source, self.options.model, self.options.device)
            busy = self._tried(lambda: [scale_processes.worker(*given)])
            self._target("a worker on CIFAR-10", busy, WORKER_MB)
            rows += busy
        else:
            self.not_run.append("a worker on CIFAR-10: no parquet files given (--cifar DIR)")
        return table("processes", "Memory of processes", "process", rows)

    def _tried(self, work: Callable[[], list[Found]]) -> list[Found]:
        try:
            return work()
        except (RuntimeError, OSError) as error:
            self.faults += 1
            return [{"process": "?", "error": str(error)}]

    def _target(self, what: str, rows: list[Found], limit: float) -> None:
        """A target that was measured; one that was not is in the table with its reason."""
        for measured in [row["MB"] for row in rows if "MB" in row]:
            self.targets.append(
                {"what": what, "measured": measured, "limit": limit, "met": measured <= limit}
            )


if __name__ == "__main__":
    sys.exit(main())
