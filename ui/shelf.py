"""The list of runs: open, rename, delete; a damaged one is shown as such and hides no other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from cu_core import forget
from cu_core.errors import BadForgetSet
from cu_core.spec import RunRecord
from cu_core.store import branches, titles
from ui import blocks, session, wording

ROWS = 8  # of a page of the list
DEEPER = "\u2003"  # a wide space: the row of a branch's branch stands further in


def runs(records: Sequence[RunRecord]) -> None:
    """Newest first, the followed one marked; nothing is drawn for an empty list."""
    if not records:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="runs-head"):
        blocks.heading("Runs")
        st.page_link(session.page("runs"), label="All runs as a table")
    if model := st.session_state.get("runs-of"):
        records = [record for record in records if model in _models(record)]
        with st.container(horizontal=True, vertical_alignment="center", key="runs-filter"):
            blocks.note(f"Those of one model: {len(records):,}.")
            st.button("Show all", key="runs-all", type="tertiary", on_click=of_model, args=(None,))
    pages = -(-len(records) // ROWS)
    at = st.pagination(pages, key="runs-page", persist_state="session") if pages > 1 else 1
    numbered = numbers(records)
    for record, depth in branches.tree(records)[(at - 1) * ROWS : at * ROWS]:
        _row(record, numbered[record.run_id], depth)


def runs_by_model(records: Sequence[RunRecord]) -> Counter[str]:
    """How many runs each model had a part in."""
    return Counter(model for record in records for model in _models(record))


def of_model(model_id: str | None) -> None:
    """Lists the runs that began with this model, or ended beside it; None: all of them."""
    st.session_state["runs-of"] = model_id


def _models(record: RunRecord) -> set[str]:
    ended = record.summary.models
    named = (getattr(record.request, "original", None), ended.original, ended.retrained)
    return {model for model in named if model}


def numbers(records: Sequence[RunRecord]) -> dict[str, str]:
    """Which of several runs of one request a run is, oldest first; "" where it is the only one."""
    oldest_first = sorted(records, key=lambda record: record.created)
    return titles.numbers(
        {
            record.run_id: wording.given_name(record) or wording.settings(_by_id(record))
            for record in oldest_first
        }
    )


def _by_id(record: RunRecord) -> RunRecord:
    """The run with its classes by their ids: a title has the name of either."""
    request = record.request
    rule, _, argument = (getattr(request, "forget", None) or "").partition(":")
    if request is None or rule != "class" or argument.replace(",", "").isdecimal():
        return record
    try:
        ids = forget.class_ids(argument, session.progress(record).class_names)
    except BadForgetSet:
        return record
    by_id = f"{rule}:{','.join(map(str, ids))}"
    return replace(record, request=request.model_copy(update={"forget": by_id}))


def newest(records: Sequence[RunRecord], method: str) -> None:
    """The newest run of one's own with this method, a click away; nothing where there is none."""
    for record in records:
        if record.state == "done" and getattr(record.request, "method", None) == method:
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"row-of-{method}", gap="small"
            ):
                blocks.entry("Your newest run", record.summary.verdict)
                if st.button("Open", key=f"open-of-{method}"):
                    session.follow(record.run_id)
                    st.switch_page(session.page("unlearn"))
            return


def _title(record: RunRecord, settings: str, depth: int) -> str:
    """What a run is called in its row; of a branch below its parent, only what it changed."""
    own = wording.given_name(record)
    if depth:
        return f"{DEEPER * (depth - 1)}↳ {own or wording.capital(wording.turn(record))}"
    return own or settings or record.name


def _row(record: RunRecord, number: str, depth: int) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"row-{record.run_id}", gap="small"
    ):
        settings = wording.settings(record, session.progress(record))
        blocks.entry(f"{_title(record, settings, depth)}{number}", _facts(record, settings))
        shown = record.run_id == st.session_state.get(session.RUN)
        st.button(
            "Shown" if shown else "Open",
            key=f"open-{record.run_id}",
            disabled=shown,
            on_click=session.follow,
            args=(record.run_id,),
        )
        _rename(record)
        confirm(
            "Delete",
            f"delete-{record.run_id}",
            "The run, its pictures and its measurements are deleted. This cannot be undone.",
            delete,
            record,
            disabled=record.state in session.LIVE,
        )


def _facts(record: RunRecord, settings: str) -> str:
    """When, state, what was asked, verdict: the longest is last, since a row has two lines."""
    when = time.strftime("%d %b %Y, %H:%M", time.localtime(record.created))
    if record.state == "damaged":
        return f"{when} · {'' if record.later else 'Damaged: '}{record.message}"
    outcome = record.summary.verdict or record.message  # the state stands before it
    own = settings * bool(wording.given_name(record))
    said = (when, wording.state(record), own, record.made_by, outcome)
    return " · ".join(text for text in said if text)


def _rename(record: RunRecord) -> None:
    if session.read_only():
        return
    key = f"name-{record.run_id}"
    with st.popover("Rename", disabled=record.state == "damaged"):
        st.text_input("Name", record.name, max_chars=200, key=key)
        st.button(
            "Keep this name", key=f"keep-{record.run_id}", on_click=rename, args=(record, key)
        )


def rename(record: RunRecord, key: str) -> None:
    session.attempt(session.store().rename, record.run_id, st.session_state[key])


def delete(record: RunRecord) -> None:
    session.attempt(session.store().delete, record.run_id)
    if st.session_state.get(session.RUN) == record.run_id:
        session.unfollow()


def confirm(
    word: str,
    key: str,
    text: str,
    action: Callable[..., Any],
    *args: object,
    disabled: bool = False,
) -> None:
    """A button that asks once more before it acts; none where nothing can be changed."""
    if session.read_only():
        return
    with st.popover(word, disabled=disabled):
        blocks.note(text)
        st.button(word, key=key, type="primary", on_click=action, args=args)
