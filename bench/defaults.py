"""What each default knob is chosen by: classes and images that no table reports.

    python -m bench defaults --methods ssd coun
    python -m bench defaults --methods contrastive --model timm:test_vit --size 32 --epochs 12

A fifth of the training part is put aside as a validation part and nothing else is looked at: not
the test part, and none of the classes that tables report (3, 5 and 8 of digits). One, two and
three classes are forgotten, so that a default has to scale. Of each setting: percent of the
forgotten classes still answered right, and points of accuracy lost on the others, both on the
validation part, mean and worst over forget sets and seeds. The one whose worst sum of the two is
the least is the default; of settings within a point of it, the first in the list. One that makes
more than half of the updates of a training is none: retraining would be as cheap.

The same rule chooses the presets of a kind of network that a default does not suit: name it by
``--model``, and the method.
"""

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench import report
from bench.runs import asked, say, trained
from cu_core import data, engine
from cu_core.data.stratify import split
from cu_core.models.evaluate import outputs
from cu_core.runs import reference_models
from cu_core.runs.resolve import Setup, make_job, method_of
from cu_core.store import Store

VALIDATION = 0.2  # of the training part
FORGET = ("class:1", "class:6", "class:0,6", "class:2,9", "class:1,4,7")
NEAR = 1.0  # points: settings as good as the best
DEAREST = 0.5  # of the updates of a training
TRIED: dict[str, tuple[dict[str, Any], ...]] = {
    "ssd": tuple({"reach": reach} for reach in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)),
    "neg-grad-plus": (
        *({"beta": beta, "epochs": 5} for beta in (0.99, 0.98, 0.95)),
        *({"beta": 0.99, "epochs": epochs} for epochs in (8, 10, 15)),
        *({"beta": beta, "epochs": 10} for beta in (0.98, 0.95)),
    ),
    "gradient-ascent": (
        {"lr": 1e-3, "epochs": 10},
        {"lr": 5e-3, "epochs": 10},
        *({"lr": lr, "epochs": 20} for lr in (1e-3, 1.5e-3, 2e-3)),
        {"lr": 1e-3, "epochs": 30},
    ),
    "coun": (
        *({"contrast_weight": w, "epochs": 10, "lr": 5e-2} for w in (0.3, 0.6, 1.0)),
        {"contrast_weight": 0.3, "epochs": 10, "lr": 0.1},
        *({"contrast_weight": 0.3, "epochs": 20, "lr": lr} for lr in (5e-2, 0.1)),
        {"contrast_weight": 1.0, "epochs": 20, "lr": 0.1},
    ),
}

RATES: dict[str, tuple[dict[str, Any], ...]] = {  # of presets; the first is the default
    "contrastive": tuple({"lr": lr} for lr in (1e-2, 3e-3, 1e-3)),
    "fine-tune": tuple({"lr": lr} for lr in (1e-2, 3e-2, 1e-1)),
}


def main(argv: list[str]) -> int:
    options = report.Options("defaults", __doc__)
    add = options.add_argument
    known = list(TRIED | RATES)
    add("--methods", nargs="+", default=list(TRIED), choices=known, help="(all defaults)")
    add("--model", default="small-cnn", help="the network")
    add("--size", type=int, help="pixels a side")
    add("--epochs", type=int, help="of the originals (else the recipe's own)")
    add("--dataset", default="digits", help="whose training part is split")
    add("--forget", nargs="+", default=list(FORGET), help="what to forget")
    add("--seeds", nargs="+", type=int, default=[0, 1], help="of the originals")
    add("--home", help="where trained models are kept (else nowhere)")
    return report.run("defaults", argv, options.read(argv), measure, text)


