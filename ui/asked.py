"""What a Stage asks of its page beside maps: each ``what`` has a room that hears it.

A handler takes the run and the payload of ``stage.ask(what, payload)``; what it has to say goes
back in the header of the next blob, by ``ANSWERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cu_core.spec import RunRecord
from cu_core.store import RunReader
from ui import branch, hand, sheets

Payload = Mapping[str, Any]
HANDLERS: Mapping[str, Callable[[RunRecord, Payload], None]] = {
    "branch": branch.begin,
    "choose": hand.chosen,
    "open": branch.show,
    "oppose": sheets.oppose,
    "pins": sheets.pin,
}
ANSWERS: tuple[Callable[[RunRecord, RunReader], Mapping[str, Any]], ...] = (
    branch.told,
    hand.marks,
    sheets.opposed,
    sheets.sheets,
)


def answer(record: RunRecord, key: str) -> None:
    """The Stage of this ``key`` has asked for something. What nobody here knows is left alone: a
    page of another version may ask it."""
    payload = (st.session_state.get(key) or {}).get("asked") or {}
    handler = HANDLERS.get(str(payload.get("what")))
    if handler is not None:
        handler(record, payload)


def answers(record: RunRecord, reader: RunReader) -> dict[str, Any]:
    """What the header of the run's next blob says for this tab, of all that was asked."""
    said: dict[str, Any] = {}
    for told in ANSWERS:
        said |= told(record, reader)
    return said
