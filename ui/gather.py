"""Ways to fill the tray beside a hand on the Stage, and the sets that are kept by name."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cu_core.spec import DescribeDataset, Pick, UnlearnRequest, Way
from cu_core.store import Choice
from ui import blocks, hand, listfile, session, shelf

PENDING = "tray/pick"  # in the session: (data, question, which click) that a worker is asked
CLICKS = "tray/picks"  # ... how many there were: each asks anew, what was refused may go now
LIST = "tray/list"  # ... the file that a list is read from, as ``listfile`` keeps it
WAYS: dict[Way, str] = {
    "near": "The nearest neighbours of one image",
    "uncertain": "What the original model is least sure of",
    "entangled": "What lies deepest among other classes",
    "random": "A random draw",
    "planted": "What is planted in the data",
    "file": "A list in a file",
}


def offer(standing: UnlearnRequest, choice: Choice) -> None:
    """One popover with all the ways; what it finds is added to the tray."""
    with st.popover("Add…", icon=":material/add:"):
        ways = [way for way in WAYS if way != "planted" or standing.plant]
        way: Way = st.selectbox("Which", ways, format_func=WAYS.__getitem__, key="tray/way")
        asked = FIELDS.get(way, _counted)(standing, choice, way)
        if st.button("Add", key="tray/add", type="primary", disabled=asked is None) and asked:
            st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1
            st.session_state[PENDING] = standing.data, asked, ("pick", st.session_state[CLICKS])
            st.rerun()


def pending(data: str) -> None:
    """What a worker was asked to find: put into the tray as soon as it says."""
    of, asked, click = st.session_state.get(PENDING) or ("", None, None)
    if asked is None or of != data:
        return
    reply = session.ask(asked, click)
    if not reply.settled:
        session.waiting("Looking for them…", lambda: session.ask(asked, click))
        return
    del st.session_state[PENDING]
    if reply.answer is None:
        session.notice(reply.error)
    else:
        for note in reply.answer.notes:
            session.notice(note)
        hand.put(data, "add", reply.answer.rows)
    st.rerun()


def _near(standing: UnlearnRequest, choice: Choice, way: Way) -> Pick | None:
    row = st.number_input(
        "Row of the image",
        0,
        value=choice.rows[0] if choice.rows else 0,
        step=1,
        key="tray/near-row",
        help="As the card of a sample on the picture calls it.",
    )
    count = st.number_input("Neighbours", 1, 1000, 10, step=1, key="tray/near-n")
    return Pick(request=standing, how=way, n=count, of=str(row))


def _counted(standing: UnlearnRequest, choice: Choice, way: Way) -> Pick | None:
    facts = session.ask(DescribeDataset(key=standing.dataset, plant=standing.plant)).answer
    names = {str(one.id): one.name for one in facts.classes} if facts else {}
    of = st.selectbox(
        "Of class",
        ["", *names],
        format_func=lambda k: names.get(k, "any"),
        key="tray/class",
    )
    count = st.number_input("How many", 1, 100_000, 10, step=1, key="tray/n")
    seed = 0
    if way == "random":
        seed = st.number_input("Seed of the draw", 0, value=0, step=1, key="tray/seed")
    return Pick(request=standing, how=way, n=count, of=of, seed=seed)


def _file(standing: UnlearnRequest, choice: Choice, way: Way) -> Pick | None:
    path = listfile.kept("The list", LIST, "One sample a line, or a table with a column of them.")
    if path is None or not path.is_file():
        return None
    column = st.text_input("Column, if it has several", key=f"{LIST}/column").strip()
    return Pick(request=standing, how=way, of=f"{path}#{column}".rstrip("#"))


FIELDS: dict[Way, Callable[[UnlearnRequest, Choice, Way], Pick | None]] = {
    "near": _near,
    "file": _file,
}


# --- sets that are kept -----------------------------------------------------------------------


def keeping(data: str, choice: Choice) -> None:
    """A name for what is in the tray; the kept sets, to be opened, renamed, deleted."""
    kept = session.attempt(session.store().choices, data) or []
    if not kept and not choice.rows:
        return
    with st.popover("Keep or open…", icon=":material/bookmark:"):
        if choice.rows:
            name = st.text_input("Name", key="tray/name", placeholder="six ambiguous sevens")
            with st.container(horizontal=True):
                if st.button("Keep", key="tray/keep", type="primary", disabled=not name.strip()):
                    session.attempt(session.store().keep_choice, data, name)
                    st.rerun()
                if choice.name and st.button(
                    f"Rename {blocks.plain(choice.name)}",
                    key="tray/rename",
                    disabled=not name.strip(),
                ):
                    session.attempt(session.store().rename_choice, data, choice.name, name)
                    st.rerun()
        for one in kept:
            _kept(data, one)


def _kept(data: str, one: Choice) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"kept-{one.name}"):
        blocks.entry(one.name, f"{len(one.rows):,} images")
        st.button("Open", key=f"tray/open/{one.name}", on_click=_open, args=(data, one.name))
        shelf.confirm(
            "Delete",
            f"tray/drop/{one.name}",
            "The kept set is deleted; what is in the tray stays. This cannot be undone.",
            session.attempt,
            session.store().drop_choice,
            data,
            one.name,
        )


def _open(data: str, name: str) -> None:
    if session.attempt(session.store().open_choice, data, name):
        st.session_state[hand.USE] = data
