"""The Stage as a Streamlit component: one registration, one element a key."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from cu_core.stage import source

Callback = Callable[[], None]


@functools.cache
def _component() -> Any:
    import streamlit as st

    return st.components.v2.component(
        "lethe_stage", html=source.markup(), css=source.style(), js=source.script()
    )


def stage(
    data: bytes,
    key: str,
    on_need: Callback | None = None,
    on_frame: Callback | None = None,
    on_check: Callback | None = None,
    on_solid: Callback | None = None,
    on_ask: Callback | None = None,
) -> Any:
    """Mounts the Stage on one blob, or hands the mounted one (same ``key``) its next frames.

    The result has ``frame`` (the frame that a person stopped at, or None), ``screen`` (what a
    person chose to see, as a header's ``opens`` has it, or None) and, each for one run of the
    script and else None, ``need`` ({"from": n}: the page lacks the frames from n on),
    ``check`` ({"step": s}: a person wants the exact map of this step), ``solid`` ({}: the 3-D
    layout is wanted) and ``asked`` ({"what": ..., ...}: something else is, see ``ui.asked``).
    The callbacks are called when these change.
    """
    return _component()(
        data=data,
        key=key,
        on_need_change=on_need or _nothing,
        on_frame_change=on_frame or _nothing,
        on_screen_change=_nothing,
        on_check_change=on_check or _nothing,
        on_solid_change=on_solid or _nothing,
        on_asked_change=on_ask or _nothing,
    )


def _nothing() -> None:
    """A state or trigger without a callback would not be part of the result."""
