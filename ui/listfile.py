"""A file that a person brings: received once, then kept by its path; that of a forget rule."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cu_core import forget
from cu_core.spec import DatasetFacts, RuleCard
from ui import blocks, session, unfinished, uploads

UPLOAD_MB = 2048  # the largest file that is received; the server's own limit is the same


def choose(rule: RuleCard, data: DatasetFacts | None, place: str) -> str | None:
    """The file of a rule and its column, as a request holds them; None: not there yet."""
    key = f"{place}/forget/{rule.key}"
    path = kept(rule.title, key, rule.help)
    if path is None:
        unfinished.lacks(place, "Choose the file that lists the samples.")
        return None
    if not path.is_file():
        unfinished.lacks(place, f"The list {path.name} is gone; choose its file again.")
        return None
    column = st.text_input(
        "Column",
        key=f"{key}/column",
        persist_state="session",
        placeholder="column, if it has several",
        label_visibility="collapsed",
    )
    return f"{path}#{column.strip()}".rstrip("#")


def kept(title: str, key: str, help: str) -> Path | None:
    """A file is received when it comes, and kept by its path until another one is wanted: an
    uploader forgets it when the page changes, and cannot be filled from a run."""
    path: str | None = st.session_state.get(f"{key}/file")
    if not path:
        st.file_uploader(
            title, max_upload_size=UPLOAD_MB, key=key, help=help, on_change=_receive, args=(key,)
        )
        return None
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}/kept"):
        blocks.note(Path(path).name)
        st.button(
            "Another file",
            key=f"{key}/other",
            type="tertiary",
            on_click=st.session_state.pop,
            args=(f"{key}/file", None),
        )
    return Path(path)


def _receive(key: str) -> None:
    """Keeps what was uploaded here; a refusal is said on the page."""
    upload = uploads.brought(key)
    path = upload and session.attempt(session.store().receive, upload.name, upload.getvalue())
    if path:
        st.session_state.update({f"{key}/file": str(path), f"{key}/column": ""})


def fill(rule: RuleCard, argument: str, place: str) -> None:
    """Shows this file, and its column, as if they had been chosen here."""
    path, column = forget.listed_file(argument)
    key = f"{place}/forget/{rule.key}"
    st.session_state.update({f"{key}/file": str(path), f"{key}/column": column})
