"""The original model before any run: its map, where the run's will play."""

from __future__ import annotations

import hashlib
from typing import Any

import streamlit as st

from cu_core.spec import Overview, UnlearnRequest, data_words
from cu_core.stage import overview
from cu_core.stage.pictured import Pictured
from cu_core.stage.replay import Sent
from ui import blocks, hand, session
from ui.stage import stage

KEY = "stage-original"


def show(standing: UnlearnRequest) -> Pictured | None:
    """Draws the picture; its samples. None, with a line of why, while there is none: the model is
    not trained yet, or a worker is laying it out."""
    asked = Overview(request=standing)
    found, tag = session.store().overview(asked), len(session.store().models())
    reply = session.ask(asked, tag, settle=True)
    why = reply.error or (reply.answer.why if reply.answer else "")
    if why or found is None or not session.store().has_model(found[1]["model"]):
        if reply.settled:
            blocks.note(why)
        else:
            session.waiting("Laying out what the original model sees…", lambda: _again(asked, tag))
        return None
    arrays, facts, version = found
    shown = overview.pictured(arrays, facts)
    sent = _sent(hashlib.sha256(asked.model_dump_json().encode()).hexdigest()[:16])
    tray = hand.held(standing.data)
    marked = shown.index_of(tray.rows) if tray else []
    blocks.note(
        f"What the original model makes of {data_words(standing.data)}, before anything is "
        "forgotten. Press L, or hold shift, and draw round samples to choose them by hand."
    )
    stage(
        overview.blob(arrays, facts, version, sent, marked),
        key=KEY,
        on_need=lambda: sent.forget_from(0),
        on_ask=lambda: _asked(shown, standing.data),
    )
    return shown


def _again(asked: Overview, tag: object) -> Any:
    return session.ask(asked, tag, settle=True)


def _sent(name: str) -> Sent:
    held: Sent | None = st.session_state.get("sent-original")
    if held is None or held.run_id != f"original-{name}":
        held = st.session_state["sent-original"] = Sent(f"original-{name}")
    return held


def _asked(shown: Pictured, data: str) -> None:
    payload = (st.session_state.get(KEY) or {}).get("asked") or {}
    if payload.get("what") == "choose":
        hand.choose(shown, data, payload)
