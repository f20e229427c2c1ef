"""The figures of a sweep, a file each: the front, the heat map of two knobs, parallel coordinates.

``figures()`` gives them by key; each one's ``info`` is given a sweep's request and progress.
"""

import sys
from functools import cache
from typing import Any

from cu_core import registry
from cu_core.figures.sweeps._figure import SweepFigure

__all__ = ["SweepFigure", "figures"]


@cache
def figures() -> dict[str, SweepFigure[Any]]:
    """Every figure of a sweep by its key. ImportError when two files claim one."""
    return registry.scan(
        sys.modules[__name__], lambda m: [m.FIGURE], lambda f: f.key, "figure", "FIGURE = "
    )