def measure(options: argparse.Namespace, home: Path) -> report.Found:
    store = Store(home)
    key = put_aside(options.dataset, home)
    rows = []
    for method in options.methods:
        for knobs in (TRIED | RATES)[method]:
            cells = list(cells_of(store, key, method, knobs, options))
            sums = [cell["left"] + cell["lost"] for cell in cells]
            cost = max(cell["cost"] for cell in cells)
            rows.append({"method": method, "knobs": knobs, "cells": cells})
            rows[-1] |= {"worst": max(sums), "cost": cost}
            say(f"{method} {knobs}: worst {max(sums):.1f}, {cells}")
    return {"rows": rows, "chosen": {method: chosen(rows, method) for method in options.methods}}


def put_aside(dataset: str, home: Path) -> str:
    """The key of the training part alone, its validation part in the place of the test part."""
    whole = data.load(dataset, home)
    keep, validation = split(whole.train_y, round(VALIDATION * len(whole.train_y)), seed=1)
    path = home / "validation.npz"
    x = whole.train_x.transpose(0, 2, 3, 1) if whole.is_image else whole.train_x
    parts = {"train": keep, "test": validation}
    arrays: dict[str, Any] = {f"x_{name}": x[rows] for name, rows in parts.items()}
    arrays |= {f"y_{name}": whole.train_y[rows] for name, rows in parts.items()}
    np.savez(path, **arrays)
    return f"npz:{path}"


def cells_of(
    store: Store, key: str, method: str, knobs: dict[str, Any], options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    for rule in options.forget:
        for seed in options.seeds:
            request = asked(
                dataset=key,
                size=options.size,
                model=options.model,
                train_epochs=options.epochs,
                forget=rule,
                method=method,
                hparams=knobs,
                model_seed=seed,
            )
            yield {"forget": rule, "seed": seed} | unlearned(store, Setup(request, store.home))


def unlearned(store: Store, setup: Setup) -> dict[str, float]:
    """Percent of the forgotten classes that are left, points lost on the others, and the updates
    as a share of a training's."""
    assert setup.forget is not None
    request: Any = setup.request
    original = trained(store, request).id
    model = reference_models.load_model(store, setup, original)
    before = accuracies(setup, model)
    method = method_of(request, setup.forget)
    job = make_job(setup, method, model)
    with setup.computing():
        engine.begin(method, job)
        for _ in engine.run(method, job):
            pass
    left, kept = accuracies(setup, job.model)
    trainings = method.total_steps(job) / (setup.recipe.epochs * job.retain.n_batches)
    return {"left": left, "lost": max(0.0, before[1] - kept), "cost": trainings}


def accuracies(setup: Setup, model: Any) -> tuple[float, float]:
    """Percent right of the forgotten and of the other classes, on the validation part."""
    assert setup.forget is not None
    logits, _ = outputs(model, setup.resident.test_x, setup.resident.normalise)
    y = setup.dataset.test_y
    right, gone = logits.argmax(1) == y, np.isin(y, setup.forget.classes)
    return 100.0 * float(right[gone].mean()), 100.0 * float(right[~gone].mean())


def chosen(rows: list[dict[str, Any]], method: str) -> dict[str, Any]:
    """The first setting that is as good as the best, of those that may be one."""
    own = [row for row in rows if row["method"] == method and row["cost"] <= DEAREST]
    best = min(row["worst"] for row in own)
    knobs: dict[str, Any] = next(row["knobs"] for row in own if row["worst"] <= best + NEAR)
    return knobs


def text(found: report.Row) -> str:
    heads = ["", "left, mean", "worst", "lost, mean", "worst", "worst sum", "updates / training"]
    lines = [[*heads, "chosen"]]
    for row in found["rows"]:
        name = f"{row['method']}: " + ", ".join(f"{k} {v}" for k, v in row["knobs"].items())
        sides = [[cell[side] for cell in row["cells"]] for side in ("left", "lost")]
        figures = [f(side) for side in sides for f in (statistics.fmean, max)]
        mark = "yes" if row["knobs"] == found["chosen"][row["method"]] else ""
        told = [f"{v:.1f}" for v in (*figures, row["worst"])]
        lines.append([name, *told, f"{row['cost']:.2f}", mark])
    return "\n".join([*report.table(lines), "", report.circumstances(found)])
