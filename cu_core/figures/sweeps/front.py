"""The front: two objectives against each other, and where retraining again would lie.

Of a sweep with one objective: its values in the order of the trials.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cu_core.figures.sweeps import _marks as marks
from cu_core.figures.sweeps._figure import SweepFigure
from cu_core.spec import OBJECTIVES, SweepProgress, SweepRequest

if TYPE_CHECKING:
    import plotly.graph_objects as go

SQUEEZED = 0.25  # of all trials' reach, in x and in y: a shorter front cannot be read among them
LABELS = 12  # marks on the front that have their number beside them
TRIAL = "trial"  # what lies along the axis of a sweep with one objective
Window = tuple[tuple[float, float], tuple[float, float]]  # ends of x and of y


@dataclass(frozen=True)
class Point:
    """``kind``: of ``_marks.MARKERS``; ``colour``: place among the colours."""

    number: int
    x: float
    y: float
    kind: str
    colour: int


@dataclass(frozen=True)
class Front:
    """``axes``: labels of x and y; ``line``: corners of the front, from left to right, of which
    ``shape`` says how the steps between them go, round what they are better than; ``band``: how
    far retrained seeds lie apart in x and y, None where that is not known or 0 is not the
    retrained model's value; ``near``: the plot's ends around a front that is short among all
    trials, None where it can be read as it is."""

    axes: tuple[str, str]
    points: tuple[Point, ...]
    line: tuple[tuple[float, float], ...]
    shape: Literal["hv", "vh"]
    band: tuple[float | None, float | None]
    near: Window | None = None


def info(request: SweepRequest, progress: SweepProgress) -> Front | None:
    """Of the first two objectives; None before a trial has values."""
    pair = request.objectives[:2]
    alone = len(pair) == 1
    places = marks.colours(progress.trials, pair[0])
    points = []
    for trial in marks.shown(progress):
        values = [marks.number(trial.values.get(key)) for key in pair]
        x, y = (float(trial.number), values[0]) if alone else (values[0], values[-1])
        if x is not None and y is not None:
            place = places[trial.number]
            points.append(Point(trial.number, x, y, marks.kind(trial), place))
    if not points:
        return None
    widths = [progress.band.get(key) if OBJECTIVES[key].zero else None for key in pair]
    axes = [marks.label(key) for key in pair]
    line = () if alone else _line(points, pair)
    return Front(
        (TRIAL, axes[0]) if alone else (axes[0], axes[1]),
        tuple(points),
        line,
        "vh" if OBJECTIVES[pair[0]].better == "high" else "hv",
        (None, widths[0]) if alone else (widths[0], widths[1]),
        _near(points, line),
    )


def _near(points: list[Point], line: tuple[tuple[float, float], ...]) -> Window | None:
    """Around the front and as far again on each side, where it takes little of the plot."""
    if len(line) < 2:
        return None
    whole = [_ends(values) for values in zip(*((p.x, p.y) for p in points), strict=True)]
    front = [_ends(values) for values in zip(*line, strict=True)]
    pairs = zip(front, whole, strict=True)
    if any(high - low > SQUEEZED * (end - start) for (low, high), (start, end) in pairs):
        return None
    x, y = ((low - (high - low), high + (high - low)) for low, high in front)
    return x, y


def _ends(values: tuple[float, ...]) -> tuple[float, float]:
    return min(values), max(values)


def _line(points: list[Point], pair: tuple[str, ...]) -> tuple[tuple[float, float], ...]:
    """The points that none is better than in both, from left to right."""
    x, y = (-1 if OBJECTIVES[key].better == "high" else 1 for key in pair)
    line: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda p: (x * p.x, y * p.y)):
        if point.kind != "fault" and (not line or y * point.y < y * line[-1][1]):
            line.append((point.x, point.y))
    return tuple(sorted(line))


def draw(given: Front, chosen: Collection[int]) -> go.Figure:
    """``chosen`` trials keep their colour, the others fade."""
    import plotly.graph_objects as go

    traces: list[Any] = []
    if given.line:
        steps = {"mode": "lines", "line": {"color": marks.LINE, "width": 1.5, "shape": given.shape}}
        x, y = zip(*given.line, strict=True)
        traces.append(go.Scatter(name="the front", x=x, y=y, hoverinfo="skip", **steps))
    names = {"plain": "other trials", "front": "on the front", "fault": "below the floor"}
    for kind, symbol in marks.MARKERS.items():
        own = [point for point in given.points if point.kind == kind]
        if own:
            traces.append(_marked(own, names[kind], symbol, given, chosen))
    shapes = _band(given)
    x_ends, y_ends = given.near or (None, None)
    return go.Figure(
        traces,
        {
            **marks.SIDE_BY_SIDE,
            "xaxis": {"title": given.axes[0], "zeroline": False, "range": x_ends},
            "yaxis": {"title": given.axes[1], "zeroline": False, "range": y_ends},
            "shapes": shapes,
            "annotations": _band_words(given) if shapes else [],
        },
    )


def _marked(
    own: list[Point], name: str, symbol: str, given: Front, chosen: Collection[int]
) -> go.Scatter:
    import plotly.graph_objects as go

    fault = symbol == marks.MARKERS["fault"]
    named = symbol == marks.MARKERS["front"] and len(own) <= LABELS
    return go.Scatter(
        name=name,
        x=[p.x for p in own],
        y=[p.y for p in own],
        customdata=[p.number for p in own],
        text=[f"{p.number}" for p in own],
        textposition="top right",
        mode="markers+text" if named else "markers",
        marker={
            "symbol": symbol,
            "opacity": 1,
            "size": [12 if p.number in chosen else 9 for p in own],
            "color": [
                (marks.FAULT if fault else marks.COLOURS[p.colour])
                if marks.strong(p.number, chosen)
                else marks.FADED
                for p in own
            ],
        },
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        hovertemplate=f"trial %{{customdata}}<br>{given.axes[0]} %{{x:.3g}}<br>{given.axes[1]} "
        "%{y:.3g}<extra></extra>",
    )


def _band(given: Front) -> list[dict[str, Any]]:
    """The box at (0, 0) in which another retrained seed may lie; a strip where only one side is
    known."""
    width, height = given.band
    if width is None and height is None:
        return []
    x = {"x0": 0, "x1": 1, "xref": "x domain"} if width is None else {"x0": 0, "x1": width}
    y = {"y0": 0, "y1": 1, "yref": "y domain"} if height is None else {"y0": 0, "y1": height}
    look = {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": marks.BAND}
    return [{**look, **x, **y}]


def _band_words(given: Front) -> list[dict[str, Any]]:
    width, height = given.band
    x = {"x": 0, "xref": "x domain"} if width is None else {"x": 0, "xref": "x"}
    y = {"y": 0, "yref": "y"} if height is None else {"y": height, "yref": "y"}
    look = {"showarrow": False, "xanchor": "left", "yanchor": "bottom", "xshift": 4}
    return [{**look, **x, **y, "text": "retrained seeds"}]


FIGURE = SweepFigure(
    key="front",
    title="The front",
    help="A mark a trial; a diamond with its number is on the front: no other trial is better in "
    "every objective. A grey box is what retraining again with another seed does.",
    info=info,
    draw=draw,
)
