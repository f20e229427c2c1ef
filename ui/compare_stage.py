"""Several runs on one clock as a Streamlit component, and what is on its screen in the address."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from cu_core.comparison import together
from cu_core.spec import RunRecord
from cu_core.stage import source
from ui import session


def _finite(text: str) -> float:
    """ValueError where it is no number, or none that a screen or JSON has (nan, inf)."""
    if not math.isfinite(value := float(text)):
        raise ValueError(text)
    return value


LISTS: Mapping[str, Callable[[str], Any]] = {
    "only": int, "pins": int, "chosen": int, "camera": _finite,
}  # fmt: skip
NAMES = ("by", "at", "colour", *LISTS)  # in the address, as the page itself calls them


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "lethe_together",
        html=source.markup("together"),
        css=source.style(),
        js=source.script(entry="together"),
    )


def show(records: Sequence[RunRecord], titles: Sequence[together.Told]) -> bool:
    """The maps and curves. Returns whether the maps lie in one projection."""
    named = session.store().catalog() is not None  # which gives the curves their names
    versions = [(one.run_id, f"{one.state} {one.step}", named) for one in records]
    key = "compare-" + "-".join(one.run_id for one in records)
    held = st.session_state.get("compare/data")
    if held is None or held[0] != (versions, titles) or key not in st.session_state:
        blobs = [_flat(*version) for version in versions]
        data = together.together(blobs, titles, screen())
        held = st.session_state["compare/data"] = (versions, titles), data, together.linked(blobs)
    _, data, linked = held

    @st.fragment
    def maps() -> None:
        _component()(data=data, key=key, on_screen_change=lambda: _heard(key))

    maps()
    return bool(linked)


@st.cache_data(max_entries=12, show_spinner=False)
def _flat(run_id: str, state: str, named: bool) -> bytes:
    """A run's bytes, made anew once it has gone on or its curves have names."""
    return together.flat(session.store(), session.store().run(run_id))


def screen() -> dict[str, Any]:
    """What the address says of the screen; parts that mean nothing are left out."""
    found: dict[str, Any] = {}
    for name in NAMES:
        text = st.query_params.get(name)
        if not text:
            continue
        with suppress(ValueError):
            if name in LISTS:
                found[name] = [LISTS[name](part) for part in text.split(",")]
            else:
                found[name] = _finite(text) if name == "at" else text
    return found


def _heard(key: str) -> None:
    """A hand rests: the address says what is on the screen now."""
    now = (st.session_state.get(key) or {}).get("screen") or {}
    said = {name: _text(now.get(name)) for name in NAMES}
    for name, text in said.items():
        if text:
            st.query_params[name] = text
        elif name in st.query_params:
            del st.query_params[name]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value)
    return "" if value is None else str(value)
