"""What a model's outputs say about forgetting: one measure or family a file, found by a scan.

``all_metrics()`` gives every declared measure by key; ``measure(scene)`` takes them all.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from cu_core import registry
from cu_core.metrics._attack import Attack
from cu_core.spec import Ints, Metric, ModelOutputs, NotComputed, Over

# What the attacks and probes learn with: a second to load, and only the end of a run asks for it.
LEARNERS = ("sklearn.linear_model", "sklearn.model_selection", "sklearn.svm")
VERSION = "4"  # to be raised when a metric that has its key gives another value, or more of them


@cache
def _registry() -> dict[str, Metric]:
    here = sys.modules[__name__]
    return registry.scan(here, declared, lambda m: m.key, "metric", group="lethe.metrics")


def declared(module: ModuleType) -> list[Metric]:
    """Those made in this file, not those it imports from another."""
    found = [value for value in vars(module).values() if isinstance(value, Metric)]
    return [metric for metric in found if metric.compute.__module__ == module.__name__]


def all_metrics() -> dict[str, Metric]:
    """Every metric by its key."""
    return dict(_registry())


@cache
def attacks() -> dict[str, Attack]:
    """Every attack of membership inference by its key."""
    here = sys.modules[__name__]

    def declared_in(module: ModuleType) -> list[Attack]:
        return [value for value in vars(module).values() if isinstance(value, Attack)]

    return registry.scan(here, declared_in, lambda a: a.key, "attack", group="lethe.metrics")


def fingerprint(*over: Over) -> str:
    """8 hex digits that change with the metrics of these kinds: kept values know their set."""
    keys = [VERSION, *sorted(key for key, metric in _registry().items() if metric.over in over)]
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:8]


def counts(
    is_forget: NDArray[np.bool_], test_label: Ints, forget_classes: Sequence[int], *over: Over
) -> dict[str, int]:
    """How many samples each percentage of these kinds is a share of, by key: of the training
    samples ``is_forget`` (P,) is of and the test samples. Shares of nothing are left out."""
    gone = np.isin(test_label, forget_classes)
    sizes = {
        "forget": int(is_forget.sum()),
        "retain": int((~is_forget).sum()),
        "test": len(test_label),
        "kept test": int((~gone).sum()),
        "forgotten test": int(gone.sum()) if len(forget_classes) else 0,
    }
    found = {k: sizes.get(m.of, 0) for k, m in _registry().items() if m.over in over}
    return {key: n for key, n in found.items() if n}


def measure(
    scene: ModelOutputs, over: Over | None = None
) -> tuple[dict[str, float | None], dict[str, str]]:
    """(values, reasons) of the metrics ``over`` one kind; None: all that need no references.

    A metric with one value a class gives ``key/0``, ``key/1``, ...; one with named parts
    ``key/low``, ``key/high``, ...; one that has no value here gives ``key: None`` and a reason.
    """
    kinds = ("all", "probe") if over is None else (over,)
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for key, metric in _registry().items():
        if metric.over not in kinds:
            continue
        try:
            result = metric.compute(scene)
        except NotComputed as why:
            values[key], reasons[key] = None, f"not computed: {why}"
            continue
        if isinstance(result, Mapping):
            values |= {f"{key}/{p}" if p else key: float(v) for p, v in result.items()}
        elif np.ndim(result) == 0:
            values[key] = float(result)
        else:
            values |= {f"{key}/{c}": float(v) for c, v in enumerate(np.asarray(result))}
    return values, reasons
