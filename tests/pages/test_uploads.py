"""A file that Streamlit tells of twice is taken once: what was set beside it meanwhile stays."""

from types import SimpleNamespace

import pytest
import streamlit as st

from ui import listfile, session, uploads

KEY = "run/forget/indices"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, store) -> dict[str, object]:
    """What a tab's session holds."""
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(session, "store", lambda: store)
    return state


def upload(name: str, file_id: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, file_id=file_id, getvalue=lambda: b"row,id\n1,2\n")


def test_a_file_is_told_of_once_and_another_of_the_same_name_too(held) -> None:
    first, second = upload("six.csv", "a"), upload("six.csv", "b")
    told = []
    for held[KEY] in (first, first, None, first, second, second):
        told.append(uploads.brought(KEY))
    assert told == [first, None, None, None, second, None]


def test_the_column_that_was_typed_outlives_the_second_telling(held) -> None:
    held[KEY] = upload("six.csv", "a")
    listfile._receive(KEY)
    file = held[f"{KEY}/file"]
    held[f"{KEY}/column"] = "row"
    listfile._receive(KEY)
    assert (held[f"{KEY}/file"], held[f"{KEY}/column"]) == (file, "row")
    held[KEY] = upload("other.csv", "b")
    listfile._receive(KEY)
    assert held[f"{KEY}/column"] == "" and held[f"{KEY}/file"] != file
