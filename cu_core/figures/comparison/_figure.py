"""What a file of this folder declares: a figure of two to six runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from cu_core.figures._figure import RunValues

if TYPE_CHECKING:
    import plotly.graph_objects as go

Info = TypeVar("Info")


@dataclass(frozen=True)
class Compared:
    """One of the runs: ``name`` in the figures, its ``values``, of which the first and the last
    frame are enough, and the ``band`` of the retrained seeds, by metric (low, high)."""

    name: str
    values: RunValues
    band: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ComparisonFigure(Generic[Info]):
    """One figure, in two halves, as ``figures.Figure``.

    ``info(runs)``: all that is shown, as a frozen dataclass of plain values; None where fewer than
    two of the runs have it. ``draw(info)``: the drawing. ``wide``: it wants the whole page.
    """

    key: str
    title: str
    help: str
    info: Callable[[Sequence[Compared]], Info | None]
    draw: Callable[[Info], go.Figure]
    wide: bool = False
