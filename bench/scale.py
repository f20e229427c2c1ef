"""How time, memory and disk grow with training set, probe set, classes and frames.

    python -m bench scale --quick
    python -m bench scale --cifar DIR --json

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
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bench import made_data, report, scale_cells, scale_processes
from bench.report import Found, Row, exponent, number, target

TABLES = ("train", "streamed", "probe", "classes", "frames", "processes")
APP_MB, WORKER_MB = 250.0, 2500.0  # the targets
WIDTH = 128  # of the embeddings where frames are counted: small-cnn's
SIDE = 64  # of the streamed images


def main(argv: list[str]) -> int:
    return report.run("scale", argv, read(argv), measure, text)


def read(argv: list[str]) -> argparse.Namespace:
    options = report.Options("scale", __doc__)
    add, sized = options.add_argument, options.sized
    add("--quick", action="store_true", help="small sizes: about a minute on 2 cores")
    add("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files")
    add("--tables", nargs="+", default=list(TABLES), choices=TABLES, help="which (all)")
    sized("--train", [1800, 5000, 10_000, 20_000, 50_000], [600, 1200], "sizes of the training set")
    sized("--streamed", [20_000, 60_000, 200_000], [1000, 2000], "of one read from disk")
    sized("--probe", [500, 1000, 2000, 5000, 10_000, 20_000], [200, 400], "of the probe set")
    sized("--classes", [10, 20, 50, 100], [10, 20], "numbers of classes, each above 5")
    sized("--frames", [30, 100, 300, 1000], [10, 30], "numbers of frames of a run")
    sized("--points", 2000, 200, "where the probe set does not grow")
    sized("--steps", 30, 6, "updates that are timed")
    sized("--looks", 8, 4, "frames that are timed")
    add("--model", default="small-cnn", help="of the worker on CIFAR-10")
    add("--scratch", metavar="DIR", help="where files are made (the system's temporary folder)")
    options.device("cpu")
    return options.read(argv)


def measure(options: argparse.Namespace, scratch: Path) -> Found:
    """Every table asked for. What could not be measured is said in its row."""
    bench = Bench(options, scratch)
    tables = [getattr(bench, name)() for name in TABLES if name in options.tables]
    found = {"tables": tables, "not_run": bench.not_run, "faults": bench.faults}
    return found | {"targets": bench.targets}


class Bench:
    """The measurements of one call, in one scratch folder: a method for each of TABLES."""

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
        rows, options = [], self.options
        for n in options.train:
            source = made_data.parquet(self.scratch / f"train-{n}", n, options.cifar)
            files = {"source": source, "home": str(self.scratch / f"home-{n}")}
            cold = self.cell("cold", **files)
            cold |= {f"cold {k}": cold.pop(k, 0) for k in ("peak MB", "own MB")}
            run = self.cell("train", **files, steps=options.steps, device=options.device)
            rows.append({"images": n, **cold, **run})
        what = "CIFAR-10's first" if options.cifar else "synthetic 32 x 32"
        return table("train", f"Training set, {what} images and a fifth to test", "images", rows)

    def streamed(self) -> Found:
        file, rows = self.scratch / "images.npy", []
        made_data.images(file, max(self.options.streamed), SIDE)
        given = {"file": str(file), "n_batches": 4 * self.options.steps}
        for n in self.options.streamed:
            made_data.forget_pages(file)
            row = {"images": n, "file MB": 0.0}
            for way in ("streamed", "held"):
                fits = {"fits": way == "held", "device": self.options.device}
                found = self.cell("streamed", rows=n, **fits, **given)
                row["file MB"] = found.pop("file MB", None)
                row |= {f"{way} {name}": value for name, value in found.items()}
            rows.append(row)
        file.unlink()
        title = f"Images of {SIDE} x {SIDE} read from disk, batches of 256 cropped and mirrored"
        note = (
            "resident s: the statistics of all pixels, and putting them where they fit; batch from "
            "disk: after the system was told to drop its copy of the file."
        )
        return table("streamed", title, "images", rows, note)

    def probe(self) -> Found:
        fixed = [(n, n, 10) for n in self.options.probe]
        return self._looked("probe", "Probe set, a frame", "points", fixed, "10 classes")

    def classes(self) -> Found:
        points = self.options.points
        fixed = [(n, points, n) for n in self.options.classes]
        return self._looked("classes", "Classes, a frame", "classes", fixed, f"{points:,} points")

    def _looked(
        self, name: str, title: str, axis: str, sizes: list[tuple[int, int, int]], fixed: str
    ) -> Found:
        """``sizes``: (that of the row, points, classes)."""
        rows, given = [], {"home": str(self.scratch), "frames": self.options.looks}
        for size, points, classes in sizes:
            n, path = max(2 * points, 10 * classes), self.scratch / f"{name}-{size}.npz"
            given |= {"source": made_data.npz(path, n, min(n, 2000), classes), "points": points}
            rows.append({axis: size, **self.cell("looked", **given, device=self.options.device)})
        note = f"{fixed}; ms and kB are of one frame, test outputs of up to 2,000 images with it."
        return table(name, title, axis, rows, note)

    def frames(self) -> Found:
        points, rows = self.options.points, []
        for n in self.options.frames:
            home = str(self.scratch / f"frames-{n}")
            kept = self.cell("written", home=home, frames=n, points=points, classes=10, width=WIDTH)
            own = {f"write {k}": kept.pop(k) for k in ("peak MB", "own MB") if k in kept}
            shown = self.cell("read", home=home, run=kept.pop("run")) if "run" in kept else {}
            rows.append({"frames": n, **kept, **own, **shown})
        note = (
            f"{points:,} points, {WIDTH}-d, 10 classes, made-up numbers. open: what the app sends "
            "a page that opens the run; look: what it sends while the run goes on, every second."
        )
        return table("frames", "Frames of a run", "frames", rows, note)

    def processes(self) -> Found:
        settle, cifar = 2.0 if self.options.quick else 40.0, self.options.cifar
        rows = self._tried(lambda: scale_processes.app(self.scratch / "app", settle))
        self._target("the app, a page opened, no run", rows[1:2], APP_MB)
        if cifar:
            given = (f"parquet:{cifar}", self.options.model, self.options.device)
            busy = self._tried(lambda: [scale_processes.worker(self.scratch / "worker", *given)])
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
        self.targets += [target(f"MB of {what}", r["MB"], limit) for r in rows if "MB" in r]


def table(name: str, title: str, axis: str, rows: Sequence[Row], note: str = "") -> Found:
    """The rows with, for each column of numbers, how it grows along the axis over all rows, and
    from the last size but one to the last: there a fixed cost hides less of it."""
    sound = [row for row in rows if "error" not in row]
    graded = bool(sound) and _numbers(sound, axis)
    growth: Found = {}
    for column in [c for c in sound[0] if c != axis and _numbers(sound, c)] if graded else []:
        sizes, values = [row[axis] for row in sound], [row[column] for row in sound]
        last = exponent(sizes[-2:], values[-2:])
        growth[column] = {"all": exponent(sizes, values), "last two": last}
    about = {"name": name, "title": title, "axis": axis, "note": note}
    return about | {"rows": list(rows), "exponents": growth}


def _numbers(rows: Sequence[Row], column: str) -> bool:
    return all(isinstance(row.get(column), int | float) for row in rows)


def text(found: Row) -> str:
    tables, not_run = [_table(it) for it in found["tables"]], [f"- {it}" for it in found["not_run"]]
    targets = "\n".join(report.target_table(found["targets"]))
    return "\n\n".join([report.circumstances(found), *tables, *not_run, targets])


def _table(it: Row) -> str:
    columns = list(dict.fromkeys(name for row in it["rows"] for name in row))
    lines = [columns, *([number(row.get(c, "")) for c in columns] for row in it["rows"])]
    for which in ("all", "last two"):
        grown = {c: values[which] for c, values in it["exponents"].items()}
        cells = ["" if grown.get(c) is None else f"{grown[c]:.2f}" for c in columns[1:]]
        if any(cells):
            lines.append([f"exponent, {which}", *cells])
    about = [f"## {it['title']}", *([it["note"]] if it["note"] else [])]
    return "\n\n".join([*about, "\n".join(report.table(lines))])
