"""What a tab shows, by its address: ``?run=ID`` and its like. A page change drops it, so the tab
remembers it too.

The address that comes with a word of the browser is the one that the browser had when it said it.
A word under way while the app leads on to another run still names the one before: taken for a wish
it led back, and the page showed another run than its address said.
"""

import time

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.turning import UNDER_WAY_S

LEFT = "address/left"  # in the session: by key, what the app has led away from, and when


def named(key: str) -> str:
    """What this tab shows of a kind, its address first; "" for nothing."""
    said, own = _said(key), st.session_state.get(key) or ""
    if said in _left(key) and not _goes_back():
        return own
    return said or own


def name(key: str, value: str) -> bool:
    """From now on this is shown, by the address too. Returns whether that said something else."""
    changes = _said(key) != value
    if changes or st.session_state.get(key) != value:
        _leave(key)
    _left(key).pop(value, None)
    st.session_state[key] = value
    if changes:
        st.query_params[key] = value
    return changes


def forget(key: str) -> None:
    """Nothing of this kind is shown any more."""
    _leave(key)
    st.session_state.pop(key, None)
    st.query_params.pop(key, None)


def _said(key: str) -> str:
    return str(st.query_params.get(key) or "")


def _leave(key: str) -> None:
    for left in filter(None, (_said(key), st.session_state.get(key))):
        st.session_state.setdefault(LEFT, {}).setdefault(key, {})[left] = time.monotonic()


def _left(key: str) -> dict[str, float]:
    """What a word under way may still name, and since when."""
    left: dict[str, float] = st.session_state.get(LEFT, {}).get(key, {})
    for said in [said for said, when in left.items() if time.monotonic() - when > UNDER_WAY_S]:
        del left[said]
    return left


def _goes_back() -> bool:
    """Whether the browser's own Back or Forward has brought this address."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
