"""Sweep: knobs as ranges, many runs of one sentence, and what came of each in one picture."""

import streamlit as st

from ui import blocks, session, sweep_form, sweep_list, sweep_picture

ORDER = 2.5

catalog = session.store().catalog()
record = sweep_list.followed()
session.notices()

looks = session.read_only()
with st.container() if looks else st.sidebar:
    if looks:
        pass  # there is no sentence to write
    elif record is not None and sweep_form.folded(record.sweep_id):
        pass  # its results are looked at, and fifty widgets would come before them
    elif catalog is None:
        session.waiting("Starting the engine…", session.store().catalog)
    else:
        started = sweep_form.dock(sweep_form.sentence(catalog), catalog)
        if started:
            sweep_list.follow(started)
            st.rerun()

if record is not None:
    blocks.tab(f"Sweep: {record.name}")
    sweep_picture.follow(record)
elif looks:
    blocks.tab("Sweep")
    blocks.verdict("Sweeps")
    blocks.note("Open one below: all its trials lie in one map.")
else:
    blocks.tab("Sweep")
    blocks.verdict("Try many settings, and see all of them at once")
    blocks.empty(
        "No sweep is open",
        "The sidebar is the sentence of Unlearn; a knob that is a range is tried at many values. "
        "Each trial is an ordinary run with the same two models, so its gap to retraining is "
        "known, and all of them lie in one map.",
    )

st.space("small")
sweep_list.show()
