"""The trials that are chosen in a tab: one set for all pictures of a sweep and its table.

A picture tells of a brush by its callback alone; a widget's own memory of it is never read again.
Each change has a number, which is part of the pictures' keys: what was drawn before is not heard,
for a browser may tell of it when the page has gone on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import streamlit as st


def numbers(sweep_id: str) -> tuple[int, ...]:
    """Of the chosen trials, in their order."""
    found: tuple[int, ...] = st.session_state.get(f"sweep/chosen/{sweep_id}", ())
    return found


def revision(sweep_id: str) -> int:
    """How often the choice has changed, in this tab."""
    return int(st.session_state.get(f"sweep/revision/{sweep_id}", 0))


def choose(sweep_id: str, chosen: Iterable[int]) -> bool:
    """Whether that is another choice than before."""
    now = tuple(sorted(set(chosen)))
    if now == numbers(sweep_id):
        return False
    st.session_state[f"sweep/chosen/{sweep_id}"] = now
    st.session_state[f"sweep/revision/{sweep_id}"] = revision(sweep_id) + 1
    return True


def clear(sweep_id: str) -> None:
    choose(sweep_id, ())


def picture_key(sweep_id: str, name: str) -> str:
    """Of a Plotly picture as it is drawn now."""
    return f"sweep-{name}-{sweep_id}-{revision(sweep_id)}"


def brushed(sweep_id: str, name: str, key: str) -> None:
    """A box or a lasso was drawn on a Plotly picture, or a mark was pressed."""
    if key != picture_key(sweep_id, name):
        return
    state = st.session_state.get(key)
    choose(sweep_id, in_selection(state.selection if state else {}))


def in_selection(selection: Mapping[str, Any]) -> set[int]:
    """The trial numbers of what Plotly says is selected."""
    found = set()
    for point in selection.get("points", ()):
        given = point.get("customdata")
        one = given[0] if isinstance(given, list) and given else given
        if isinstance(one, int | float) and not isinstance(one, bool):
            found.add(int(one))
    return found


def ticked(sweep_id: str, key: str, shown: Collection[int]) -> None:
    """Rows of the table were ticked; ``shown``: the trial of each row."""
    if key != table_key(sweep_id):
        return
    state, order = st.session_state.get(key), list(shown)
    rows = state.selection.rows if state else []
    if choose(sweep_id, (order[row] for row in rows if row < len(order))):
        st.session_state[f"sweep/table/{sweep_id}"] = revision(sweep_id)


def table_key(sweep_id: str) -> str:
    """Of the table: where the last change was its own, it stays as a person has it."""
    now = revision(sweep_id)
    kept = st.session_state.setdefault(f"sweep/drawn/{sweep_id}", now)
    if st.session_state.get(f"sweep/table/{sweep_id}") != now:
        kept = st.session_state[f"sweep/drawn/{sweep_id}"] = now
    return f"sweep-table-{sweep_id}-{kept}"
