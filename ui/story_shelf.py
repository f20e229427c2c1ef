"""The shelf of the Stories page: a card for each story, and the head of the one that is told."""

from __future__ import annotations

from html import escape

import streamlit as st

from cu_core.stage import gallery
from cu_core.stories import figures, library
from cu_core.stories.library import Listed
from cu_core.stories.telling import Telling
from ui import blocks, session, stories, story_draft
from ui.gallery import picture_of


def cards() -> None:
    """Those that ship, then a person's own. What is wrong with a file is said under them."""
    found, refused = library.listed(session.store())
    with st.container(key="gallery"):
        for one in found:
            with blocks.guarded():
                _card(one)
    for sentence in refused:
        blocks.error(sentence)


def _card(one: Listed) -> None:
    with st.container(key=f"card-story-{one.name}", gap=None):
        if {*one.story.runs} <= {*gallery.names()}:
            image = picture_of(one.story.runs[-1], _frame(one))
            alt = f"A picture of {one.story.title}"
            st.html(f'<img class="lethe-picture" src="{image}" alt="{escape(alt)}">')
        st.button(
            blocks.plain(one.story.title),
            key=f"tell-{one.name}",
            type="tertiary",
            on_click=stories.show,
            args=(one.name,),
        )
        asks = sum(stop.question is not None for stop in one.story.stops)
        count = f"{len(one.story.stops)} stops"
        more = f", {asks} question{'s' if asks > 1 else ''}" if asks else ""
        own = ", yours" if one.own else ""
        st.html(
            f'<p class="lethe-note">{escape(one.story.words)}</p>'
            f'<p class="lethe-figure">{count}{more}{own}</p>'
        )


def _frame(one: Listed) -> int:
    """Of the card's picture: where the story begins if it asks, for the end is an answer."""
    if not any(stop.question for stop in one.story.stops):
        return -1
    runs = library.runs(one.story, session.store())
    return figures.frame_at(runs[-1], Telling(one.name, one.story, runs).steps(0)[-1])


def head(one: Listed) -> None:
    """A quiet line above the picture: the story's title, and the way back."""
    with st.container(horizontal=True, vertical_alignment="center", key="story-head"):
        st.html(f'<h1 class="lethe-heading">{escape(one.story.title)}</h1>')
        st.button(
            "All stories", type="tertiary", icon=":material/arrow_back:", on_click=stories.close
        )


def foot(one: Listed) -> None:
    """Under the story: a way to change it, or a copy of it."""
    if session.read_only():
        return
    act = story_draft.write if one.own else story_draft.copy
    said = "Change it" if one.own else "Make it your own"
    st.button(said, type="tertiary", icon=":material/edit:", on_click=act, args=(one,))
