"""What is chosen by hand, as a tab has it: whose data, which model, and how it becomes the forget
set of the next run. The rows themselves are the store's (``Store.choice``).

What a hand does on a Stage arrives while the page is not being drawn, and an engine's answer while
it is; either leaves word in the session, which the sidebar acts on at its next drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st
from pydantic import ValidationError

from cu_core.errors import StoreError
from cu_core.files import stamp
from cu_core.spec import RunRecord, UnlearnRequest, planted_in
from cu_core.stage.pictured import Pictured
from cu_core.store import Choice, RunReader
from cu_core.store.choices import How
from ui import blocks, session, unfinished

BY_HAND = "by-hand"  # among the forget rules of the sidebar
USE = "tray/use"  # in the session: the data whose tray is to be the forget set
OF = "tray/of"  # ... whose tray the sidebar had when it was drawn last
MOVED = "tray/moved"  # ... that a hand has changed a tray, and the whole page is to show it
DRAWN = "tray/drawn"  # ... which list the sidebar had when it was drawn last
SLIPPED = "tray/slipped"  # ... that it is another one now, which nobody here has changed
PICTURED = "tray/pictured"  # ... (what they were read from, the samples of the run shown last)
USUAL = UnlearnRequest().forget.partition(":")[0]  # the rule where nothing is chosen
NOT_OURS = (
    "What is chosen on a loop of your own is marked on its picture alone: no run here can begin "
    "with its data."
)
OF_MODEL = (  # of a request: what decides the original model and its map
    "dataset", "plant", "size", "model", "head", "model_seed", "train_epochs", "device",
    "precision", "original", "probe_size",
)  # fmt: skip


def standing(fields: Mapping[str, Any]) -> UnlearnRequest:
    """A request of which only the original model is decided."""
    return UnlearnRequest(**{name: fields[name] for name in OF_MODEL if name in fields})


def stand(fields: Mapping[str, Any]) -> None:
    """The sidebar's data and model, as its widgets stand; nothing where no request can be made of
    them, which is said where the whole is made."""
    try:
        st.session_state["standing"] = standing(fields)
    except ValidationError:
        st.session_state["standing"] = None


def stands() -> UnlearnRequest | None:
    """None until the sidebar has named data and a model."""
    found: UnlearnRequest | None = st.session_state.get("standing")
    return found


def of_run(record: RunRecord) -> UnlearnRequest | None:
    """What a run began with; None where no run of ours can begin so."""
    request = record.request
    return standing(request.model_dump()) if isinstance(request, UnlearnRequest) else None


def held(data: str) -> Choice | None:
    """The tray; None, and a notice, where it cannot be read."""
    return session.attempt(session.store().choice, data)


def put(data: str, how: How, rows: Iterable[int], among: Iterable[int] | None = None) -> None:
    """Changes the tray (``among``: as ``Store.change_choice``); what is put into it makes it the
    forget set of the next run on these data."""
    given = tuple(rows)
    now = session.attempt(session.store().change_choice, data, how, given, among)
    st.session_state[MOVED] = True
    if now is not None and now.rows and given and how != "remove":
        st.session_state[USE] = data


def use(data: str) -> None:
    """Makes the tray the forget set, and its data those of the sidebar."""
    st.session_state[USE] = data
    key, st.session_state["run/plant"] = planted_in(data)
    source, _, path = key.partition(":")
    st.session_state["run/dataset"] = source
    if path:
        st.session_state[f"run/path/{source}"] = path


def take_up(data: str, place: str) -> Choice | None:
    """Before the forget rule is drawn: it is the tray, if that was changed since. The tray."""
    st.session_state.pop(MOVED, None)  # the whole page is being drawn
    tray, fault = _told(data)
    rule, before = f"{place}/rule", st.session_state.get(OF)
    filled = tray is not None and bool(tray.rows)
    st.session_state[OF] = data
    if st.session_state.get(USE) == data:
        st.session_state[rule] = BY_HAND
        del st.session_state[USE]
    elif filled and rule not in st.session_state:
        st.session_state[rule] = BY_HAND  # a tab made anew goes on with what was chosen
    elif before not in (None, data) and not filled and st.session_state.get(rule) == BY_HAND:
        st.session_state[rule] = USUAL  # of other data nothing is chosen
    if fault and st.session_state.get(rule) == BY_HAND:
        unfinished.lacks(place, fault)
    return tray


def _told(data: str) -> tuple[Choice | None, str]:
    """The tray, or the sentence of why it cannot be read."""
    try:
        return session.store().choice(data), ""
    except StoreError as fault:
        return None, str(fault)


def rule(tray: Choice | None, place: str) -> str | None:
    """The tray as a forget rule; None, and why, while nothing is in it. Of one that cannot be read
    ``take_up`` has said why."""
    if tray is None:
        return None
    if not tray.rows:
        st.caption("Nothing yet. Draw round samples on the picture: L, or shift and drag.")
        unfinished.lacks(place, "Choose at least one image by hand.")
        return None
    count = f"{len(tray.rows):,} image{'' if len(tray.rows) == 1 else 's'}"
    st.caption(blocks.plain(f"{tray.name}: {count}" if tray.name else count))
    return tray.rule


def moved() -> bool:
    """Whether a hand has changed a tray since the page was drawn as a whole; asked once."""
    return bool(st.session_state.pop(MOVED, False))


def drawn(request: UnlearnRequest | None, place: str) -> None:
    """The sidebar is drawn with this request: whether its list is still the one that was seen."""
    now = None
    if request is not None:
        kind, rule = st.session_state.get(f"{place}/rule"), request.forget
        asked = kind, request.data, "" if kind == BY_HAND else rule
        now = asked, (rule, session.store().list_version(rule))
    before = st.session_state.get(DRAWN)
    st.session_state[SLIPPED] = bool(before and now and before[0] == now[0] and before[1] != now[1])
    st.session_state[DRAWN] = now


def slipped() -> bool:
    """Whether the list was changed elsewhere since it was seen here."""
    return bool(st.session_state.get(SLIPPED))


# --- from a Stage and to it -------------------------------------------------------------------


def pictured(record: RunRecord, reader: RunReader) -> Pictured | None:
    """The samples that a run's Stage shows; None before it has some. Kept for as long as what they
    were read from is as it was: a page that polls asks each second."""
    progress = session.progress(record)
    facts = progress.atlas, progress.class_names
    key = record.run_id, stamp(reader.probe_path), facts
    kept: tuple[Any, Pictured] | None = st.session_state.get(PICTURED)
    if kept is None or kept[0] != key:
        arrays = reader.probe()
        if arrays is None:
            return None
        kept = st.session_state[PICTURED] = key, Pictured(arrays, *facts)
    return kept[1]


def shown(record: RunRecord) -> Pictured | None:
    """The same, where the run can be read at all and its tray holds something."""
    own = of_run(record)
    if record.state == "damaged" or own is None:
        return None
    tray = held(own.data)
    if tray is None or not tray.rows:
        return None
    return session.attempt(pictured, record, session.store().reader(record.run_id))


def choose(shown: Pictured | None, data: str, payload: Mapping[str, Any]) -> None:
    """Samples that a hand has chosen on a Stage, by their indices in the training part. To set them
    leaves what the tray holds beside the samples that this Stage shows."""
    how, index = payload.get("how"), payload.get("index")
    if session.read_only():
        return  # it is marked on the picture all the same
    if shown is None or how not in ("set", "add", "remove") or not isinstance(index, list):
        return
    if not shown.named:
        session.notice("This run does not say what its samples are called; choose on a newer one.")
        return
    put(data, how, shown.rows_of(int(i) for i in index), shown.row.tolist())


def chosen(record: RunRecord, payload: Mapping[str, Any]) -> None:
    """The same of a run's Stage, for ``ui.asked``."""
    own = of_run(record)
    if own is None:
        session.notice(NOT_OURS)
        return
    samples = session.attempt(pictured, record, session.store().reader(record.run_id))
    choose(samples, own.data, payload)


def marks(record: RunRecord, reader: RunReader) -> dict[str, list[int]]:
    """What of the tray a run's Stage shows, for its header; nothing is said where no tray is the
    run's, or where the run does not say what its samples are called."""
    own = None if session.read_only() else of_run(record)
    tray = held(own.data) if own else None
    if tray is None:
        return {}
    if not tray.rows:
        return {"chosen": []}
    shown = pictured(record, reader)
    return {"chosen": shown.index_of(tray.rows)} if shown and shown.named else {}
