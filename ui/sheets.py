"""What a tab has pinned of a run, and what its sheets say that a page cannot work out itself: from
the embeddings on record here, and what pushed and pulled a sample by a worker, once asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cu_core.errors import StoreError
from cu_core.spec import RunRecord, UnlearnRequest, WhoOpposes
from cu_core.stage.sheet import Sheets
from cu_core.store import RunReader
from ui import session

SECONDS = 0.3  # of a look at snapshots; what is left of them is for the next one
CONTRASTIVE = "contrastive"  # the method that sets samples against each other


@dataclass(frozen=True)
class Pins:
    """Of one tab: which samples of a run, by their index in the data, and at which step."""

    run_id: str
    index: tuple[int, ...]
    step: int


def pin(record: RunRecord, payload: Mapping[str, Any]) -> None:
    """The Stage's pins have changed, or it has come to rest at another step."""
    _note("pins", record, payload)


def oppose(record: RunRecord, payload: Mapping[str, Any]) -> None:
    """A person asks what pushed and pulled a pinned sample."""
    _note("opposed", record, payload)
    st.session_state["opposed_awaited"] = record.run_id


def _note(name: str, record: RunRecord, payload: Mapping[str, Any]) -> None:
    index, step = payload.get("index"), payload.get("step")
    if isinstance(index, list) and all(isinstance(i, int) for i in index) and isinstance(step, int):
        st.session_state[name] = Pins(record.run_id, tuple(index), step)


def _noted(name: str, run_id: str) -> Pins | None:
    pins: Pins | None = st.session_state.get(name)
    return pins if pins is not None and pins.run_id == run_id and pins.index else None


def sheets(record: RunRecord, reader: RunReader) -> dict[str, Any]:
    """The header's ``sheets``: empty until something is pinned, which tells the Stage that it may
    ask; ``fault``: the sentence of why there can be none."""
    pins = _noted("pins", record.run_id)
    if pins is None:
        return {"sheets": {}}
    try:
        held = _held(reader)
        return {"sheets": held.look(pins.index, pins.step, SECONDS) if held else {}}
    except StoreError as fault:
        return {"sheets": {"step": pins.step, "fault": str(fault)}}


def _held(reader: RunReader) -> Sheets | None:
    """Those of this tab; made anew for another run, after a rewind, and when the retrained model
    has been looked at. None: the run has no probe yet."""
    progress = reader.progress()
    which = (reader.run_id, progress.generation, progress.ghost is not None)
    kept: tuple[Any, Sheets] | None = st.session_state.get("sheets")
    if kept is None or kept[0] != which:
        probe = reader.probe()
        if probe is None:
            return None
        kept = st.session_state["sheets"] = which, Sheets(reader, probe)
    return kept[1]


def opposed(record: RunRecord, _reader: RunReader) -> dict[str, Any]:
    """The header's ``opposed``: None where no method sets samples against each other, empty until
    somebody asks; then its ``state``, "working", "failed" with a ``message``, or "done"."""
    request = record.request
    legs = request.first if isinstance(request, UnlearnRequest) else ()
    if session.read_only() or CONTRASTIVE not in (
        getattr(request, "method", ""),
        *(leg.method for leg in legs),
    ):
        return {"opposed": None}
    asked = _noted("opposed", record.run_id)
    st.session_state["opposed_awaited"] = None
    if asked is None:
        return {"opposed": {}}
    which = {"index": asked.index[0], "step": asked.step}
    question = WhoOpposes(run=record.run_id, step=asked.step, index=asked.index)
    reply = session.ask(question)
    if reply.error:
        return {"opposed": {**which, "state": "failed", "message": reply.error}}
    if reply.answer is None:
        st.session_state["opposed_awaited"] = record.run_id
        return {"opposed": {**which, "state": "working"}}
    found = reply.answer.of.get(asked.index[0])
    return {"opposed": {**which, "state": "done", **(found.model_dump() if found else {})}}


def awaited(run_id: str) -> bool:
    """Whether a worker's answer is on its way, so that the page has to look again."""
    return bool(st.session_state.get("opposed_awaited") == run_id)
