"""What a tab asked to see of a run beside its frames: the exact map of one, all of them in 3-D.

Every frame on record is laid out; a page is sent those that it shows (``cu_core.stage.replay``).

A worker answers and keeps the answer with the run, so a second tab, or a second click, waits for
nothing. A tab that asked for nothing is sent nothing: the 3-D map of a long run is megabytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cu_core.errors import StoreError
from cu_core.store import RunReader
from ui import session

Values = Mapping[str, Any]
POLL_S = 0.5  # between two looks at a run that has ended, while an answer is awaited
STUCK = "The 3-D map does not get further; delete the run's folder views and ask again."


@dataclass
class Wanted:
    """One tab's wishes for one life of one run. ``clicks``: so that a wish can be made again."""

    run_id: str
    generation: Any = None
    exact: int | None = None
    solid: bool = False
    clicks: int = 0
    answers: int = 0  # to "solid": each lays out some frames
    had: Any = None  # what there was of the 3-D map at the last answer
    refusal: str = ""  # what was said of the 3-D map
    awaited: bool = False


def wanted(run_id: str, generation: Any = None) -> Wanted:
    """This tab's wishes; void once another run is shown.

    A rewind ends the wish for the exact map of a frame, which may be gone, not that for 3-D.
    """
    held = st.session_state.get("wanted")
    if held is None or held.run_id != run_id:
        held = st.session_state["wanted"] = Wanted(run_id, generation)
    elif generation is not None and held.generation != generation:
        held.exact = held.exact if held.generation is None else None
        held.generation, held.had = generation, None
    return held


def awaits(run_id: str) -> bool:
    """Whether an answer is on its way, so that the page has to look again."""
    held = st.session_state.get("wanted")
    return held is not None and held.run_id == run_id and held.awaited


def check(run_id: str, key: str) -> None:
    """A person asks for the exact map of the frame at which the Stage stands."""
    told = (st.session_state.get(key) or {}).get("check") or {}
    step = told.get("step")
    if isinstance(step, int):
        wish = wanted(run_id)
        wish.exact, wish.clicks, wish.awaited = step, wish.clicks + 1, True


def lay_out(run_id: str) -> None:
    """A person asks for the map in three dimensions."""
    wish = wanted(run_id)
    wish.solid, wish.awaited, wish.refusal = True, True, ""
    wish.clicks, wish.had = wish.clicks + 1, None


def words(reader: RunReader, progress: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the Stage's header says of the exact map and of the 3-D map; asks for what lacks."""
    wish = wanted(reader.run_id, progress.get("generation", 0))
    exact, solid = _exact(reader, wish), _solid(reader, progress, wish)
    wish.awaited = exact["state"] == "fitting" or solid["state"] == "working"
    return exact, solid


def _exact(reader: RunReader, wish: Wanted) -> dict[str, Any]:
    if wish.exact is None:
        return {"state": "none"}
    failed = {"state": "failed", "step": wish.exact, "click": wish.clicks}
    try:
        known = reader.view_facts(f"exact-{wish.exact}")
    except StoreError as fault:
        return failed | {"message": str(fault)}
    if known is not None:
        return {"state": "done", **known}
    payload = {"run": reader.run_id, "step": wish.exact}
    reply = session.ask("exact", payload, [wish.generation, wish.clicks])
    if reply is not None and reply.error:
        return failed | {"message": reply.error}
    return {"state": "fitting", "step": wish.exact}


def _solid(reader: RunReader, progress: Values, wish: Wanted) -> dict[str, Any]:
    total = reader.snapshot_count() if wish.solid else 0
    if not wish.solid:
        return {"state": "none", "done": 0, "total": total, "message": wish.refusal}
    try:
        told, complete = _laid_out(reader, progress, total)
        while not complete:
            tag = [wish.generation, wish.clicks, wish.answers]
            reply = session.ask("solid", {"run": reader.run_id}, tag)
            if reply is None:
                return {"state": "working", **told}
            if reply.error:
                return _refused(wish, reply.error, total)
            told, complete = _laid_out(reader, progress, total)  # what is there by now
            if told == wish.had and not complete:
                return _refused(wish, STUCK, total)
            wish.answers, wish.had = wish.answers + 1, told
        return {"state": "done", **told}
    except StoreError as fault:
        return _refused(wish, str(fault), total)


def _laid_out(reader: RunReader, progress: Values, total: int) -> tuple[dict[str, Any], bool]:
    """What is on record of the 3-D map, and whether that is all there can be by now."""
    known = reader.view_facts("solid")
    facts = known or {"steps": [], "quality": [], "ghost": None, "skipped": []}
    done = len(facts["steps"]) + len(facts["skipped"])
    told = {"done": done, "total": total, "begun": known is not None}
    told |= {name: facts[name] for name in ("steps", "quality", "ghost")}
    return told, done >= total and bool(facts.get("with_ghost") or not progress.get("ghost"))


def _refused(wish: Wanted, sentence: str, total: int) -> dict[str, Any]:
    """No more questions; the Stage goes back to offering the 3-D map, and says why it has none."""
    wish.solid, wish.refusal = False, sentence
    session.notice(sentence)
    return {"state": "none", "done": 0, "total": total, "message": sentence}
