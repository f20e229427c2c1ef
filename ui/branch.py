"""A run led on otherwise from the step at which its picture stands: by the settings in the sidebar.

Turning a knob never changes a run that is on record: it goes on as a branch, a run of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import streamlit as st

from cu_core.spec import Catalog, RunRecord, UnlearnRequest
from cu_core.store import RunReader, branches
from cu_core.store.branches import COURSE, parent_of
from ui import controls, differs, pausing, session, shelf, wording

SETTINGS = "branch/settings"  # in the session: what the sidebar has for the method, or why nothing
TURNS = ("method", "preset", "hparams", *COURSE)  # of a request, what a branch may change
NOT_SET = ("kind", "forget", "after", "first", "parent")  # ... and what no widget sets as it is
ELSEWHERE = "A branch keeps everything but the method, its knobs and its end; {} differs."
LAST = "the last step: go back to an earlier picture, or choose another method or more epochs"
UNFINISHED = "The settings beside are not finished."

Values = Mapping[str, Any]


def offer(request: UnlearnRequest | None, record: RunRecord | None, catalog: Catalog) -> None:
    """Keeps what the sidebar has for the method, for the Stage's own button."""
    st.session_state[SETTINGS] = _settings(request, record, catalog)


def _settings(
    request: UnlearnRequest | None, record: RunRecord | None, catalog: Catalog
) -> dict[str, Any] | str:
    """The method with each of its knobs, and the end, as the store's ``branch`` takes them; or the
    sentence of why nothing branches by these settings."""
    cards = {card.key: card for card in catalog.methods}
    shown = record.request if record else None
    if request is None or request.method not in cards or not isinstance(shown, UnlearnRequest):
        return UNFINISHED
    names = session.progress(record).class_names if record else ()
    kept = [name for name in differs.LABELS if name not in (*TURNS, *NOT_SET)]
    if shown.original and not request.original:
        kept.remove("original")  # a model that the sidebar has no place for: the branch has it
    other = [name for name in kept if getattr(request, name) != getattr(shown, name)]
    other += [] if differs.same_set(request, shown, names) else ["forget"]
    if other:
        return ELSEWHERE.format(differs.LABELS[other[0]].lower())
    knobs = controls.values_of(cards[request.method], request.preset) | request.hparams
    return {"method": request.method, "hparams": knobs} | {n: getattr(request, n) for n in COURSE}


def begin(record: RunRecord, asked: Values) -> None:
    """The Stage's button was pressed at a step: the branch is queued, and shown."""
    settings = st.session_state.get(SETTINGS)
    if not isinstance(settings, dict):
        session.notice(settings or UNFINISHED)
        return
    at = asked.get("step")
    step = at if isinstance(at, int) else -1  # refused in the store's words
    branch = functools.partial(session.store().branch, **settings)
    request = session.attempt(branch, record.run_id, step)
    if request is not None and (run_id := session.attempt(session.start, request)):
        pausing.tell(run_id)
        session.follow(run_id)


def show(record: RunRecord, asked: Values) -> None:
    """Another run of the tree was pressed."""
    if any(one.run_id == asked.get("run") for one in session.store().family(record.run_id)):
        session.follow(str(asked["run"]))


def told(record: RunRecord, reader: RunReader) -> Values:
    """For the Stage: what a branch would change here, and the tree that this run is part of."""
    if not isinstance(record.request, UnlearnRequest):
        return {}
    settings = st.session_state.get(SETTINGS)
    if settings is None or session.read_only():
        return {"family": _family(record)}
    if not isinstance(settings, dict):
        return {"branch": {"why": settings}, "family": _family(record)}
    return {"branch": changes(settings, record, reader), "family": _family(record)}


def changes(settings: Values, record: RunRecord, reader: RunReader) -> dict[str, Any]:
    """What the settings change of the run's own way, which may be another at another step: ``ways``
    as (from which step, in words); ``end``: the step from which nothing goes on by them."""
    progress, request = reader.progress(), record.request
    if progress.provenance is None or not isinstance(request, UnlearnRequest):
        return {"why": "This run does not say what it went by."}
    ways = branches.ways(request, progress.provenance.knobs)
    words = [(start, _words(settings, method, knobs)) for start, method, knobs in ways]
    _, method, knobs = ways[-1]
    same, end = settings["method"] == method, progress.total or record.total
    longer = settings["hparams"].get("epochs", 0) > knobs.get("epochs", 0)
    goes_on = not same or longer or settings["max_steps"] != request.max_steps
    return {"ways": words, "end": None if goes_on else end, "last": LAST}


def _words(settings: Values, method: str, knobs: Values) -> str:
    if settings["method"] != method:
        return f"with {settings['method']}, not {method}"
    turned = "; ".join(wording.turned(settings["hparams"], knobs))
    return f"with {turned}" if turned else "with nothing changed: it would end as this run does"


def _family(record: RunRecord) -> list[dict[str, Any]]:
    """The tree as the Stage draws it; nothing where the run stands alone. Looked up again when the
    list of runs has changed, or a run of it still grows."""
    key = (record.run_id, record.step, session.store().news())
    held = st.session_state.get("family")
    if held is None or held[0] != key:
        family = session.store().family(record.run_id)
        runs = [one for one in family if isinstance(one.request, UnlearnRequest)]  # none damaged
        numbers = shelf.numbers(runs)
        members = [_member(one, numbers[one.run_id]) for one in runs]
        held = st.session_state["family"] = key, members if len(members) > 1 else []
    return list(held[1])


def _member(record: RunRecord, number: str) -> dict[str, Any]:
    request = record.request
    assert isinstance(request, UnlearnRequest)
    own, turn = wording.given_name(record), wording.capital(wording.turn(record))
    return {
        "run": record.run_id,
        "parent": parent_of(record),
        "from": request.branched_at,
        "end": max(record.step, request.branched_at),
        "title": f"{own or turn or 'As it began'}{number * bool(own or turn)}",
        "said": record.summary.headline or wording.state(record) or "",
    }
