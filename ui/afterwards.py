"""What a page draws once its first picture is on the screen: a browser reads one script at a time,
and that of Plotly takes it as long as all the rest."""

from __future__ import annotations

import streamlit as st

FIRST_S = 0.2  # what a browser is given to draw what came before; its clock waits while it draws


def painted(key: str) -> bool:
    """Whether what comes before this place has been drawn in this tab; if not, the page is drawn
    again when it has. ``key``: of what is looked at, for it is asked once for each."""
    name, seen = f"painted/{key}", f"painted/{key}/sent"
    if st.session_state.get(name):
        return True

    @st.fragment(run_every=FIRST_S)
    def wait() -> None:
        if st.session_state.get(seen):
            st.session_state[name] = True
            st.rerun()
        st.session_state[seen] = True

    wait()
    return False
