"""The figures of a comparison, and what became of the forget samples in a sentence a run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from cu_core.figures import flows
from cu_core.figures.comparison import Compared, figures
from cu_core.spec import RunProgress, RunRecord
from ui import blocks, session
from ui import figures as drawing

ENDS = 2  # frames: the first and the last


def show(records: Sequence[RunRecord], progresses: Sequence[RunProgress], letters: str) -> None:
    """All that the runs have, one under the other."""
    runs = [
        _compared(record, progress, letter)
        for record, progress, letter in zip(records, progresses, letters, strict=False)
    ]
    _went(runs)
    narrow = [figure for figure in figures().values() if not figure.wide]
    for column, figure in zip(st.columns(len(narrow), gap="large"), narrow, strict=True):
        with column:
            drawing.draw(figure, runs)
    for figure in figures().values():
        if figure.wide:
            drawing.draw(figure, runs)


def _compared(record: RunRecord, progress: RunProgress, letter: str) -> Compared:
    reader = session.store().reader(record.run_id)
    values = drawing.values(reader, progress, record.summary, ENDS)
    return Compared(letter, values, record.summary.band)


def _went(runs: Sequence[Compared]) -> None:
    found = [(run.name, flows.info(run.values)) for run in runs]
    lines = [(name, flows.sentence(info)) for name, info in found if info is not None]
    if lines:
        blocks.heading(flows.FIGURE.title)
        said = "".join(f"<li>{escape(f'{name}: {sentence}')}</li>" for name, sentence in lines)
        st.html(f'<ul class="lethe-said">{said}</ul>')
