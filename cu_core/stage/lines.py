"""A run's metric rows as the curves that the Stage draws, each with its references."""

from __future__ import annotations

import math
from typing import Any

from cu_core.spec import RATIO, Catalog, RunProgress, RunRecord

CURVE_POINTS = 600  # a curve on the wire; a screen has no more columns to show it in
ACCURACIES = ("ra", "ta")
PLANTED = ("planted_home", "planted_trigger")  # of runs on data in which something was planted
OF_FORGET = ("knn_probe_forget", "centrality")  # a panel each, whose title says what is measured

Curves = dict[str, tuple[list[int], list[float | None]]]


def curves(
    known: Curves, record: RunRecord, progress: RunProgress, catalog: Catalog
) -> list[dict[str, Any]]:
    """The Stage's curves: accuracies, the probe, what became of planted samples, how far out the
    forget samples lie between the other classes, and every loss term, each with its references."""
    declared = {metric.key: metric for metric in catalog.metrics}
    is_class = bool(progress.forget.classes)
    forget = "forget_acc_test" if is_class else "forget_acc_train"
    wanted = [(forget, "accuracy"), *((key, "accuracy") for key in ACCURACIES)]
    wanted.append(("knn_probe_forget", "probe"))
    wanted += [(key, "planted") for key in PLANTED if _has_values(known, key)]
    wanted.append(("centrality", "between"))
    wanted += [(name, "loss") for name in known if name.startswith("loss/")]
    found = []
    for name, group in wanted:
        if name not in known:
            continue
        metric = declared.get(name)
        steps, values = _decimated(*known[name])
        line = {
            "key": name,
            "title": metric.title if metric else name.removeprefix("loss/"),
            "unit": metric.unit if metric and metric.unit != RATIO else "",
            "group": group,
            **({"short": "Forget samples"} if name in OF_FORGET else {}),
            "original": (record.summary.original or progress.original).get(name),
            "retrained": (record.summary.retrained or progress.retrained).get(name),
        }
        found.append({**line, "steps": steps, "values": values})
    return found


def _has_values(known: Curves, name: str) -> bool:
    return any(value is not None for value in known.get(name, ((), ()))[1])


def _decimated(steps: list[int], values: list[Any]) -> tuple[list[int], list[Any]]:
    """Every k-th point and the last one."""
    k = math.ceil(len(steps) / CURVE_POINTS) or 1
    pick = [i for i in range(len(steps)) if i % k == 0 or i == len(steps) - 1]
    return [steps[i] for i in pick], [values[i] for i in pick]
