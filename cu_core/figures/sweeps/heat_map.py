"""The heat map: one objective over two knobs, a square a trial; a diamond is on the front."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cu_core.figures.sweeps import _marks as marks
from cu_core.figures.sweeps._figure import SweepFigure
from cu_core.spec import SweepProgress, SweepRequest

if TYPE_CHECKING:
    import plotly.graph_objects as go

READ = 30  # pixels of a cell that has room for its value
INK = "#000000"  # of a value on its colour: 5:1 or more on each of them


@dataclass(frozen=True)
class Cell:
    """``x``, ``y``: the knobs' values, in words on an axis of cells; ``value``: of the objective,
    None of a trial that has none."""

    number: int
    x: float | str
    y: float | str
    value: float | None
    kind: str
    colour: int | None


@dataclass(frozen=True)
class HeatMap:
    """``axes``: names of the knobs; ``logs``: which of them is logarithmic; ``orders``: the cells
    of an axis that has cells, in their order, empty for a scale."""

    axes: tuple[str, str]
    logs: tuple[bool, bool]
    orders: tuple[tuple[str, ...], tuple[str, ...]]
    objective: str
    cells: tuple[Cell, ...]


def info(request: SweepRequest, progress: SweepProgress) -> HeatMap | None:
    """None unless two knobs vary, and nothing else."""
    if len(request.axes) != 2:
        return None
    (first, one), (second, other) = request.axes.items()
    key, trials = request.objectives[0], marks.shown(progress)
    cells = [bool(axis.choices) or request.sampler == "grid" for axis in (one, other)]
    places = marks.colours(progress.trials, key)
    found = []
    for trial in trials:
        at = [trial.knobs.get(name) for name in (first, second)]
        if None in at:
            continue
        x, y = (
            marks.text(value) if cell else float(value or 0)
            for value, cell in zip(at, cells, strict=True)
        )
        value, place = marks.number(trial.values.get(key)), places.get(trial.number)
        found.append(Cell(trial.number, x, y, value, marks.kind(trial), place))
    if not found:
        return None
    orders = [
        _order([trial.knobs.get(name) for trial in trials], axis.choices) if cell else ()
        for name, axis, cell in zip((first, second), (one, other), cells, strict=True)
    ]
    return HeatMap(
        (first.replace("_", " "), second.replace("_", " ")),
        (one.log and not cells[0], other.log and not cells[1]),
        (orders[0], orders[1]),
        marks.label(key),
        tuple(found),
    )


def _order(values: list[Any], choices: tuple[Any, ...]) -> tuple[str, ...]:
    """Each value once, as declared or from low to high."""
    known = [value for value in values if value is not None]
    order = [c for c in choices if c in known] if choices else sorted(set(known))
    return tuple(dict.fromkeys(map(marks.text, order)))


def draw(given: HeatMap, chosen: Collection[int]) -> go.Figure:
    """``chosen`` trials keep their colour, the others fade."""
    import plotly.graph_objects as go

    whole = all(given.orders)
    size = max(10, min(40, 240 // max(map(len, given.orders)))) if whole else 15
    traces = [
        go.Scatter(
            name=name,
            x=[cell.x for cell in own],
            y=[cell.y for cell in own],
            customdata=[cell.number for cell in own],
            text=[_words(cell, whole and size >= READ) for cell in own],
            mode="markers+text" if whole and size >= READ else "markers",
            textfont={"color": [_ink(cell, chosen) for cell in own]},
            marker={
                "symbol": ["diamond" if _stands_out(c, whole) else symbol for c in own],
                "size": size if symbol == "square" else 11,
                "color": [_colour(cell, chosen) for cell in own],
            },
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            hovertemplate="trial %{customdata}<br>"
            f"{given.axes[0]} %{{x}}<br>{given.axes[1]} %{{y}}<br>{given.objective} %{{text}}"
            "<extra></extra>",
        )
        for name, symbol, own in _kinds(given)
        if own
    ]
    return go.Figure(
        traces,
        {
            **marks.SIDE_BY_SIDE,
            "xaxis": _axis(given, 0),
            "yaxis": _axis(given, 1),
        },
    )


def _words(cell: Cell, in_its_cell: bool) -> str:
    if cell.value is None:
        return "no value"
    return f"{cell.value:.3g}" + "<br>◆" * (in_its_cell and cell.kind == "front")


def _stands_out(cell: Cell, whole: bool) -> bool:
    """Whether its mark is the front's: on a scale, where no cell has a diamond in it."""
    return cell.kind == "front" and not whole


def _kinds(given: HeatMap) -> list[tuple[str, str, list[Cell]]]:
    """(name, symbol, cells) of those with a value and of the others."""
    by_good: dict[bool, list[Cell]] = {True: [], False: []}
    for cell in given.cells:
        by_good[cell.kind != "fault" and cell.value is not None].append(cell)
    words = "failed, or below the floor"
    return [(given.objective, "square", by_good[True]), (words, "x", by_good[False])]


def _colour(cell: Cell, chosen: Collection[int]) -> str:
    if not marks.strong(cell.number, chosen):
        return marks.FADED
    fault = cell.kind == "fault" or cell.colour is None
    return marks.FAULT if fault else marks.COLOURS[cell.colour or 0]


def _ink(cell: Cell, chosen: Collection[int]) -> str:
    return INK if marks.strong(cell.number, chosen) else marks.LINE


def _axis(given: HeatMap, at: int) -> dict[str, Any]:
    own: dict[str, Any] = {"title": given.axes[at], "zeroline": False}
    if given.orders[at]:
        order = {"categoryorder": "array", "categoryarray": given.orders[at]}
        return own | {"type": "category", "showgrid": False} | order
    return own | ({"type": "log", "dtick": 1} if given.logs[at] else {})


FIGURE = SweepFigure(
    key="heat_map",
    title="Heat map",
    help="One objective over the two knobs: blue is best, a diamond is on the front. A mark stands "
    "where a trial was; between them nothing is known.",
    info=info,
    draw=draw,
)
