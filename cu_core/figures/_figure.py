"""What a file of this folder declares, and what it is given: the arrays of one run.

Axis letters: T frames on record, P probe samples, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import plotly.graph_objects as go

Info = TypeVar("Info")
MODELS = ("unlearned", "retrained", "original")  # in the order of every figure: neighbours compare


@dataclass(frozen=True)
class RunValues:
    """A run that has ended, as numbers.

    ``class_names`` (C,). ``metrics``: of each of MODELS that there is, key -> value, in the
    metric's unit; a metric with a value for each class has ``key/0``, ``key/1``, ... ``steps`` (T,)
    optimizer updates; ``pred`` int (T, P) the class predicted at each; ``is_forget`` bool (P,).
    ``label`` int (P,) that each sample was learned with, ``true_label`` where that is known to be
    another; ``retrained_pred`` int (P,) the retrained model's answers; None where there are none.
    ``n_forget``: the whole forget set, of which the P samples may hold a part; 0: not said.
    """

    class_names: tuple[str, ...]
    metrics: Mapping[str, Mapping[str, float | None]]
    steps: tuple[int, ...]
    pred: NDArray[np.integer[Any]]
    is_forget: NDArray[np.bool_]
    label: NDArray[np.integer[Any]] | None = None
    true_label: NDArray[np.integer[Any]] | None = None
    retrained_pred: NDArray[np.integer[Any]] | None = None
    n_forget: int = 0


@dataclass(frozen=True)
class Figure(Generic[Info]):
    """One figure, in two halves.

    ``info(values)``: all that is shown, as a frozen dataclass of plain values, which a test
    compares by equality; None when the run lacks what the figure is made of. ``draw(info)``: the
    drawing, without colours, fonts or a title: those are the page's. Plotly is imported there
    alone; it reads names as HTML, so that ``_classes.plain`` has to go over them.

    ``key``: the file's name. ``title``: over the figure. ``help``: how to read it, one or two
    sentences; also read aloud in the figure's place.
    """

    key: str
    title: str
    help: str
    info: Callable[[RunValues], Info | None]
    draw: Callable[[Info], go.Figure]
