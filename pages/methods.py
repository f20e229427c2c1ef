"""Methods: what each one does, by which formula, from which paper, and a button that tries it."""

import streamlit as st

from ui import blocks, methodcard, session, shelf

ORDER = 4

catalog = session.store().catalog()
session.notices()

blocks.headline(
    "Methods",
    "Each takes a forget set out of an original network, and is to leave what that knows of the "
    "retain set. How near it comes to a retrained one is what a run measures.",
    ("forget set", "original", "retain set", "retrained"),
)
if catalog is None:
    session.waiting("Starting the engine…", session.store().catalog)
    st.stop()

runs = session.store().runs("unlearn")
for group, methods in methodcard.grouped(methodcard.filters(catalog.methods)).items():
    st.space("small")
    blocks.section(group)
    for chosen in methods:
        key = chosen.key
        with st.container(border=True, key=f"method-{key}", gap="small"):
            with st.container(horizontal=True, vertical_alignment="center", key=f"head-{key}"):
                blocks.heading(chosen.title)
                if not session.read_only() and st.button(
                    "Try", key=f"try-{key}", icon=":material/play_arrow:"
                ):
                    st.session_state["method"] = key
                    st.switch_page(session.page("unlearn"))
            methodcard.full(chosen)
            shelf.newest(runs, key)

methodcard.sources()
