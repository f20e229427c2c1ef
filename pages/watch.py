"""Watch: recorded runs play at once, each with what made it; the first opens by itself, unless a
loop of one's own is being watched."""

import streamlit as st

from cu_core.spec import Catalog
from ui import blocks, gallery, live, moments, session, wording
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
        "assets/gallery, which this copy of Lethe lacks.",
    ):
        if not session.read_only():
            unlearn = session.page("unlearn")
            st.page_link(unlearn, label="Run one now", icon=":material/play_arrow:")
    st.stop()

blocks.tab(run.entry.title)
blocks.headline(run.entry.title, "" if moments.hides("verdict") else run.entry.words)
stage(gallery.data(run), key="stage-recorded")
if moments.hides("list"):
    st.stop()

with st.container(horizontal=True, vertical_alignment="center", key="facts"):
    blocks.heading("More recorded runs")
    live_one = "Forget something else, live"
    if not session.read_only() and st.button(
        live_one, type="primary", icon=":material/play_arrow:"
    ):
        st.switch_page(session.page("unlearn"))
gallery.cards(run.name)

st.space("small")
blocks.facts(soft=[wording.retrained(run.header["curves"]), wording.provenance(run.header)])
blocks.reproduce("\n".join(run.entry.commands))
