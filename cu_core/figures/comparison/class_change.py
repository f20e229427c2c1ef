"""How the accuracy on each class has changed, beside one another: what forgetting cost the others.

Counted on the samples of the map, from the first frame, the original model's, to the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cu_core.figures._figure import RunValues
from cu_core.figures.comparison._figure import Compared, ComparisonFigure
from cu_core.figures.comparison._grid import grid

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROOM = 20  # classes: those that change most


@dataclass(frozen=True)
class ClassChange:
    """``points[class][run]``: change of the accuracy in points; None without a sample of it."""

    classes: tuple[str, ...]
    runs: tuple[str, ...]
    points: tuple[tuple[float | None, ...], ...]


def info(runs: Sequence[Compared]) -> ClassChange | None:
    """None where the classes are not the same, or a run has no two frames."""
    names = {run.values.class_names for run in runs}
    if len(runs) < 2 or len(names) != 1 or not all(_known(run.values) for run in runs):
        return None
    (classes,) = names
    change = np.stack([_change(run.values) for run in runs], 1)  # (C, runs)
    most = np.nan_to_num(np.abs(change)).max(1)
    kept = sorted(np.argsort(-most, kind="stable")[:ROOM].tolist())
    return ClassChange(
        tuple(classes[c] for c in kept),
        tuple(run.name for run in runs),
        tuple(tuple(None if np.isnan(v) else round(float(v), 1) for v in change[c]) for c in kept),
    )


def _known(values: RunValues) -> bool:
    return values.label is not None and len(values.steps) > 1


def _change(values: RunValues) -> NDArray[np.float64]:
    """(C,) points; NaN for a class without a sample."""
    label = np.asarray(values.label)
    count = np.bincount(label, minlength=len(values.class_names)).astype(float)
    first, last = (
        np.bincount(label[values.pred[k] == label], minlength=len(count)) for k in (0, -1)
    )
    points: NDArray[np.float64] = np.full(len(count), np.nan)
    np.divide(100.0 * (last - first), count, out=points, where=count > 0)
    return points


def draw(given: ClassChange) -> go.Figure:
    return grid(given.classes, given.runs, given.points, "+.1f")


FIGURE = ComparisonFigure(
    key="class_change",
    title="Accuracy by class, change in points",
    help="From the original model to the end of each run, on the samples of the map. Forgetting "
    "well changes the class to forget alone.",
    info=info,
    draw=draw,
)
