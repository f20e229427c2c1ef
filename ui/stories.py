"""Stories in the app: which one is told, what was guessed in this tab, and the player."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st

from cu_core.errors import BadRequest
from cu_core.stage import source
from cu_core.stories import library
from cu_core.stories.library import Listed
from cu_core.stories.telling import Guess, Telling
from ui import address, blocks, session

ASKED = "story"  # in the address
GUESSES = "stories/guesses"  # in the session: {story: {stop: Guess}}
COUNTS = "stories/counts"  # {story: (right, of so many)}


@functools.cache
def _component() -> Any:
    one, two = (
        f'<template class="{name}">{source.markup(of)}</template>'
        for name, of in (("one", "stage"), ("two", "together"))
    )
    return st.components.v2.component(
        "lethe_stories",
        html=source.markup("stories") + one + two,
        css=source.style(),
        js=source.script(entry="stories"),
    )


def shown() -> Listed | None:
    """The story that the address names, or None: the shelf is shown. One that is not there is said
    in a line."""
    name = address.named(ASKED)
    found = session.attempt(library.story, name, session.store()) if name else None
    if name and found is None:
        close()
    elif found:
        show(found.name)
    return found


def show(name: str) -> None:
    """Tells this one from now on, by the address too."""
    address.name(ASKED, name)


def close() -> None:
    address.forget(ASKED)


def play(one: Listed, key: str = "story") -> None:
    """The player, over the whole width. What it lacks of the answers comes with a guess."""

    @st.fragment
    def telling() -> None:
        with blocks.guarded():
            data, refusal = _data(one)
            place = f"{key}-{one.name}"
            _component()(
                data=data,
                key=place,
                on_guess_change=lambda: _guessed(one.name, place),
                on_again_change=lambda: _all().pop(one.name, None),
            )
            if refusal:
                blocks.error(refusal)

    telling()


def _data(one: Listed) -> tuple[bytes, str]:
    """The page's bytes. A guess whose answer the runs do not bear is taken back, so that the story
    stands where it stood; why is the sentence beside them."""
    runs = library.runs(one.story, session.store())
    guesses = _all().setdefault(one.name, {})
    told = Telling(one.name, one.story, runs, guesses)
    try:
        return told.data(_so_far(told)), ""
    except BadRequest as refusal:
        if not guesses:
            raise
        guesses.popitem()
        return told.data(_so_far(told)), str(refusal)


def forget(name: str) -> None:
    """What was guessed in a story that is another one now."""
    for held in (_all(), _counts()):
        held.pop(name, None)


def _all() -> dict[str, dict[int, Guess]]:
    found: dict[str, dict[int, Guess]] = st.session_state.setdefault(GUESSES, {})
    return found


def _counts() -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = st.session_state.setdefault(COUNTS, {})
    return found


def _guessed(name: str, key: str) -> None:
    """A guess counts once: what comes when the answer is known already is no guess."""
    given = (st.session_state.get(key) or {}).get("guess") or {}
    stop = given.get("stop")
    if isinstance(stop, int) and stop not in (known := _all().setdefault(name, {})):
        known[stop] = Guess(given.get("value"))


def _so_far(told: Telling) -> tuple[int, int]:
    """(right, of so many) guesses over all stories of this tab: this one's, and what the others
    came to."""
    counts = _counts()
    counts[told.name] = told.counts()
    return sum(right for right, _ in counts.values()), sum(of for _, of in counts.values())
