"""How many forget samples an attack finds at how many false alarms: a line a model.

Both axes are logarithmic, because what an attacker is sure of lies at few false alarms. A rate of
none is drawn at the lower edge, half a sample up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from cu_core.metrics.attacked import Attacked
from cu_core.spec import Estimated

if TYPE_CHECKING:
    import plotly.graph_objects as go

Rates = tuple[float, ...]
BAND_OPACITY = 0.16
TICKS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
DASHES = ("solid", "dash", "dot")  # of the models in their order, for those who see no colours

HELP = (
    "Of each threshold, the share of forget samples that are found and of test samples that are "
    "wrongly called members, with the 95 % interval; the mark is the threshold that is set. What "
    "lies along the dotted line is guessing."
)


@dataclass(frozen=True)
class Line:
    """``wrong``, ``found``: false and true positive rates (0 to 1) of every threshold;
    ``low``, ``high``: ends of the interval of ``found`` at each of ``levels`` of ``wrong``;
    ``at``: the rates of the threshold that a person has chosen."""

    model: str
    wrong: Rates
    found: Rates
    levels: Rates
    low: Rates
    high: Rates
    auc: Estimated
    at: tuple[float, float]


@dataclass(frozen=True)
class Roc:
    """``n_forget``, ``n_test``: samples that the rates are of."""

    n_forget: int
    n_test: int
    lines: tuple[Line, ...]


def info(attacked: Attacked, models: Sequence[str], cut: float) -> Roc | None:
    """None where none of the models has scores. ``cut``: a score."""
    lines = []
    for model in models:
        auc = attacked.readings[model].auc if model in attacked.scores else None
        if auc is not None:
            lines.append(_line(attacked, model, cut, auc))
    if not lines:
        return None
    return Roc(len(attacked.rows["forget"]), len(attacked.rows["test"]), tuple(lines))


def _line(attacked: Attacked, model: str, cut: float, auc: Estimated) -> Line:
    _, wrong, found = attacked.curve(model)
    low, high = attacked.bands[model]
    at = attacked.counts(model, cut)
    return Line(
        model=model,
        wrong=tuple(wrong.tolist()),
        found=tuple(found.tolist()),
        levels=tuple(attacked.levels().tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        auc=auc,
        at=(at["test"].hits / at["test"].n, at["forget"].hits / at["forget"].n),
    )


def draw(given: Roc, colours: Sequence[str]) -> go.Figure:
    """``colours``: of the lines, in their order."""
    import plotly.graph_objects as go

    least_x, least_y = 0.5 / given.n_test, 0.5 / given.n_forget
    traces = []
    for line, colour, dash in zip(given.lines, colours, DASHES, strict=False):
        traces += [
            _band(line, least_x, least_y, colour),
            _curve(line, least_x, least_y, colour, dash),
            _point(line, least_x, least_y, colour),
        ]
    chance = np.geomspace(max(least_x, least_y), 1.0, 2)
    traces.append(
        go.Scatter(
            name="Guessing", x=chance, y=chance, mode="lines", hoverinfo="skip",
            line={"width": 1, "color": colours[-1], "dash": "dot"},
        )
    )  # fmt: skip
    ticks = {"tickvals": TICKS, "ticktext": [f"{100 * tick:g} %" for tick in TICKS]}
    rate = {"type": "log", "zeroline": False, **ticks}
    return go.Figure(
        traces,
        {
            "height": 398,
            "margin": {"l": 0, "r": 16, "t": 40, "b": 48},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
            "xaxis": rate | {"title": "false alarms", "range": [log10(least_x), 0.02]},
            "yaxis": rate | {"title": "forget samples found", "range": [log10(least_y), 0.05]},
        },
    )


def _curve(line: Line, least_x: float, least_y: float, colour: str, dash: str) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        name=line.model.capitalize(),
        x=np.maximum(line.wrong, least_x),
        y=np.maximum(line.found, least_y),
        customdata=np.stack([line.wrong, line.found], 1),
        hovertemplate="%{customdata[1]:.1%} found at %{customdata[0]:.2%} false alarms",
        mode="lines",
        line={"shape": "hv", "color": colour, "width": 2, "dash": dash},
        legendgroup=line.model,
    )


def _band(line: Line, least_x: float, least_y: float, colour: str) -> go.Scatter:
    """The 95 % interval, from edge to edge and back."""
    import plotly.graph_objects as go

    x = np.repeat(line.levels, 2)[1:]  # each level's interval holds to the next, as the curve does
    ends = [np.maximum(np.repeat(end, 2)[:-1], least_y) for end in (line.low, line.high)]
    return go.Scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([ends[0], ends[1][::-1]]),
        mode="lines",
        line={"width": 0, "color": colour},
        fill="toself",
        fillcolor=colour,
        opacity=BAND_OPACITY,
        hoverinfo="skip",
        showlegend=False,
        legendgroup=line.model,
    )


def _point(line: Line, least_x: float, least_y: float, colour: str) -> go.Scatter:
    """Where the chosen threshold lies."""
    import plotly.graph_objects as go

    wrong, found = line.at
    return go.Scatter(
        x=[max(wrong, least_x)],
        y=[max(found, least_y)],
        mode="markers",
        marker={"size": 11, "color": colour, "symbol": "diamond"},
        hovertemplate=f"at the threshold: {found:.1%} found at {wrong:.2%} false alarms"
        f"<extra>{line.model.capitalize()}</extra>",
        showlegend=False,
        legendgroup=line.model,
    )
