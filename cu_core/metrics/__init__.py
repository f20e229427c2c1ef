"""What a model's outputs say about forgetting: one measure or family a file, found by a scan.

``all_metrics()`` gives every declared measure by key; ``measure(scene)`` takes them all.
"""

import pkgutil
from functools import cache
from importlib import import_module
from typing import Literal

import numpy as np

from cu_core.spec import Metric, NotComputed, Scene


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


def measure(
    scene: Scene, over: Literal["all", "probe"] | None = None
) -> tuple[dict[str, float | None], dict[str, str]]:
    """(values, reasons): every metric of the scene, or only those declared ``over`` one kind.

    A metric with one value a class gives ``key/0``, ``key/1``, ...; one that has no value here
    gives ``key: None`` and a reason, as does a class without one.
    """
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    for key, metric in _registry().items():
        if over not in (None, metric.over):
            continue
        try:
            result = metric.compute(scene)
        except NotComputed as why:
            values[key], reasons[key] = None, f"not computed: {why}"
            continue
        if np.ndim(result) == 0:
            values[key] = float(result)
        else:
            values |= {f"{key}/{c}": float(v) for c, v in enumerate(np.asarray(result))}
    return values, reasons
