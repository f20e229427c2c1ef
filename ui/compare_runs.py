"""Which runs are compared: by the address, which a page change drops, then by this tab's memory."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cu_core.comparison.members import MOST, Members, members
from cu_core.spec import MAPPED, RunRecord
from cu_core.store import branches
from ui import address, blocks, session, shelf, wording

ADDRESS = "compare"  # in the address and in the session: ids, by commas
PICKED = "compare/runs"
PICK_TEXT = "Choose two to six runs"
UNDRAWN = ("queued", "damaged")


def asked() -> Members:
    """The runs of this tab, those of the address first."""
    text = address.named(ADDRESS)
    ids = [part.strip() for part in text.split(",") if part.strip()]
    if ids:
        address.name(ADDRESS, ",".join(ids))
    return members(session.store(), ids)


def open_with(run_ids: Sequence[str]) -> None:
    """These runs side by side, on the page of comparisons, which comes next."""
    st.session_state[ADDRESS] = ",".join(run_ids)
    st.switch_page(session.page("compare"), query_params={ADDRESS: ",".join(run_ids)})


def offer(record: RunRecord) -> None:
    """A way to this page from a run: beside the run that it branched from, or beside others."""
    parent = branches.parent_of(record)
    label = "Compare with its parent" if parent else "Compare with other runs"
    ids = (parent, record.run_id) if parent else (record.run_id,)
    if st.button(label, key="compare/open", icon=":material/compare:", type="tertiary"):
        open_with(ids)


def link(run_ids: Sequence[str]) -> None:
    """A way to this page from several runs; a sentence where they are too many, nothing for one."""
    if 1 < len(run_ids) <= MOST:
        ids = {ADDRESS: ",".join(run_ids)}
        st.page_link(
            session.page("compare"), label="Compare", icon=":material/compare:", query_params=ids
        )
    elif len(run_ids) > MOST:
        blocks.note(f"{PICK_TEXT} to compare them.")


def picker(shown: Sequence[RunRecord]) -> None:
    """A list of runs to tick; it opens with those that are shown."""
    listed = {one.run_id: one for one in (*shown, *session.store().runs(*MAPPED))}
    known = {run_id: one for run_id, one in listed.items() if one.state not in UNDRAWN}
    names = {run_id: _title(one) for run_id, one in known.items()}
    numbers = shelf.numbers([*known.values()])
    st.session_state[PICKED] = [one.run_id for one in shown]
    st.multiselect(
        PICK_TEXT,
        [*known],
        key=PICKED,
        format_func=lambda run_id: f"{names[run_id]}{numbers[run_id]}",
        max_selections=MOST,
        placeholder=PICK_TEXT,
        label_visibility="collapsed",
        on_change=_picked,
    )


def _picked() -> None:
    chosen = st.session_state[PICKED]
    address.forget(ADDRESS)
    st.query_params.clear()  # what was on the screen was of other runs
    if chosen:
        address.name(ADDRESS, ",".join(chosen))


def _title(record: RunRecord) -> str:
    named = wording.given_name(record)
    return named or wording.settings(record, session.progress(record)) or record.name


def empty(shown: Sequence[RunRecord]) -> None:
    """Fewer than two: what would be here, and how to come to it."""
    one = "One run is chosen; it takes a second one" if shown else "No runs are chosen"
    place = blocks.empty(
        one,
        "Two to six runs play here side by side on one clock, with what sets them apart. Choose "
        "them below, or tick them in the list of runs.",
    )
    with place:
        picker(shown)
        st.page_link(session.page("runs"), label="To the list of runs", icon=":material/list:")
