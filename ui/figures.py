"""The figures of a run that has ended, drawn while a person looks at them."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cu_core.figures import Figure, RunValues, figures
from cu_core.figures.comparison import ComparisonFigure
from cu_core.spec import RunProgress, Summary
from cu_core.stage.replay import LIMIT
from cu_core.store import RunReader
from cu_core.store.probabilities import answers
from ui import blocks


def show(reader: RunReader, progress: RunProgress, summary: Summary) -> None:
    """Folded at first; frames are read and Plotly is loaded once it is opened."""
    fold = st.expander("Figures", key=f"figures-{reader.run_id}", on_change="rerun")
    if not fold.open:
        return
    with fold:
        known = values(reader, progress, summary)
        found = [draw(figure, known) for figure in figures().values()]
        if not any(found):
            blocks.note("This run keeps nothing that a figure is made of.")


def draw(figure: Figure[Any] | ComparisonFigure[Any], given: Any) -> bool:
    """Whether there was anything to draw, or to say: one that fails leaves the others.
    ``given``: what the figure's ``info`` is made from."""
    with blocks.guarded():
        info = figure.info(given)
        if info is None:
            return False
        blocks.heading(figure.title)
        blocks.note(figure.help)
        st.plotly_chart(
            figure.draw(info),
            key=f"figure-{figure.key}",
            config={"displayModeBar": False},
            alt=figure.help,
        )
    return True


def values(
    reader: RunReader, progress: RunProgress, summary: Summary, at_most: int = LIMIT
) -> RunValues:
    """A run as numbers; ``at_most``: frames (2 or more), the first and the last among them."""
    frames, probe = reader.frames(at_most=at_most), reader.probe()
    measured = {
        "unlearned": summary.metrics,
        "original": summary.original,
        "retrained": summary.retrained,
    }
    arrays = probe or {}
    share = arrays.get("ghost_share")
    return RunValues(
        class_names=progress.class_names,
        metrics={model: known for model, known in measured.items() if known},
        steps=tuple(frames.steps),
        pred=frames.pred,
        is_forget=arrays.get("is_forget", np.zeros(0, bool)),
        label=arrays.get("label"),
        true_label=arrays.get("true_label"),
        retrained_pred=None if share is None else answers(share, arrays.get("ghost_share_class")),
        n_forget=progress.forget.n_forget,
    )
