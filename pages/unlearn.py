"""Unlearn: say what to forget in the sidebar, watch it here, alive or from the list of runs."""

import streamlit as st

from cu_core.spec import MAPPED, Catalog
from ui import (
    blocks,
    branch,
    compose,
    form,
    hand,
    live,
    look,
    moments,
    overview,
    samples,
    session,
    shelf,
    tray,
    unfinished,
    wording,
)

ORDER = 2

catalog = session.store().catalog()
record = session.followed()
session.notices()

request, why = None, unfinished.ENGINE
looks = session.read_only()
bare = looks or moments.hides("knobs")
with st.container() if bare else st.sidebar:
    if catalog is None and not looks:
        session.waiting("Starting the engine…", session.store().catalog)
    elif catalog is not None and not bare:
        form.follow(record, catalog)
        request = compose.sentence(catalog)
        why = compose.dock(request, record, catalog)

if record is not None:
    blocks.tab(wording.tab(record, session.progress(record)))
    branch.offer(request, record, catalog or Catalog())
    live.follow(record, catalog or Catalog())
elif looks:
    blocks.verdict("Runs of this Lethe")
    if session.store().runs(*MAPPED):
        blocks.note("Open one below: its map, its curves and its verdict play here.")
    else:
        with blocks.empty("No run is here yet", "Those that are recorded play on Watch."):
            st.page_link(session.page("watch"), label="Watch one", icon=":material/play_arrow:")
else:
    standing = hand.stands()
    blocks.verdict("Forget something, and watch it go")
    shown = overview.show(standing) if standing else None
    place = st.container()
    if shown is None:
        place = blocks.empty(
            "No run is open",
            "A run plays here: its map, its curves, its verdict. The sidebar reads as a sentence, "
            f"and Run does what it says. {wording.intent(request)}".strip(),
        )
    with place:
        if st.button("Run it now", key="run/now", disabled=bool(why)) and request:
            compose.go(request)
        blocks.note(why)
    tray.show(standing, shown)
    if standing is not None:
        samples.offer(standing)

look.panel()
if not moments.hides("list"):
    st.space("small")
    shelf.runs(session.store().runs(*MAPPED))
