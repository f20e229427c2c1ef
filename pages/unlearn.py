"""Unlearn: say what to forget in the sidebar, watch it here, alive or from the list of runs."""

import streamlit as st

from cu_core.spec import MAPPED, Catalog
from ui import blocks, compose, live, look, samples, session, shelf, wording

ORDER = 2

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
    blocks.tab(wording.tab(record, session.progress(record)))
    live.follow(record, catalog or Catalog())
else:
    blocks.verdict("Forget something, and watch it go")
    with blocks.empty(
        "No run is open",
        "A run plays here: its map, its curves, its verdict. The sidebar reads as a sentence, and "
        "Run does what it says. As it comes, a small network that knows handwritten digits "
        "forgets the digit 5, in seconds.",
    ):
        if st.button("Run it now", key="run/now", disabled=not ready) and request:
            compose.go(request)
    if request is not None:
        samples.offer(request)

look.panel()
st.space("small")
shelf.runs(session.store().runs(*MAPPED))
