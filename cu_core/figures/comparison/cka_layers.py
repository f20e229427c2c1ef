"""How like the original and the retrained model each layer of each run is, with the seeds' band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cu_core.figures._classes import plain
from cu_core.figures.comparison._figure import Compared, ComparisonFigure

if TYPE_CHECKING:
    import plotly.graph_objects as go

PANELS = (
    ("cka_layers_forget_original", "Forget, to original"),
    ("cka_layers_forget_retrained", "Forget, to retrained"),
    ("cka_layers_retain_original", "Kept, to original"),
    ("cka_layers_retain_retrained", "Kept, to retrained"),
)
COLOURS = ("#7A808C", "#2F7FD6", "#CC5E00", "#009E73", "#B879A4", "#C98A00")  # a run, in all panels
Row = tuple[float | None, ...]


@dataclass(frozen=True)
class Panel:
    """``lines``: (run, CKA a layer); ``band``: the lowest and the highest of retrained seeds, a
    layer; empty where fewer than two are on record."""

    title: str
    lines: tuple[tuple[str, Row], ...]
    band: tuple[Row, ...] = ()


@dataclass(frozen=True)
class CkaLayers:
    layers: tuple[str, ...]
    panels: tuple[Panel, ...]


def info(runs: Sequence[Compared]) -> CkaLayers | None:
    """None where fewer than two runs have a value, or their layers are not the same."""
    found = [_layers(run) for run in runs]
    names = {layers for layers in found if layers}
    if sum(map(bool, found)) < 2 or len(names) != 1:
        return None
    (layers,) = names
    panels = (_panel(key, title, runs, layers) for key, title in PANELS)
    return CkaLayers(layers, tuple(panel for panel in panels if panel.lines))


def _layers(run: Compared) -> tuple[str, ...]:
    """In the order of the network, as they were measured."""
    start = f"{PANELS[0][0]}/"
    values = run.values.metrics.get("unlearned", {})
    return tuple(key.removeprefix(start) for key in values if key.startswith(start))


def _panel(key: str, title: str, runs: Sequence[Compared], layers: Sequence[str]) -> Panel:
    lines = []
    for run in runs:
        values = run.values.metrics.get("unlearned", {})
        row = tuple(values.get(f"{key}/{layer}") for layer in layers)
        if any(value is not None for value in row):
            lines.append((run.name, row))
    band = next((b for run in runs if (b := _band(run, key, layers))), ())
    return Panel(title, tuple(lines), band)


def _band(run: Compared, key: str, layers: Sequence[str]) -> tuple[Row, ...]:
    known = [run.band.get(f"{key}/{layer}") for layer in layers]
    if not any(known):
        return ()
    return tuple(tuple(one[k] if one else None for one in known) for k in (0, 1))


def draw(given: CkaLayers) -> go.Figure:
    from plotly.subplots import make_subplots

    columns = 2 if len(given.panels) > 1 else 1
    rows = -(-len(given.panels) // columns)
    titles = [panel.title for panel in given.panels]
    figure = make_subplots(
        rows, columns, subplot_titles=titles, shared_yaxes=True, vertical_spacing=0.16
    )
    for k, panel in enumerate(given.panels):
        for trace in _traces(given, panel, first=k == 0):
            figure.add_trace(trace, k // columns + 1, k % columns + 1)
    figure.update_annotations(font_size=14)  # the panels' titles
    figure.update_yaxes(range=[0, 1.02])
    figure.update_xaxes(type="category")
    figure.update_layout(
        height=110 + 230 * rows,
        margin={"l": 0, "r": 0, "t": 56, "b": 0},
        legend={"orientation": "h", "y": 1.06, "yanchor": "bottom", "x": 0},
    )
    return figure


def _traces(given: CkaLayers, panel: Panel, first: bool) -> list[Any]:
    """The band under the lines; one legend for all panels."""
    import plotly.graph_objects as go

    x, out = plain(given.layers), []
    for k, edge in enumerate(panel.band):
        out.append(
            go.Scatter(
                x=x,
                y=edge,
                mode="lines",
                line={"width": 0, "color": "gray"},
                fill="tonexty" if k else None,
                name="retrained seeds",
                showlegend=False,
                hoverinfo="skip",
            )
        )
    for k, (name, row) in enumerate(panel.lines):
        out.append(
            go.Scatter(
                x=x,
                y=row,
                mode="lines+markers",
                name=name,
                legendgroup=name,
                showlegend=first,
                line={"dash": ("solid", "dash", "dot")[k // 2], "color": COLOURS[k]},
                hovertemplate="%{x}: %{y:.2f}",
            )
        )
    return out


FIGURE = ComparisonFigure(
    key="cka_layers",
    title="How like the original and the retrained model, by layer (CKA)",
    help="1: the layer arranges the samples as that model does. The grey band is what retrained "
    "seeds are to each other. Forgetting in the features brings the forget samples to it.",
    info=info,
    draw=draw,
    wide=True,
)
