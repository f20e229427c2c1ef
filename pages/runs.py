"""Runs: one row a run, what differs between them, and how far each is from retrained."""

import streamlit as st

from cu_core.spec import Catalog
from ui import blocks, runs_table, runs_ticked, session

ORDER = 2.2

catalog = session.store().catalog() or Catalog()
session.notices()
blocks.verdict("Runs")

known = runs_table.known()
if not known:
    with blocks.empty(
        "No run is here yet",
        "Each run is a row: what was asked, what came out, and how far that is from a model that "
        "was retrained without the forget set.",
    ):
        if not session.read_only():
            unlearn = session.page("unlearn")
            st.page_link(unlearn, label="Run one now", icon=":material/play_arrow:")
    st.stop()

rows = runs_table.filtered(known, catalog)
if not rows:
    with blocks.empty("No run fits", "The filters leave none of the runs."):
        st.button("Show all", key="runs-clear", on_click=runs_table.clear)
    st.stop()

bar = st.container(horizontal=True, vertical_alignment="center", key="runs-bar")
settings = runs_table.differing(known, rows, catalog)
chosen = runs_table.grid(rows, settings)
runs_table.legend(rows)
with bar:
    runs_ticked.actions(chosen)
    runs_table.downloads(rows, settings)
