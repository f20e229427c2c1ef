"""What the forget samples are answered as in the end, of each run, beside the retrained model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cu_core.figures import flows
from cu_core.figures._classes import worth_showing
from cu_core.figures.comparison._figure import Compared, ComparisonFigure
from cu_core.figures.comparison._grid import grid

if TYPE_CHECKING:
    import plotly.graph_objects as go

RETRAINED = "Retrained"


@dataclass(frozen=True)
class Answers:
    """``percent[answer][model]`` of the forget samples; the models are the runs and, where it is
    known, the retrained model of the first."""

    answers: tuple[str, ...]
    models: tuple[str, ...]
    percent: tuple[tuple[float, ...], ...]


def info(runs: Sequence[Compared]) -> Answers | None:
    """None where the classes are not the same, or a run has no forget sample on its map."""
    found = [flows.info(run.values) for run in runs]
    known = [one for one in found if one is not None]
    if len(known) < max(2, len(runs)) or len({one.classes for one in known}) != 1:
        return None
    columns = [_shares(one, "now") for one in known]
    names = [run.name for run in runs]
    if known[0].known:
        columns.append(_shares(known[0], "retrained"))
        names.append(RETRAINED)
    answers, percent = worth_showing(known[0].classes, np.array(columns))
    cells = tuple(tuple(round(float(v), 1) for v in row) for row in percent.T)
    return Answers(answers, tuple(names), cells)


def _shares(given: flows.Flows, side: str) -> list[float]:
    counts = Counter[int]()
    for row in given.rows:
        counts[row.to] += getattr(row, side)
    return [100 * counts[c] / given.total for c in range(len(given.classes))]


def draw(given: Answers) -> go.Figure:
    return grid(given.answers, given.models, given.percent, ".0f")


FIGURE = ComparisonFigure(
    key="answers",
    title="Answers for the forget samples, percent",
    help="What each run answers for the forget samples at its end. As good as retraining where a "
    "column reads as the retrained model's does.",
    info=info,
    draw=draw,
)
