"""Look before you run: what is in the chosen data, and which samples a forget rule names.

A button leaves its question in the session; the page draws the panel for it, so that it stays open
while an engine is at work on the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from cu_core import forget
from cu_core.spec import (
    DatasetFacts,
    DescribeDataset,
    DescribeForget,
    ForgottenFacts,
    Question,
    SampleFacts,
    data_words,
)
from ui import blocks, session

ASKED = "look"  # in the session: the question of the open panel
FIRST = 18  # samples that a panel shows
DATA, FORGOTTEN = "What is in the data", "What would be forgotten"


def offer_data(key: str, plant: str, place: str, label: str = "Look", enabled: bool = True) -> None:
    """A button that shows what this data set holds."""
    st.button(
        label,
        key=f"look-{place}",
        type="tertiary",
        icon=":material/visibility:",
        disabled=not enabled,
        on_click=_open,
        args=(DescribeDataset(key=key, plant=plant, rows=FIRST),),
    )


def offer_forget(key: str, plant: str, rule: str, seed: int) -> None:
    """A button that shows which samples this rule names."""
    st.button(
        "What it forgets",
        key="look-forget",
        type="tertiary",
        icon=":material/filter_center_focus:",
        on_click=_open,
        args=(DescribeForget(key=key, plant=plant, forget=rule, seed=seed, rows=FIRST),),
    )


def _open(question: DescribeDataset | DescribeForget) -> None:
    st.session_state[ASKED] = question


def _close() -> None:
    st.session_state.pop(ASKED, None)


def panel() -> None:
    """The panel that was asked for, over the page; nothing while none is."""
    question: DescribeDataset | DescribeForget | None = st.session_state.get(ASKED)
    if question is None:
        return
    title = DATA if isinstance(question, DescribeDataset) else FORGOTTEN
    st.dialog(title, width="large", on_dismiss=_close)(_draw)(question)


def _draw(question: DescribeDataset | DescribeForget) -> None:
    asked: Question[Any] = question
    listed = session.store().list_version(getattr(question, "forget", ""))
    reply = session.ask(asked, listed)
    if not reply.settled:
        session.waiting("Reading the data…", lambda: session.ask(asked, listed))
    elif isinstance(reply.answer, DatasetFacts):
        _data(reply.answer)
    elif isinstance(reply.answer, ForgottenFacts):
        _forgotten(reply.answer, question.key, question.plant)
    else:
        blocks.error(reply.error)


def _data(facts: DatasetFacts) -> None:
    counts = [f"{facts.n_train:,} to train with", f"{facts.n_test:,} to test with"]
    blocks.heading(data_words(facts.key))
    blocks.facts([*counts, f"{len(facts.classes):,} classes", _shape(facts)])
    _said((*facts.read, *facts.notes))
    st.space("small")
    classes = [(c.name, f"{c.train:,}", f"{c.test:,}") for c in facts.classes]
    _table(("Class", "Training", "Test"), classes)
    if facts.rows:
        st.space("small")
        blocks.heading("The first samples")
        figures(facts.rows)


def _shape(facts: DatasetFacts) -> str:
    if not facts.is_image:
        return f"{facts.shape[0]:,} numbers each"
    channels, height, width = facts.shape
    return f"{'grey' if channels == 1 else 'colour'} images, {height} × {width} pixels"


def _forgotten(facts: ForgottenFacts, key: str, plant: str) -> None:
    words = forget.words(facts.rule)
    blocks.heading(f"{words[:1].upper()}{words[1:]}, {data_words(key)}")
    blocks.facts([f"{facts.n_forget:,} to forget", f"{facts.n_retain:,} to keep"])
    _said(facts.notes)
    st.space("small")
    classes = [(c.name, f"{c.forgotten:,}", f"{c.of:,}") for c in facts.classes]
    _table(("Class", "To forget", "Of"), classes)
    st.space("small")
    more = len(facts.rows) < facts.n_forget
    blocks.heading(f"The first {len(facts.rows):,} of them" if more else "All of them")
    figures(facts.rows)


def _said(sentences: Iterable[str]) -> None:
    """Short notes, one a line."""
    lines = "".join(f"<li>{escape(text[:1].upper() + text[1:])}</li>" for text in sentences if text)
    if lines:
        st.html(f'<ul class="lethe-said">{lines}</ul>')


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    first, *others = heads
    head = f'<th scope="col">{first}</th>'
    head += "".join(f'<th scope="col" class="number">{name}</th>' for name in others)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f'<td class="number">{cell}</td>' for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    st.html(
        f'<div class="lethe-scroll lethe-short" tabindex="0"><table class="lethe-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figures(rows: Sequence[SampleFacts], more: Sequence[str] = ()) -> None:
    """Samples with their pictures, or texts, and what their owner calls them. ``more``: what else
    is said of each."""
    said = more or ["test part" * (one.part == "test") for one in rows]
    drawn = "".join(figure(one, word) for one, word in zip(rows, said, strict=True))
    st.html(f'<div class="lethe-first">{drawn}</div>')


def figure(one: SampleFacts, more: str = "") -> str:
    """A sample as HTML; ``more``: what else is said of it."""
    picture = f'<img src="{escape(one.image)}" alt="">' if one.image else ""
    if not picture and one.text:
        picture = f"<blockquote>{escape(one.text)}</blockquote>"
    names = [PurePosixPath(one.file).name, one.key, f"row {one.row:,}"]
    lines = [line for line in (one.label, *names, more) if line]
    said = "".join(f"<span>{escape(line)}</span>" for line in lines)
    return f'<figure>{picture}<figcaption title="{escape(one.file)}">{said}</figcaption></figure>'
