"""What every page says of the home folder: that it cannot be written, that its disk is full, or
that it was brought up."""

import streamlit as st

from cu_core.store.patience import low
from ui import blocks, session
from ui.browsers import is_shared

BROUGHT_UP = "home/brought-up"


def banner() -> None:
    """A sentence each, above the page; nothing where all is well. That the home was brought up is
    said once a tab."""
    store = session.store()
    if store.read_only or is_shared():
        return  # it is for whoever runs this, not for those who visit
    for fault in (store.paths.read_only, low(store.home)):
        if fault:
            st.warning(blocks.plain(fault), icon=":material/hard_drive:")
    told = store.db.brought_up
    if told and st.session_state.get(BROUGHT_UP) != told:
        st.session_state[BROUGHT_UP] = told
        session.notice(told)
