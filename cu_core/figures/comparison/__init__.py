"""The figures of several runs side by side, a file each: by class, by layer, by answer.

``figures()`` gives them by key; each one's ``info`` is given the runs in their order.
"""

import sys
from functools import cache
from typing import Any

from cu_core import registry
from cu_core.figures.comparison._figure import Compared, ComparisonFigure

__all__ = ["Compared", "ComparisonFigure", "figures"]


@cache
def figures() -> dict[str, ComparisonFigure[Any]]:
    """Every figure of a comparison by its key. ImportError when two files claim one."""
    return registry.scan(
        sys.modules[__name__], lambda m: [m.FIGURE], lambda f: f.key, "figure", "FIGURE = "
    )
