"""Watch: a recorded run plays at once, with its verdict and the command that makes it again."""

import streamlit as st

from ui import blocks, session, wording
from ui.stage import stage

ORDER = 1

recorded = session.recording()

if recorded is None:
    blocks.verdict("Watch a neural network forget")
    with blocks.empty(
        "No recorded run is here",
        "A finished run would play in this place at once. It belongs in assets/demo.lethe, which "
        "this copy of Lethe lacks. A run of your own takes one click.",
    ):
        st.page_link(session.page("unlearn"), label="Run one now", icon=":material/play_arrow:")
    st.stop()

header, data = recorded
blocks.verdict(header.get("verdict") or header["title"])
with st.container(horizontal=True, vertical_alignment="center", key="facts"):
    blocks.facts(
        [wording.retrained(header["curves"])],
        ["Recorded run", header["title"], wording.provenance(header)],
    )
    if st.button("Forget something else, live", type="primary", icon=":material/play_arrow:"):
        st.switch_page(session.page("unlearn"))

stage(data, key="stage-recorded")
blocks.reproduce(header.get("command", ""))
