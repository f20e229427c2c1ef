"""At which events a run is to pause: chosen before it is queued, or while it lives."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cu_core.spec import Catalog, RunProgress, RunRecord
from ui import session

BEFORE = "run/pause_at"  # the choice for the next run
LAST = "last_watch"  # what this session has said last, until the worker has heard it
HELP = (
    "The network stops after the picture in which it happens, and says so; Resume goes on. It "
    "changes nothing in what is computed."
)


def choose(catalog: Catalog) -> None:
    """For the next run. No part of its request: a pause changes no number."""
    titles = {event.key: event.title for event in catalog.events}
    if titles:
        st.multiselect(
            "Pause at",
            list(titles),
            format_func=titles.__getitem__,
            key=BEFORE,
            persist_state="session",
            placeholder="nothing",
            help=HELP,
        )


def tell(run_id: str) -> None:
    """What was chosen before, to the run that has just been queued."""
    if wanted := st.session_state.get(BEFORE):
        session.attempt(session.store().command, run_id, "watch-for", list(wanted), session.whose())


def popover(record: RunRecord, progress: RunProgress, disabled: bool) -> None:
    """For the run that lives, as it is on record: every session that looks has the same."""
    catalog = session.store().catalog() or Catalog()
    titles = {event.key: event.title for event in catalog.events}
    if not titles:
        return
    key = f"pause-at-{record.run_id}"
    # Set at every drawing: a closed popover has no widget yet that would have heard it but once.
    st.session_state[key] = [kind for kind in _wanted(record, progress) if kind in titles]
    with st.popover("Pause at…", icon=":material/flag:", disabled=disabled):
        st.pills(
            "Pause at these events",
            list(titles),
            selection_mode="multi",
            format_func=titles.__getitem__,
            key=key,
            on_change=_changed,
            args=(record.run_id, key),
            help=HELP,
        )


def watched(progress: RunProgress) -> str:
    """What the run is to pause at, in a line; "" for nothing."""
    titles = {event.key: event.title for event in (session.store().catalog() or Catalog()).events}
    known = [titles[kind] for kind in progress.watch_for if kind in titles]
    return f"Pauses at: {', '.join(known)}." if known else ""


def _wanted(record: RunRecord, progress: RunProgress) -> Sequence[str]:
    """What is on record; this session's own word for as long as the worker has not heard it. Then
    the record is read anew: ``progress`` may be older, and a choice drawn back is heard as a click.
    """
    last: tuple[str, int, Sequence[str]] = st.session_state.get(LAST, ("", 0, ()))
    run_id, command_id, wanted = last
    if run_id != record.run_id:
        return progress.watch_for
    if session.store().acknowledged(command_id) is None:
        return wanted
    del st.session_state[LAST]
    return session.store().reader(run_id).progress().watch_for


def _changed(run_id: str, key: str) -> None:
    wanted = list(st.session_state[key])
    give = session.store().command
    command_id = session.attempt(give, run_id, "watch-for", wanted, session.whose())
    if command_id is not None:
        st.session_state[LAST] = (run_id, command_id, wanted)
