"""The pictures of a sweep, with the one choice of trials in each: the gallery, and one figure at a
time of those that have something to show.

A browser needs as long for Plotly alone as for the rest of the page, and as long again for each
figure: the gallery comes before it, and a figure that nobody looks at is not there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from cu_core.figures.sweeps import SweepFigure, figures, heat_map
from cu_core.figures.sweeps.front import Front
from cu_core.figures.sweeps.heat_map import HeatMap
from cu_core.spec import OBJECTIVES, SweepProgress, SweepRecord, SweepRequest
from ui import afterwards, blocks, sweep_card, sweep_chosen, trials

VIEWS = ("Near the front", "All trials")


def show(record: SweepRecord) -> None:
    """The gallery and the figure that a person chose, which is the front at first."""
    request, progress = record.request, record.progress
    if request is None:
        return
    found = {key: _info(figure, request, progress) for key, figure in figures().items()}
    drawn = [key for key, info in found.items() if info is not None]
    if not drawn:
        blocks.note("The pictures come with the first trial that ends.")
        return
    _gallery(record)
    blocks.heading("All trials in one figure")
    key = st.segmented_control(
        "Figure",
        drawn,
        default=drawn[0],
        format_func=lambda key: figures()[key].title,
        key=figure_key(record.sweep_id),
        required=True,
        label_visibility="collapsed",
    )
    if not afterwards.painted(record.sweep_id):
        return
    if key == "front" and (pair := _pair(record.sweep_id, request)) is not request:
        found[key] = _info(figures()[key], pair, progress)
    _draw(record, figures()[key], found[key])


def figure_key(sweep_id: str) -> str:
    """Of the control that says which figure is drawn."""
    return f"sweep-figure-{sweep_id}"


def _info(figure: SweepFigure[Any], request: SweepRequest, progress: SweepProgress) -> Any:
    with blocks.guarded():
        return figure.info(request, progress)
    return None


def _pair(sweep_id: str, request: SweepRequest) -> SweepRequest:
    """The request with the two objectives that the front is drawn of: of three, a person says."""
    if len(request.objectives) < 3:
        return request
    pairs = [(a, b) for i, a in enumerate(request.objectives) for b in request.objectives[i + 1 :]]
    at = st.segmented_control(
        "The front of",
        range(len(pairs)),
        default=0,
        format_func=lambda i: " and ".join(OBJECTIVES[key].title for key in pairs[i]),
        key=f"sweep-pair-{sweep_id}",
        required=True,
    )
    return request.model_copy(update={"objectives": pairs[at or 0]})


def _near(sweep_id: str, info: Front) -> Front:
    """A front that is short among all trials is drawn from near, unless a person wants them all."""
    if info.near is None:
        return info
    near = st.segmented_control(
        "What is drawn",
        VIEWS,
        default=VIEWS[0],
        key=f"sweep-near-{sweep_id}",
        required=True,
        label_visibility="collapsed",
    )
    return info if near == VIEWS[0] else replace(info, near=None)


def _leading(record: SweepRecord, info: HeatMap) -> HeatMap:
    """The heat map of the objective that a person chooses, of several."""
    request = record.request
    if request is None or len(request.objectives) < 2:
        return info
    first = st.segmented_control(
        "Heat map of",
        request.objectives,
        default=request.objectives[0],
        format_func=lambda key: OBJECTIVES[key].title,
        key=f"sweep-heat-{record.sweep_id}",
        required=True,
        label_visibility="collapsed",
    )
    order = sorted(request.objectives, key=lambda key: key != first)
    own = request.model_copy(update={"objectives": tuple(order)})
    return heat_map.info(own, record.progress) or info


def _draw(record: SweepRecord, figure: SweepFigure[Any], info: Any) -> None:
    sweep_id = record.sweep_id
    blocks.note(figure.help)
    if isinstance(info, Front):
        info = _near(sweep_id, info)
    elif isinstance(info, HeatMap):
        info = _leading(record, info)
    key = sweep_chosen.picture_key(sweep_id, figure.key)
    with blocks.guarded(), st.container(key=f"sweep-{figure.key}"):
        st.plotly_chart(
            figure.draw(info, sweep_chosen.numbers(sweep_id)),
            key=key,
            on_select=partial(sweep_chosen.brushed, sweep_id, figure.key, key),
            config={"displayModeBar": False},
            alt=figure.help,
        )


def _gallery(record: SweepRecord) -> None:
    blocks.heading("Gallery")
    blocks.note(
        "The last picture of each trial, all in the one projection of the original model. Click "
        "chooses one, a rectangle several, Enter plays it."
    )
    sweep_id = record.sweep_id
    trials.gallery(
        record,
        sweep_chosen.numbers(sweep_id),
        None,
        f"sweep-gallery-{sweep_id}",
        on_chosen=partial(sweep_chosen.choose, sweep_id),
        on_open=partial(sweep_card.play, sweep_id),
    )
