"""Why a form's button is grey: what it still lacks, said beside the button.

The widgets that are asked for a value and have none say so here, under the ``place`` of their
form, in the order in which they are drawn.
"""

from __future__ import annotations

import streamlit as st

ENGINE = "The engine is starting…"
READING = "The data are being read."
ABOVE = "What is wrong is said above."


def begin(place: str) -> None:
    """The form is drawn anew: nothing is known to be missing."""
    st.session_state[_key(place)] = []


def lacks(place: str, sentence: str) -> None:
    """Something is missing, and what a person does about it."""
    st.session_state.setdefault(_key(place), []).append(sentence)


def said(place: str) -> str:
    """All that is missing, in sentences; "" where nothing is."""
    return " ".join(dict.fromkeys(st.session_state.get(_key(place), ())))


def _key(place: str) -> str:
    return f"{place}/unfinished"
