"""The gallery of a sweep as a Streamlit component: the last frame of each trial, on one canvas."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from cu_core.spec import SweepRecord
from cu_core.stage import source, trials
from ui import controls, session


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "lethe_trials",
        html=trials.MARKUP,
        css=source.style(),
        js=source.script(entry="trials"),
    )


def gallery(
    record: SweepRecord,
    chosen: Sequence[int],
    sort_by: str | None,
    key: str,
    on_card: Callable[[int], None] | None = None,
    on_chosen: Callable[[list[int]], object] | None = None,
    on_open: Callable[[int], None] | None = None,
) -> Any:
    """Mounts the gallery of a sweep whose record is sound, or hands the mounted one (same ``key``)
    what is new.

    ``chosen``: numbers of the trials that are selected; ``sort_by``: an objective or a knob that it
    opens sorted by, None for the first objective. Each callback is called before the script runs
    again: ``on_chosen`` with the numbers after any change of the selection, ``on_card`` with the
    one that was clicked (after ``on_chosen``), ``on_open`` with the one that is to be played. The
    result's ``asked`` is what was asked, for one run of the script: {"what": "card" or "open",
    "trial": n}, {"what": "chosen", "trials": [n]}.
    """
    sent = _sent(key, record.sweep_id)
    titles = {
        name: controls.words(name) for name in (record.request.axes if record.request else ())
    }
    files = session.store().pictures(record.sweep_id)
    calls = {"card": on_card, "chosen": on_chosen, "open": on_open}
    return _component()(
        data=trials.blob(record, files, sent, chosen, sort_by, titles),
        key=key,
        on_asked_change=lambda: answer(key, sent, calls),
    )


def _sent(key: str, sweep_id: str) -> trials.Sent:
    """What this tab has of the sweep; anew for another one."""
    held: trials.Sent | None = st.session_state.get(f"sent-{key}")
    if held is None or held.sweep_id != sweep_id:
        held = st.session_state[f"sent-{key}"] = trials.Sent(sweep_id)
    return held


def answer(
    key: str, sent: trials.Sent, calls: Mapping[str, Callable[[Any], object] | None]
) -> None:
    """What the mounted gallery asks for goes to whom it concerns: ``calls`` by "card", "chosen",
    "open"."""
    said = (st.session_state.get(key) or {}).get("asked") or {}
    what, trial = said.get("what"), said.get("trial")
    if what == "need":
        sent.forget()
    heard = {"chosen": said.get("trials", [trial]), "card": trial, "open": trial}
    for name in {"card": ("chosen", "card")}.get(str(what), (what,)):
        if call := calls.get(str(name)):
            call(heard[str(name)])
