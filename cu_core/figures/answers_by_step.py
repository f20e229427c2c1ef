"""When the forget samples went where they went: what the model answers for them, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cu_core.figures._classes import plain, worth_showing
from cu_core.figures._figure import Figure, RunValues

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class AnswersByStep:
    """``shares``: for each of ``classes``, the percent of the map's forget samples that are
    predicted as it at each of ``steps``."""

    classes: tuple[str, ...]
    steps: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]


def info(values: RunValues) -> AnswersByStep | None:
    """None for a run of fewer than two frames, or without a forget sample among the probe's."""
    forget = values.pred[:, values.is_forget] if len(values.steps) > 1 else np.zeros((0, 0), int)
    if not forget.size:
        return None
    count = [np.bincount(row, minlength=len(values.class_names)) for row in forget]
    classes, percent = worth_showing(values.class_names, 100.0 * np.array(count) / forget.shape[1])
    rows = tuple(tuple(round(float(v), 1) for v in row) for row in percent.T)
    return AnswersByStep(classes, values.steps, rows)


def draw(given: AnswersByStep) -> go.Figure:
    import plotly.graph_objects as go

    strip = go.Heatmap(
        x=given.steps,
        y=plain(given.classes),
        z=given.shares,
        zmin=0,
        zmax=100,
        colorbar={"ticksuffix": " %", "outlinewidth": 0, "thickness": 12},
        hovertemplate="step %{x}: %{z:.1f} % as %{y}<extra></extra>",
    )
    return go.Figure(
        strip,
        {
            "height": 120 + 28 * len(given.classes),
            "margin": {"l": 0, "r": 0, "t": 16, "b": 40},
            "xaxis": {"title": "step", "showgrid": False},
            "yaxis": {"autorange": "reversed", "type": "category", "ticksuffix": "  "},
        },
    )


FIGURE = Figure(
    key="answers_by_step",
    title="Answers for the forget samples, step by step",
    help="The share of the map's forget samples that are predicted as each class. The row of a "
    "class that is forgotten fades; the rows that fill say where its samples go, and when.",
    info=info,
    draw=draw,
)
