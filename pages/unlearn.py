"""Unlearn: say what to forget in the sidebar, watch it here, alive or from the list of runs."""

import streamlit as st

from ui import blocks, compose, live, session, shelf

catalog = session.store().catalog()
record = session.followed()
session.notices()

request, ready = None, False
with st.sidebar:
    if catalog is None:
        session.waiting("Starting the engine…", session.store().catalog)
    else:
        request = compose.sentence(catalog)
        ready = compose.dock(request, record)

if record is not None:
    live.follow(record, catalog or {})
else:
    blocks.verdict("Forget something, and watch it go")
    blocks.empty(
        "No run is open",
        "The sidebar reads as a sentence and its defaults are ready: Run takes a small network "
        "that knows handwritten digits and makes it forget the digit 5, here, in seconds.",
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button("Run it now", disabled=not ready, on_click=compose.go, args=(request,))

st.space("small")
shelf.runs(session.store().runs("unlearn"))
