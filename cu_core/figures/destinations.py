"""Where the forget samples went: what share of them each class gets from each model.

A model may reach the retrained model's accuracy by other mistakes; here it is seen which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cu_core.figures._classes import plain, worth_showing
from cu_core.figures._figure import MODELS, Figure, RunValues

if TYPE_CHECKING:
    import plotly.graph_objects as go

METRIC = "prediction_share"


@dataclass(frozen=True)
class Destinations:
    """``shares``: (model, percent of forget samples predicted as each of ``classes``)."""

    classes: tuple[str, ...]
    shares: tuple[tuple[str, tuple[float, ...]], ...]


def info(values: RunValues) -> Destinations | None:
    """None without the unlearned model's predictions; a model without its own is left out."""
    keys = [f"{METRIC}/{c}" for c in range(len(values.class_names))]
    known = {
        model: [values.metrics[model].get(key) for key in keys]
        for model in MODELS
        if model in values.metrics
    }
    found = {model: row for model, row in known.items() if row and None not in row}
    if "unlearned" not in found:
        return None
    classes, percent = worth_showing(values.class_names, np.array(list(found.values()), np.float64))
    rows = [tuple(round(float(v), 1) for v in row) for row in percent]
    return Destinations(classes, tuple(zip(found, rows, strict=True)))


def draw(given: Destinations) -> go.Figure:
    import plotly.graph_objects as go

    bars = [
        go.Bar(
            name=model.capitalize(),
            x=row,
            y=plain(given.classes),
            orientation="h",
            hovertemplate="%{x:.1f} % as %{y}",
        )
        for model, row in given.shares
    ]
    return go.Figure(
        bars,
        {
            "height": 110 + (16 * len(bars) + 6) * len(given.classes),
            "margin": {"l": 0, "r": 16, "t": 40, "b": 40},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "xaxis": {"range": [0, 100], "ticksuffix": " %", "title": "of the forget samples"},
            "yaxis": {"autorange": "reversed", "type": "category", "ticksuffix": "  "},
            "bargap": 0.3,
        },
    )


FIGURE = Figure(
    key="destinations",
    title="Where the forget samples are answered",
    help="The share of the forget samples that each model predicts as each class. Forgetting is "
    "as good as retraining where the unlearned model's bars are as long as the retrained one's.",
    info=info,
    draw=draw,
)
