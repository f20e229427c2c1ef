"""Numbers in rows and columns, written into their cells: runs are columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cu_core.figures._classes import plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW = 30  # pixels
Cells = Sequence[Sequence[float | None]]


def grid(rows: Sequence[str], columns: Sequence[str], cells: Cells, form: str) -> go.Figure:
    """``cells``: a row a row of values, None for none, the darker the further from 0; ``form``: of
    their texts, as ``format`` takes it."""
    import plotly.graph_objects as go

    texts = [["" if v is None else format(v, form) for v in row] for row in cells]
    heat = go.Heatmap(
        z=[[None if v is None else abs(v) for v in row] for row in cells],
        text=[[text.replace("-", "\u2212") for text in row] for row in texts],
        x=plain(columns),
        y=plain(rows),
        texttemplate="%{text}",
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        showscale=False,
        zmin=0,
        xgap=3,
        ygap=3,
    )
    return go.Figure(
        [heat],
        {
            "height": 60 + ROW * len(rows),
            "margin": {"l": 0, "r": 0, "t": 36, "b": 0},
            "xaxis": {"side": "top", "type": "category", "showgrid": False},
            "yaxis": {
                "autorange": "reversed",
                "type": "category",
                "ticksuffix": "  ",
                "showgrid": False,
            },
        },
    )
