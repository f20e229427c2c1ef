"""The figures of a run that has ended, drawn while a person looks at them."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cu_core.figures import Figure, RunValues, figures
from cu_core.spec import RunProgress, Summary
from cu_core.stage.replay import LIMIT
from cu_core.store import RunReader
from ui import blocks


def show(reader: RunReader, progress: RunProgress, summary: Summary) -> None:
    """Folded at first; frames are read and Plotly is loaded once it is opened."""
    fold = st.expander("Figures", key=f"figures-{reader.run_id}", on_change="rerun")
    if not fold.open:
        return
    with fold:
        values = _values(reader, progress, summary)
        drawn = [_drawn(figure, values) for figure in figures().values()]
        if not any(drawn):
            blocks.note("This run keeps nothing that a figure is made of.")


def _drawn(figure: Figure[Any], values: RunValues) -> bool:
    """Whether there was anything to draw, or to say: one that fails leaves the others."""
    with blocks.guarded():
        info = figure.info(values)
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


def _values(reader: RunReader, progress: RunProgress, summary: Summary) -> RunValues:
    frames, probe = reader.frames(at_most=LIMIT), reader.probe()
    measured = {
        "unlearned": summary.metrics,
        "original": summary.original,
        "retrained": summary.retrained,
    }
    return RunValues(
        class_names=progress.class_names,
        metrics={model: values for model, values in measured.items() if values},
        steps=tuple(frames.steps),
        pred=frames.pred,
        is_forget=probe["is_forget"] if probe is not None else np.zeros(0, bool),
    )
