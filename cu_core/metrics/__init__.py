"""What a model's outputs say about forgetting: one measure or family a file, found by a scan.

``all_metrics()`` gives every declared measure by key; ``measure(scene)`` takes them all.
"""

import hashlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

import numpy as np

from cu_core.spec import Metric, NotComputed, Over, Scene

VERSION = "2"  # to be raised when a metric that has its key already gives another value


@cache
def _registry() -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        for value in vars(import_module(f"{__name__}.{module}")).values():
            if isinstance(value, Metric) and found.setdefault(value.key, value) is not value:
                raise ImportError(f"Two metrics are called {value.key!r}; rename one.")
    return found


def all_metrics() -> dict[str, Metric]:
    """Every metric by its key."""
    return dict(_registry())


def fingerprint(*over: Over) -> str:
    """8 hex digits that change with the metrics of these kinds: kept values know their set."""
    keys = [VERSION, *sorted(key for key, metric in _registry().items() if metric.over in over)]
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:8]


def measure(
    scene: Scene, over: Over | None = None
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
