"""What is done with ticked rows of the table of runs: open, compare, tag, note, delete."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import streamlit as st

from cu_core.comparison.rows import Row
from cu_core.store.labels import NOTE_LIMIT
from ui import blocks, compare_runs, session, shelf


def actions(chosen: Sequence[Row]) -> None:
    """Open, compare, tag, note, delete; a hint while nothing is ticked."""
    if not chosen:
        done = "open or compare" if session.read_only() else "open, compare, tag or delete"
        blocks.note(f"Tick rows to {done} them.")
        return
    blocks.note(f"{len(chosen):,} ticked")
    if len(chosen) == 1 and st.button("Open", key="runs-open", type="primary"):
        session.follow(chosen[0].run_id)
        st.switch_page(session.page("unlearn"))
    compare_runs.link([row.run_id for row in chosen])
    if session.read_only():
        return
    _tag(chosen)
    _note(chosen)
    live = any(row.state in session.LIVE for row in chosen)
    many = "The run, its" if len(chosen) == 1 else f"{len(chosen):,} runs, their"
    text = f"{many} pictures and measurements are deleted. This cannot be undone."
    shelf.confirm("Delete", "runs-delete", text, _delete, [*chosen], disabled=live)


def _tag(chosen: Sequence[Row]) -> None:
    common = set.intersection(*(set(row.tags) for row in chosen))
    with st.popover("Tag…"):
        options = sorted({tag for row in chosen for tag in row.tags})
        key = f"runs-tags-{_key(chosen)}"
        st.multiselect(
            "Tags",
            options,
            sorted(common),
            key=key,
            accept_new_options=True,
            placeholder="Type a tag",
        )
        st.button("Keep these tags", key="runs-tag", on_click=_set_tags, args=(chosen, common, key))


def _set_tags(chosen: Sequence[Row], common: Collection[str], key: str) -> None:
    """What was added goes to all; what all had and is no longer there goes from all."""
    now = set(st.session_state[key])
    for row in chosen:
        tags = (set(row.tags) - (set(common) - now)) | now
        session.attempt(session.store().label, row.run_id, tags)


def _note(chosen: Sequence[Row]) -> None:
    with st.popover("Note…"):
        notes = {row.note for row in chosen}
        key = f"runs-note-{_key(chosen)}"
        told = "Note" if len(chosen) == 1 else f"The same note for {len(chosen):,} runs"
        st.text_area(told, notes.pop() if len(notes) == 1 else "", max_chars=NOTE_LIMIT, key=key)
        st.button("Keep this note", key="runs-note", on_click=_set_note, args=(chosen, key))


def _set_note(chosen: Sequence[Row], key: str) -> None:
    for row in chosen:
        session.attempt(session.store().label, row.run_id, None, st.session_state[key])


def _key(chosen: Sequence[Row]) -> str:
    return hashlib.sha256("".join(row.run_id for row in chosen).encode()).hexdigest()[:12]


def _delete(chosen: Sequence[Row]) -> None:
    for row in chosen:
        session.attempt(session.store().delete, row.run_id)
        if st.session_state.get(session.RUN) == row.run_id:
            session.unfollow()
