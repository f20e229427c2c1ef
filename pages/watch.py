"""Watch: recorded runs play at once, each with what made it; the first opens by itself, unless a
loop of one's own is being watched."""

import streamlit as st

from cu_core.spec import Catalog
from ui import blocks, gallery, live, session, wording
from ui.stage import stage

ORDER = 1

loop, run = gallery.loop(), gallery.shown()
session.notices()

if loop is not None:
    blocks.tab(wording.tab(loop, session.progress(loop)))
    live.follow(loop, session.store().catalog() or Catalog())
    if run is not None:
        blocks.heading("Recorded runs")
        gallery.cards("")
    st.stop()

if run is None:
    blocks.verdict("Watch a neural network forget")
    with blocks.empty(
        "No recorded run is here",
        "A finished run would play in this place at once. Recorded runs belong in the folder "
        "assets/gallery, which this copy of Lethe lacks. A run of your own takes one click.",
    ):
        st.page_link(session.page("unlearn"), label="Run one now", icon=":material/play_arrow:")
    st.stop()

blocks.tab(run.entry.title)
blocks.headline(run.entry.title, run.entry.words)
stage(run.data, key="stage-recorded")

with st.container(horizontal=True, vertical_alignment="center", key="facts"):
    blocks.heading("More recorded runs")
    if st.button("Forget something else, live", type="primary", icon=":material/play_arrow:"):
        st.switch_page(session.page("unlearn"))
gallery.cards(run.name)

st.space("small")
blocks.facts(soft=[wording.retrained(run.header["curves"]), wording.provenance(run.header)])
blocks.reproduce("\n".join(run.entry.commands))
