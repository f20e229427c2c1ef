"""What a file of this folder declares: a figure of all trials of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from cu_core.spec import SweepProgress, SweepRequest

if TYPE_CHECKING:
    import plotly.graph_objects as go

Info = TypeVar("Info")


@dataclass(frozen=True)
class SweepFigure(Generic[Info]):
    """One figure, in two halves, as ``figures.Figure``.

    ``info(request, progress)``: all that is shown, as a frozen dataclass of plain values; None
    where the sweep has nothing for it (a heat map wants two knobs). ``draw(info, chosen)``: the
    drawing; ``chosen``: numbers of the trials that are selected, empty for none. Every mark that
    stands for a trial has its number as ``customdata``: one brush selects in all pictures.
    """

    key: str
    title: str
    help: str
    info: Callable[[SweepRequest, SweepProgress], Info | None]
    draw: Callable[[Info, Collection[int]], go.Figure]
