"""Which network: one of Lethe's, or one made elsewhere, by its key as it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cu_core.spec import NetworkCard, OriginCard, UnlearnRequest
from ui import unfinished

ANOTHER, TITLE = "another", "another network…"
USUAL = UnlearnRequest().model


def architecture(
    models: Sequence[NetworkCard], origins: Sequence[OriginCard], place: str
) -> dict[str, Any]:
    """``model``, ``head`` and ``size`` of a request; a ``model`` of "" is yet to be typed."""
    by_key = {m.key: m for m in models}
    titles = {key: m.title for key, m in by_key.items()} | ({ANOTHER: TITLE} if origins else {})
    key = st.selectbox(
        "Architecture",
        list(titles),
        list(titles).index(USUAL) if USUAL in titles else 0,
        format_func=titles.__getitem__,
        key=f"{place}/architecture",
        persist_state="session",
    )
    if key == ANOTHER:
        return typed(origins, place)
    return {"model": key, "head": head(by_key[key], place)}


def typed(origins: Sequence[OriginCard], place: str) -> dict[str, Any]:
    """``model`` and ``size`` of a network made elsewhere."""
    told = [f"`{o.example}`: {o.help} {o.missing}" for o in origins]
    key = st.text_input(
        "Its name",
        key=f"{place}/{ANOTHER}",
        persist_state="session",
        placeholder=next((o.example for o in origins if not o.missing), ""),
        help="\n\n".join(told),
    )
    if not key.strip():
        unfinished.lacks(place, "Type the name of the network.")
    return {"model": key.strip(), "size": image_size(place)}


def image_size(place: str) -> int | None:
    """Pixels a side that images are read at; None: the network's own."""
    return st.number_input(
        "Image size",
        8,
        1024,
        value=None,
        step=1,
        key=f"{place}/size",
        persist_state="session",
        placeholder="the network's own",
        help="Pixels a side that images are read at. Small ones are much faster.",
    )


def head(chosen: NetworkCard, place: str) -> str:
    """Which head: only asked where there is more than one."""
    if len(chosen.heads) == 1:
        return chosen.heads[0]
    return st.selectbox(
        "Head",
        chosen.heads,
        key=f"{place}/head/{chosen.key}",
        persist_state="session",
        help="plain: the architecture's own. normalised: a 128-d head on the unit sphere, as in "
        "the contrastive paper.",
    )
