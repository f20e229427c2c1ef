"""Compare: two to six runs side by side on one clock, and what sets them apart."""

import streamlit as st

from cu_core.comparison.together import ELSEWHERE, Told
from cu_core.spec import Catalog
from ui import (
    afterwards,
    blocks,
    compare_figures,
    compare_numbers,
    compare_runs,
    compare_stage,
    compare_words,
    handover,
    look,
    session,
)

ORDER = 2.3
COUNTS = ("", "One", "Two", "Three", "Four", "Five", "Six")

catalog = session.store().catalog() or Catalog()
session.notices()
chosen = compare_runs.asked()
runs, letters = chosen.runs, compare_words.LETTERS

if len(runs) < 2:
    blocks.verdict("Compare runs")
    for sentence in chosen.said:
        blocks.note(sentence)
    compare_runs.empty(runs)
else:
    session.rerun_without([record.run_id for record in runs])
    progresses = [session.progress(record) for record in runs]
    rows = compare_words.rows(runs, progresses, catalog)
    titles = compare_words.titles(runs, rows)
    blocks.verdict(f"{COUNTS[len(runs)]} runs on one clock")
    blocks.facts(compare_words.common(runs, progresses))
    for sentence in chosen.said:
        blocks.note(sentence)
    told = [Told(letter, title) for letter, title in zip(letters, titles, strict=False)]
    words = st.container()
    if not compare_stage.show(runs, told):
        with words:
            blocks.note(ELSEWHERE)
    handover.offer([record.run_id for record in runs], compare_stage.screen(), told)
    st.space("small")
    blocks.heading(f"Beside run {letters[0]}")
    compare_numbers.tiles(letters, titles, runs)
    st.space("small")
    blocks.heading("What was asked otherwise")
    compare_numbers.settings(letters, rows)
    st.space("small")
    figures = st.container()
    st.space("small")
    blocks.heading("Other runs")
    compare_runs.picker(runs)
    if afterwards.painted("-".join(record.run_id for record in runs)):
        with figures:
            compare_figures.show(runs, progresses, letters)

if session.store().catalog() is None:
    session.waiting("Starting the engine…", session.store().catalog)
look.panel()
handover.panel([record.run_id for record in runs])
