"""What a tab wants of a run beside its frames: the exact map of one, all of them in 3-D.

Every frame on record is laid out; a page is sent those that it shows (``cu_core.stage.replay``).

A worker answers and keeps the answer with the run, so a second tab, or a second click, waits for
nothing. A tab that wants nothing is sent nothing: the 3-D map of a long run is megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from cu_core.errors import StoreError
from cu_core.spec import ExactMap, Map3D, RunProgress
from cu_core.store import RunReader
from ui import session

POLL_S = 0.5  # between two looks at a run that has ended, while an answer is awaited
STUCK = "The 3-D map does not get further; delete the run's folder views and ask again."

State = dict[str, Any]
"""What the Stage's header says of a map: ``state``, and what belongs to it."""


@dataclass
class MapRequests:
    """Of one tab, for one generation of one run. ``clicks``: so that each can be made again."""

    run_id: str
    generation: int | None = None
    exact: int | None = None  # the step of the frame
    solid: bool = False
    clicks: int = 0
    answers: int = 0  # to "solid": each lays out some frames
    progress: State | None = None  # what there was of the 3-D map at the last answer
    refusal: str = ""  # why there is no 3-D map
    awaited: bool = False


def requests(run_id: str, generation: int | None = None) -> MapRequests:
    """This tab's requests; void once another run is shown.

    A rewind ends that for the exact map of a frame, which may be gone, not that for 3-D.
    """
    held: MapRequests | None = st.session_state.get("map_requests")
    if held is None or held.run_id != run_id:
        held = st.session_state["map_requests"] = MapRequests(run_id, generation)
    elif generation is not None and held.generation != generation:
        held.exact = held.exact if held.generation is None else None
        held.generation, held.progress = generation, None
    return held


def awaited(run_id: str) -> bool:
    """Whether an answer is on its way, so that the page has to look again."""
    held: MapRequests | None = st.session_state.get("map_requests")
    return held is not None and held.run_id == run_id and held.awaited


def request_exact(run_id: str, key: str) -> None:
    """A person asks for the exact map of the frame at which the Stage stands."""
    trigger = (st.session_state.get(key) or {}).get("check") or {}
    step = trigger.get("step")
    if isinstance(step, int):
        held = requests(run_id)
        held.exact, held.clicks, held.awaited = step, held.clicks + 1, True


def request_solid(run_id: str) -> None:
    """A person asks for the map in three dimensions."""
    held = requests(run_id)
    held.solid, held.awaited, held.refusal = True, True, ""
    held.clicks, held.progress = held.clicks + 1, None


def states(reader: RunReader, progress: RunProgress) -> tuple[State | None, State | None]:
    """What the Stage's header says of the exact map and of the 3-D map; asks for what lacks. Where
    only what is on record can be looked at, it is the newest exact map, and 3-D if that is whole.
    """
    if session.read_only():
        return _on_record(reader, progress)
    held = requests(reader.run_id, progress.generation)
    exact, solid = _exact(reader, held), _solid(reader, progress, held)
    held.awaited = exact["state"] == "fitting" or solid["state"] == "working"
    return exact, solid


def _on_record(reader: RunReader, progress: RunProgress) -> tuple[State | None, State | None]:
    found = {n: f for n in reader.views() if n.startswith("exact-") and (f := reader.view_facts(n))}
    newest = max(found.values(), key=lambda facts: int(facts["step"]), default=None)
    there, complete = _laid_out(reader, progress, reader.snapshot_count())
    done = {"state": "done", "recorded": True}
    return {**done, **newest} if newest else None, {**done, **there} if complete else None


def _exact(reader: RunReader, held: MapRequests) -> State:
    if held.exact is None:
        return {"state": "none"}
    failed = {"state": "failed", "step": held.exact, "click": held.clicks}
    try:
        facts = reader.view_facts(f"exact-{held.exact}")
    except StoreError as fault:
        return failed | {"message": str(fault)}
    if facts is not None:
        return {"state": "done", **facts}
    question = ExactMap(run=reader.run_id, step=held.exact)
    reply = session.ask(question, (held.generation, held.clicks))
    if reply.error:
        return failed | {"message": reply.error}
    return {"state": "fitting", "step": held.exact, "doing": reply.doing}


def _solid(reader: RunReader, progress: RunProgress, held: MapRequests) -> State:
    total = reader.snapshot_count() if held.solid else 0
    if not held.solid:
        return {"state": "none", "done": 0, "total": total, "message": held.refusal}
    try:
        there, complete = _laid_out(reader, progress, total)
        while not complete:
            tag = (held.generation, held.clicks, held.answers)
            reply = session.ask(Map3D(run=reader.run_id), tag)
            if not reply.settled:
                return {"state": "working", **there}
            if reply.error:
                return _refuse(held, reply.error, total)
            there, complete = _laid_out(reader, progress, total)  # what is there by now
            if there == held.progress and not complete:
                return _refuse(held, STUCK, total)
            held.answers, held.progress = held.answers + 1, there
        return {"state": "done", **there}
    except StoreError as fault:
        return _refuse(held, str(fault), total)


def _laid_out(reader: RunReader, progress: RunProgress, total: int) -> tuple[State, bool]:
    """What is on record of the 3-D map, and whether that is all there can be by now."""
    known = reader.view_facts("solid")
    facts = known or {"steps": [], "quality": [], "ghost": None, "skipped": []}
    done = len(facts["steps"]) + len(facts["skipped"])
    there = {"done": done, "total": total, "begun": known is not None}
    there |= {name: facts[name] for name in ("steps", "quality", "ghost")}
    return there, done >= total and (bool(facts.get("with_ghost")) or progress.ghost is None)


def _refuse(held: MapRequests, sentence: str, total: int) -> State:
    """No more questions; the Stage goes back to offering the 3-D map, and says why it has none."""
    held.solid, held.refusal = False, sentence
    session.notice(sentence)
    return {"state": "none", "done": 0, "total": total, "message": sentence}
