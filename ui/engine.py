"""The process behind the pages: woken when it is wanted; what is said where none comes."""

from __future__ import annotations

import os
import threading
import time

import streamlit as st

from cu_core.service import spawn
from cu_core.spec import RunRecord
from cu_core.store import Store
from ui import blocks
from ui.browsers import is_shared

PAINT_S = 0.5  # what a page is given to paint before a worker takes the processor
AGAIN_S = 6.0  # between two looks at whether somebody comes for a run that waits
NOBODY = "No worker comes to answer this. The page says why, with a button to try again."
SAID, LOOKED = "engine/said", "engine/looked"


def wake(store: Store, delay: float = 0.0) -> None:
    """Starts a worker if none is idle; after ``delay`` seconds, so that the page paints first.

    An idle worker goes away with this server; one that has a run stays to its end.
    """
    timer = threading.Timer(delay, spawn.ensure_worker, [store, os.getpid()])
    timer.daemon = True
    timer.start()


def take_up(store: Store) -> None:
    """Sees to it that somebody takes what is queued, and that nobody starts beside who has."""
    threading.Thread(target=spawn.see_to_runs, args=(store, os.getpid()), daemon=True).start()


def wake_once(store: Store, delay: float) -> None:
    """The same as ``wake``, for the first page that this server draws. What kept workers from
    coming may have been mended before it was started."""
    _wake_once(str(store.home), store, delay)


@st.cache_resource(show_spinner=False)
def _wake_once(home: str, _store: Store, _delay: float) -> bool:
    _store.is_ready()
    wake(_store, _delay)
    return True


def look_after(store: Store, record: RunRecord) -> None:
    """Now and then, while a tab shows a run that waits: its worker may have gone meanwhile, with
    the app that had started it, or never have come."""
    if record.state != "queued":
        return
    run_id, since = st.session_state.get(LOOKED, ("", 0.0))
    now = time.monotonic()
    if run_id == record.run_id and now - since < AGAIN_S:
        return
    st.session_state[LOOKED] = record.run_id, now
    if run_id == record.run_id:  # its start has just been seen to
        take_up(store)


def broken(store: Store) -> str:
    """Why no worker comes, in sentences; "" where one does."""
    return store.failed_starts().words(store.home)


def is_news(store: Store) -> bool:
    """Whether the page says otherwise of it than is so by now."""
    return bool(broken(store) != st.session_state.get(SAID, ""))


def say(store: Store) -> None:
    """On the page, with a button for when it is mended."""
    why = st.session_state[SAID] = broken(store)
    if why and (store.read_only or is_shared()):
        blocks.error("No worker comes. Whoever runs this Lethe finds the reason in its log.")
    elif why:
        blocks.error(why)
        st.button("Try again", key="engine/again", on_click=_again, args=(store,))


def _again(store: Store) -> None:
    store.is_ready()
    take_up(store)
