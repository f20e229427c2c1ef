"""The list of runs: open, rename, delete; a damaged one is shown as such and hides no other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from cu_core.spec import RunRecord
from ui import blocks, session, wording

ROWS = 8  # of a page of the list


def runs(records: Sequence[RunRecord]) -> None:
    """Newest first, the followed one marked; nothing is drawn for an empty list."""
    if not records:
        return
    blocks.heading("Runs")
    if model := st.session_state.get("runs-of"):
        records = [record for record in records if model in _models(record)]
        with st.container(horizontal=True, vertical_alignment="center", key="runs-filter"):
            blocks.note(f"Those of one model: {len(records):,}.")
            st.button("Show all", key="runs-all", type="tertiary", on_click=of_model, args=(None,))
    pages = -(-len(records) // ROWS)
    at = st.pagination(pages, key="runs-page") if pages > 1 else 1
    numbers = _numbers(records)
    for record in records[(at - 1) * ROWS : at * ROWS]:
        _row(record, numbers[record.run_id])


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


def _numbers(records: Sequence[RunRecord]) -> dict[str, str]:
    """Which of several runs of one request a run is, oldest first; "" where it is the only one."""
    alike: dict[str, list[str]] = {}
    for record in sorted(records, key=lambda record: record.created):
        alike.setdefault(f"{record.name}, {wording.settings(record)}", []).append(record.run_id)
    return {
        run_id: f", run {number}" if len(own) > 1 else ""
        for own in alike.values()
        for number, run_id in enumerate(own, start=1)
    }


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


def _row(record: RunRecord, number: str) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"row-{record.run_id}", gap="small"
    ):
        settings = wording.settings(record, session.progress(record))
        title = f"{wording.given_name(record) or settings or record.name}{number}"
        blocks.entry(title, _facts(record, settings))
        shown = record.run_id == st.session_state.get("run")
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
        return f"{when} · Damaged: {record.message}"
    outcome = record.summary.verdict or record.message  # the state stands before it
    said = (when, wording.state(record), settings * bool(wording.given_name(record)), outcome)
    return " · ".join(text for text in said if text)


def _rename(record: RunRecord) -> None:
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
    if st.session_state.get("run") == record.run_id:
        session.unfollow()


def confirm(
    word: str,
    key: str,
    text: str,
    action: Callable[..., Any],
    *args: object,
    disabled: bool = False,
) -> None:
    """A button that asks once more before it acts."""
    with st.popover(word, disabled=disabled):
        blocks.note(text)
        st.button(word, key=key, type="primary", on_click=action, args=args)
