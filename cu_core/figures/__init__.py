"""Plotly figures of a run, one a file, found by a scan: numbers first, then their drawing.

``figures()`` gives them by key; ``RunValues`` is what each is made from. Plotly is imported when
something is drawn, not before.
"""

import sys
from functools import cache
from typing import Any

from cu_core import registry
from cu_core.figures._figure import MODELS, Figure, RunValues

__all__ = ["MODELS", "Figure", "RunValues", "figures"]


@cache
def figures() -> dict[str, Figure[Any]]:
    """Every figure by its key. ImportError when two files claim one."""
    return registry.scan(
        sys.modules[__name__],
        lambda module: [v for v in vars(module).values() if isinstance(v, Figure)],
        lambda item: item.key,
        "figure",
        group="lethe.figures",
    )
