"""What an attack says of the samples of each side: a row a model, over one axis of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cu_core.metrics.attacked import Attacked

if TYPE_CHECKING:
    import plotly.graph_objects as go

BINS = 40
ENDS = (0.5, 99.5)  # percentiles of all scores: what lies beyond is in the outermost bins
ROOM = 0.86  # of a row's height that its highest bin takes
DASHES = {"forget": "solid", "test": "dash", "retain": "dot"}  # for those who see no colours

HELP = (
    "The scores of each side's samples, each side drawn in parts of itself. What lies right of the "
    "line is called a member. Where forget and test samples lie alike, nothing is told."
)


@dataclass(frozen=True)
class Row:
    """``counts``: of each side, how many of its samples lie in each bin."""

    model: str
    counts: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Histogram:
    """``edges``: of the bins, as scores are shown; ``cut``: the threshold, in the same."""

    axis: str
    edges: tuple[float, ...]
    rows: tuple[Row, ...]
    cut: float


def info(attacked: Attacked, models: Sequence[str], cut: float) -> Histogram | None:
    """None where none of the models has scores. ``cut``: a score."""
    shown = attacked.attack.shown
    found = {
        model: {side: shown(score) for side, score in attacked.scores[model].items()}
        for model in models
        if model in attacked.scores
    }
    if not found:
        return None
    every = np.concatenate([score for sides in found.values() for score in sides.values()])
    low, high = np.percentile(every, ENDS)
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    rows = tuple(
        Row(model, tuple((side, _counts(score, edges)) for side, score in sides.items()))
        for model, sides in found.items()
    )
    place = float(np.clip(shown(np.array([cut]))[0], edges[0], edges[-1]))
    return Histogram(attacked.attack.axis, tuple(edges.tolist()), rows, place)


def _counts(score: np.ndarray, edges: np.ndarray) -> tuple[int, ...]:
    inside = np.clip(score, edges[0], edges[-1])
    return tuple(np.histogram(inside, edges)[0].tolist())


def draw(given: Histogram, colours: Sequence[str]) -> go.Figure:
    """``colours``: of the sides, in the order of DASHES, and of the threshold."""
    import plotly.graph_objects as go

    paint = dict(zip(DASHES, colours, strict=False))
    tall = max(max(_shares(counts)) for row in given.rows for _, counts in row.counts)
    sides = [side for side in DASHES if any(side in dict(row.counts) for row in given.rows)]
    return go.Figure(
        [*(_outline(given, side, tall, paint[side]) for side in sides), _cut(given, colours[-1])],
        {
            "height": 110 + 96 * len(given.rows),
            "margin": {"l": 0, "r": 16, "t": 40, "b": 48},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "xaxis": {"title": given.axis, "zeroline": False, "range": _range(given)},
            "yaxis": {
                "tickvals": [_base(given, i) for i in range(len(given.rows))],
                "ticktext": [f"{row.model.capitalize()}  " for row in given.rows],
                "range": [-0.05, len(given.rows)],
                "showgrid": False,
                "zeroline": False,
            },
        },
    )


def _cut(given: Histogram, colour: str) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        name="Threshold",
        x=[given.cut, given.cut],
        y=[-0.05, len(given.rows)],
        mode="lines",
        line={"color": colour, "width": 2},
        hovertemplate="threshold %{x:.3g}<extra></extra>",
    )


def _range(given: Histogram) -> list[float]:
    room = 0.02 * (given.edges[-1] - given.edges[0])
    return [given.edges[0] - room, given.edges[-1] + room]


def _base(given: Histogram, row: int) -> int:
    """Where a row stands: the first one is the highest."""
    return len(given.rows) - 1 - row


def _shares(counts: Sequence[int]) -> list[float]:
    """Percent of a side's samples in each bin."""
    return [100.0 * count / max(sum(counts), 1) for count in counts]


def _outline(given: Histogram, side: str, tall: float, colour: str) -> go.Scatter:
    """The side's steps in every row: one line, broken between the rows."""
    import plotly.graph_objects as go

    x: list[float | None] = []
    y: list[float | None] = []
    told: list[str] = []
    for i, row in enumerate(given.rows):
        counts, base = dict(row.counts).get(side), _base(given, i)
        if counts is None:
            continue
        heights = [base + ROOM * share / tall for share in _shares(counts)]
        said = [f"{count:,} of {sum(counts):,}" for count in counts]
        x += [given.edges[0], *np.repeat(given.edges, 2)[1:-1].tolist(), given.edges[-1], None]
        y += [base, *np.repeat(heights, 2).tolist(), base, None]
        told += [said[0], *np.repeat(said, 2).tolist(), said[-1], ""]
    return go.Scatter(
        name=side.capitalize(),
        x=x,
        y=y,
        customdata=told,
        hovertemplate=f"{side}: %{{customdata}} at %{{x:.3g}}<extra></extra>",
        mode="lines",
        line={"color": colour, "width": 1.5, "dash": DASHES[side]},
        fill="toself" if side == "forget" else "none",
        fillcolor=colour,
        opacity=0.85,
    )
