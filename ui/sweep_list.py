"""The list of sweeps, and which of them a tab follows: by its address, ``?sweep=ID``."""

from __future__ import annotations

import time

import streamlit as st

from cu_core.errors import UnknownRun
from cu_core.spec import SweepRecord
from ui import address, blocks, session, shelf, sweep_picture, sweep_words

FOLLOWED = "sweep"


def followed() -> SweepRecord | None:
    """The sweep of this tab, by its address first. None: there is none, or it is gone (said)."""
    sweep_id = address.named(FOLLOWED)
    if not sweep_id:
        return None
    try:
        record = session.store().sweep(sweep_id)
    except UnknownRun as fault:
        unfollow()
        session.notice(str(fault))
        return None
    follow(record.sweep_id)
    return record


def follow(sweep_id: str) -> None:
    address.name(FOLLOWED, sweep_id)


def unfollow() -> None:
    address.forget(FOLLOWED)


def show() -> None:
    """Those of this home, the newest first, then the studies that ship with Lethe."""
    _listed("Sweeps", session.store().sweeps())
    _listed("Recorded studies", session.store().studies())


def _listed(title: str, records: list[SweepRecord]) -> None:
    if not records:
        return
    blocks.heading(title)
    pages = -(-len(records) // shelf.ROWS)
    at = st.pagination(pages, key=f"page-of-{title}", persist_state="session") if pages > 1 else 1
    for record in records[(at - 1) * shelf.ROWS : at * shelf.ROWS]:
        _row(record)


def _row(record: SweepRecord) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"row-{record.sweep_id}", gap="small"
    ):
        when = time.strftime("%d %b %Y, %H:%M", time.localtime(record.created))
        said = record.message if record.state == "damaged" else sweep_words.sentence(record)
        told = [when * bool(record.created), sweep_words.state(record), said]
        blocks.entry(record.name, " · ".join(text for text in told if text))
        shown = record.sweep_id == st.session_state.get(FOLLOWED)
        st.button(
            "Shown" if shown else "Open",
            key=f"open-{record.sweep_id}",
            disabled=shown,
            on_click=follow,
            args=(record.sweep_id,),
        )
        if session.store().is_study(record.sweep_id):
            return
        shelf.confirm(
            "Delete",
            f"delete-{record.sweep_id}",
            "The sweep and the runs of its trials are deleted. This cannot be undone.",
            _delete,
            record.sweep_id,
            disabled=record.state in sweep_picture.LIVE and record.state != "queued",
        )


def _delete(sweep_id: str) -> None:
    session.attempt(session.store().delete_sweep, sweep_id)
    if st.session_state.get(FOLLOWED) == sweep_id:
        unfollow()
