"""The map that a run starts from, beside umap-learn's: seconds, and how true each of them is.

    python -m bench reference [--cifar DIR --home HOME]

Both lay out the same embeddings of the same original models, for each of ``--seeds``; told are the
differences, ours minus theirs, of every measure of the picture. umap-learn has no classes: it
starts as it does by itself. Originals that are missing are trained first.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bench import report
from bench.report import Found
from bench.runs import asked, say
from cu_core import engine, projection
from cu_core.data.probe import make_probe
from cu_core.files import PACKAGE
from cu_core.projection.exact import fit
from cu_core.projection.layout import K, embedded, picture_quality
from cu_core.projection.neighbours import nearest
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup
from cu_core.store import Store

# A user's modules are compiled once and kept; where that is switched off, each start would pay.
ENV = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
SETS: tuple[Found, ...] = (
    {"dataset": "digits", "forget": "class:3"},
    {"dataset": "digits", "forget": "planted", "plant": "wrong-labels:0.1"},
    {"dataset": "signs", "forget": "class:3"},
    {"dataset": "signs", "forget": "planted", "plant": "trigger:0.05"},
)
CIFAR = ("class:3", "class:8", "random:0.1")
FIRST = """
import sys, time
import numpy as np
from cu_core.process import prepare
prepare()
from cu_core import projection
from cu_core.store import Store
reader = Store(sys.argv[1]).reader(sys.argv[2])
z, probe = reader.frame(0)["z"].astype(np.float32), reader.probe()
began = time.perf_counter()
projection.reference(z, 0, probe["label"])
print(time.perf_counter() - began)
"""


def main(argv: list[str]) -> int:
    return report.run("reference", argv, _options(argv), measure, text)


def _options(argv: Sequence[str]) -> argparse.Namespace:
    options = report.Options("reference", __doc__)
    options.add_argument("--cifar", metavar="DIR", help="folder of CIFAR-10's parquet files")
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    options.add_argument("--sets", type=int, default=len(SETS), help="of the built-in ones")
    options.add_argument("--home", help="where originals are taken from and kept")
    return options.read(argv)


def measure(options: argparse.Namespace, home: Path) -> Found:
    """``pairs``: of each set and seed the seconds and measures of both, and their difference."""
    sets = [*SETS[: options.sets]]
    sets += [{"dataset": f"parquet:{options.cifar}", "forget": rule} for rule in CIFAR] * bool(
        options.cifar
    )
    return {"pairs": [pair for one in sets for pair in compared(one, options.seeds, Store(home))]}


def compared(of: Found, seeds: Sequence[int], store: Store) -> list[Found]:
    named = " ".join(part.rpartition("/")[2] for part in of.values())
    say(named)
    setup = Setup(asked(model="small-cnn", **of), store.home)
    assert setup.forget is not None
    with setup.computing():
        probe = make_probe(setup.dataset, setup.forget)
        made = reference_models.ensure(store, setup, None, lambda *_: None)
        model = reference_models.load_model(store, setup, made)
        z = engine.Observer(setup.resident, probe).snapshot(model, 0).z
    points = embedded(z, "cpu", True)
    near = nearest(points, K)

    def judged(xy: Any) -> dict[str, float]:
        return picture_quality(points, near, torch.tensor(xy), probe.label, probe.is_forget)

    found = []
    for seed in seeds:
        ours = judged(projection.reference(z, seed, probe.label))
        theirs = judged(fit(points.numpy(), seed))
        apart = {key: ours[key] - theirs[key] for key in ours if key in theirs}
        found.append({"set": named, "seed": seed, "ours": ours, "apart": apart})
    return found


def first_in_a_process(store: Store, run_id: str) -> float:
    """Seconds that the reference map of a run takes in a process that has made none."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST, str(store.home), run_id],
        capture_output=True, text=True, cwd=PACKAGE.parent, env=ENV,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(json.loads(done.stdout))


def text(found: report.Row) -> str:
    pairs = found["pairs"]
    rows = [["ours minus umap-learn's", "mean", "standard deviation", "least", "n"]]
    for key in pairs[0]["apart"]:
        apart = [pair["apart"][key] for pair in pairs if key in pair["apart"]]
        middle = [statistics.mean(apart), statistics.pstdev(apart), min(apart)]
        rows.append([key, *(f"{value:+.4f}" for value in middle), str(len(apart))])
    each = [["set", "seed", "trustworthiness, ours", "beside umap-learn's"]]
    for pair in pairs:
        ours, apart = pair["ours"]["trustworthiness"], pair["apart"]["trustworthiness"]
        each.append([pair["set"], str(pair["seed"]), f"{ours:.4f}", f"{apart:+.4f}"])
    lines = [*report.table(rows), "", *report.table(each), "", report.circumstances(found)]
    return "\n".join(lines)
