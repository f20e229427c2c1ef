"""Parallel coordinates: an axis a knob and an objective, a line a trial.

Plain lines and marks, for Streamlit tells of no selection in Plotly's own kind: a box round marks
of an axis is a brush.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from cu_core.figures.sweeps import _marks as marks
from cu_core.figures.sweeps._figure import SweepFigure
from cu_core.spec import Axis, SweepProgress, SweepRequest, Trial

if TYPE_CHECKING:
    import plotly.graph_objects as go

WIDE = 14  # letters of a line under an axis


@dataclass(frozen=True)
class Scale:
    """An axis: ``ticks``: (place 0..1, what stands there)."""

    title: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Line:
    """``places``: 0..1 on each axis, None where a trial has no value there."""

    number: int
    places: tuple[float | None, ...]
    texts: tuple[str, ...]
    kind: str
    colour: int | None


@dataclass(frozen=True)
class Parallel:
    scales: tuple[Scale, ...]
    lines: tuple[Line, ...]


def info(request: SweepRequest, progress: SweepProgress) -> Parallel | None:
    """None before a trial has ended."""
    trials = marks.shown(progress)
    if not trials:
        return None
    places = marks.colours(progress.trials, request.objectives[0])
    spans = {key: _span([trial.values.get(key) for trial in trials]) for key in request.objectives}
    scales = [_knob_scale(name, axis) for name, axis in request.axes.items()]
    scales += [Scale(marks.label(key), _ends(span)) for key, span in spans.items()]
    lines = [_line(trial, request, spans, places.get(trial.number)) for trial in trials]
    return Parallel(tuple(scales), tuple(lines))


Span = tuple[float, float] | None


def _span(values: Sequence[float | None]) -> Span:
    known = [value for given in values if (value := marks.number(given)) is not None]
    return (min(known), max(known)) if known else None


def _ends(span: Span) -> tuple[tuple[float, str], ...]:
    if span is None:
        return ()
    low, high = span
    middle = (0.5, marks.text((low + high) / 2))
    return ((0.0, marks.text(float(low))), middle, (1.0, marks.text(float(high))))


def _knob_scale(name: str, axis: Axis) -> Scale:
    title = name.replace("_", " ")
    if axis.choices:
        at = [(marks.share(axis, choice) or 0.0, marks.text(choice)) for choice in axis.choices]
        return Scale(title, tuple(at))
    assert axis.low is not None and axis.high is not None  # an axis is one or the other
    middle = (axis.low * axis.high) ** 0.5 if axis.log else (axis.low + axis.high) / 2
    ticks = zip((0.0, 0.5, 1.0), (axis.low, middle, axis.high), strict=True)
    return Scale(title, tuple((at, marks.text(float(value))) for at, value in ticks))


def _line(trial: Trial, request: SweepRequest, spans: dict[str, Span], colour: int | None) -> Line:
    places = [marks.share(axis, trial.knobs.get(name)) for name, axis in request.axes.items()]
    texts = [marks.text(trial.knobs.get(name)) for name in request.axes]
    for key in request.objectives:
        value, span = marks.number(trial.values.get(key)), spans[key]
        known = value is not None and span is not None
        places.append(_within(value, span) if value is not None and span is not None else None)
        texts.append(marks.text(value) if known else "no value")
    return Line(trial.number, tuple(places), tuple(texts), marks.kind(trial), colour)


def _within(value: float, span: tuple[float, float]) -> float:
    return (value - span[0]) / (span[1] - span[0]) if span[1] > span[0] else 0.5


def draw(given: Parallel, chosen: Collection[int]) -> go.Figure:
    """One trace a colour, so that hundreds of lines stay quick; the faded ones lie below."""
    import plotly.graph_objects as go

    paints: dict[str, list[Line]] = {
        paint: [] for paint in (marks.FADED, marks.FAULT, *reversed(marks.COLOURS))
    }
    for line in given.lines:
        fault = line.kind == "fault" or line.colour is None
        own = marks.FAULT if fault else marks.COLOURS[line.colour or 0]
        paints[own if marks.strong(line.number, chosen) else marks.FADED].append(line)
    width = 2.0 if chosen else 1.3
    traces = [
        _lines(lines, paint, 1.0 if paint == marks.FADED else width, given)
        for paint, lines in paints.items()
        if lines
    ]
    ticks = [note for at, scale in enumerate(given.scales) for note in _tick_words(at, scale)]
    last = len(given.scales) - 1
    return go.Figure(
        traces,
        {
            "height": 400,
            "margin": {"l": 56, "r": 64, "t": 16, "b": 72},
            "dragmode": "select",
            "showlegend": False,
            "xaxis": {
                "tickvals": [*range(last + 1)],
                "ticktext": ["<br>".join(wrap(scale.title, WIDE)) for scale in given.scales],
                "tickangle": 0,
                "range": [-0.05, last + 0.12],
                "zeroline": False,
            },
            "yaxis": {"visible": False, "range": [-0.1, 1.1]},
            "annotations": ticks,
        },
    )


def _lines(own: list[Line], colour: str, width: float, given: Parallel) -> go.Scatter:
    import plotly.graph_objects as go

    x: list[float | None] = []
    y: list[float | None] = []
    numbers: list[int | None] = []
    words: list[str | None] = []
    for line in own:
        x += [*range(len(given.scales)), None]
        y += [*line.places, None]
        numbers += [line.number] * (len(given.scales) + 1)
        words += [*line.texts, None]
    return go.Scatter(
        x=x,
        y=y,
        customdata=numbers,
        text=words,
        mode="lines+markers",
        line={"color": colour, "width": width},
        marker={"size": 5, "color": colour},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        hovertemplate="trial %{customdata}: %{text}<extra></extra>",
    )


def _tick_words(at: int, scale: Scale) -> list[dict[str, Any]]:
    """The ends stand above and below their axis, where no line goes."""
    own = {"showarrow": False, "x": at}
    beyond = {
        0.0: {"yanchor": "top", "yshift": -4},
        1.0: {"yanchor": "bottom", "yshift": 4},
    }
    beside = {"xanchor": "left", "xshift": 6}
    return [
        {**own, **beyond.get(place, beside), "y": place, "text": words}
        for place, words in scale.ticks
    ]


FIGURE = SweepFigure(
    key="parallel",
    title="Parallel coordinates",
    help="A line a trial, over the knobs and then what came of them; blue is best in the first "
    "objective. Draw a box round marks of an axis to choose those trials.",
    info=info,
    draw=draw,
)
