"""The gallery of Watch: which recorded run is shown, and a card for each of the others. A loop of
one's own that is being watched comes before them."""

from __future__ import annotations

import base64
from contextlib import suppress
from html import escape

import streamlit as st

from cu_core.errors import LetheError, UnknownRun
from cu_core.spec import RunRecord
from cu_core.stage import gallery, pack, picture
from ui import address, blocks, moments, session

ASKED = "show"  # in the address
LOOP = "own-loop"  # the run of one's own that this tab has shown here
WATCHED = "watched"


def loop() -> RunRecord | None:
    """The newest loop of one's own that is alive, and from then on this one, until a card is opened
    or it is deleted. None: there is none, or the address names a recorded run."""
    if address.named(ASKED):
        return None
    try:
        if held := st.session_state.get(LOOP):
            return session.store().run(held)
    except UnknownRun:
        del st.session_state[LOOP]
    for record in session.store().runs(WATCHED):
        if record.state in session.LIVE:
            st.session_state[LOOP] = record.run_id
            return record
    return None


def shown() -> gallery.Recording | None:
    """The one that the address names, else the first. None: there is none to play."""
    names = gallery.names()
    wanted = address.named(ASKED)
    if wanted and wanted not in names:
        session.notice(f"No recorded run is called {wanted!r}; the first one is shown.")
        close()
    name = wanted if wanted in names else next(iter(names), None)
    return gallery.recording(name) if name else None


def show(name: str) -> None:
    """Plays this one from now on, by the address too."""
    address.name(ASKED, name)
    session.leave_moment()


def data(run: gallery.Recording) -> bytes:
    """The Stage's bytes, opened on what the address says; the same ones while it says the same."""
    said = moments.opens(f"?{ASKED}={run.name}")
    held = st.session_state.get("gallery/data")
    if held is None or held[0] != (run.header["run"], said):
        made = pack({**run.header, "opens": {**run.header["opens"], **said}}, run.sections)
        held = st.session_state["gallery/data"] = (run.header["run"], said), made
    return bytes(held[1])


def close() -> None:
    address.forget(ASKED)


def cards(current: str) -> None:
    """A card for each recorded run: the picture of its end, its words, its figure."""
    with st.container(key="gallery"):
        for name in gallery.names():
            with blocks.guarded():  # a damaged one leaves the others
                _card(gallery.recording(name), name == current)


def _card(run: gallery.Recording, current: bool) -> None:
    with st.container(key=f"card-{run.name}", gap=None):
        image = picture_of(run.name)
        alt = f"Last frame of {run.entry.title}"
        st.html(f'<img class="lethe-picture" src="{image}" alt="{escape(alt)}">')
        st.button(
            run.entry.title,
            key=f"show-{run.name}",
            type="tertiary",
            disabled=current,
            on_click=show,
            args=(run.name,),
        )
        said = f'<p class="lethe-note">{escape(run.entry.words)}</p>'
        figure = "Shown above" if current else run.figure
        st.html(f'{said}<p class="lethe-figure">{escape(figure)}</p>')


def picture_of(name: str, frame: int = -1) -> str:
    """A data address of a recorded run's map at a frame; without, of where the run left it."""
    return _picture(name, gallery.recording(name).header["run"], frame)


def small_picture(method: str) -> None:
    """Where the first recorded run of this method left the map; nothing where there is none."""
    for name in gallery.names():
        with suppress(LetheError, ValueError):
            run = gallery.recording(name)
            if run.method == method:
                image = picture_of(name)
                alt = f"The map at the end of {run.entry.title}"
                st.html(f'<img class="lethe-picture small" src="{image}" alt="{escape(alt)}">')
                return


@st.cache_data(show_spinner=False, max_entries=64)
def _picture(name: str, run_id: str, frame: int) -> str:
    """A data address; ``run_id``: another recording of that name has another picture."""
    run = gallery.recording(name)
    drawn = picture.drawing(run.sections, frame)
    return f"data:image/png;base64,{base64.b64encode(drawn).decode('ascii')}"
