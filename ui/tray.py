"""The tray: what is chosen by hand, before anything runs. Its count, classes, images, how it
lies among what is kept, and which kept images are likeliest to suffer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

import streamlit as st

from cu_core.spec import (
    DescribeForget,
    Entangled,
    EntangledFacts,
    ForgottenFacts,
    SampleFacts,
    UnlearnRequest,
)
from cu_core.stage.pictured import Pictured
from cu_core.store import Choice
from ui import blocks, gather, hand, look, session

PAGE = 24  # images at a time
MOST = 1000  # images that a worker shows of a set
FEWEST_SHARE, MOST_SHARE = 20.0, 80.0  # percent of kept neighbours: apart from it, amid it


@dataclass(frozen=True)
class Tray:
    """What one drawing goes by. ``shown``: the samples of the Stage above, None without one."""

    standing: UnlearnRequest
    choice: Choice
    shown: Pictured | None
    in_use: bool
    beside_a_run: bool

    @property
    def data(self) -> str:
        return self.standing.data


def show(
    standing: UnlearnRequest | None, shown: Pictured | None, beside_a_run: bool = False
) -> None:
    """The tray of these data, where it holds something or is what shall be forgotten."""
    if session.read_only():
        return
    if standing is None or (choice := hand.held(standing.data)) is None:
        return
    beside = hand.stands()
    by_hand = st.session_state.get("run/rule") == hand.BY_HAND
    in_use = by_hand and beside is not None and beside.data == standing.data
    if not choice.rows and not in_use:
        return
    tray = Tray(standing, choice, shown, in_use, beside_a_run)
    with st.container(key="tray", gap="small"):
        _draw(tray)


def _draw(tray: Tray) -> None:
    count = len(tray.choice.rows)
    said = f"{count:,} image{'' if count == 1 else 's'} chosen by hand" if count else "The tray"
    blocks.heading(f"{tray.choice.name}: {said}" if tray.choice.name else said)
    if not count:
        blocks.note(
            "Nothing is chosen yet. Draw round samples on the picture (L, or shift and drag), or "
            "add some in another way."
        )
    reply = session.ask(_question(tray), tray.choice.version) if count else session.Reply()
    if reply.error:
        blocks.error(reply.error)
    elif count:
        _mix(tray, reply.answer)
    _buttons(tray)
    gather.pending(tray.data)
    if not count:
        return
    _images(tray, reply.answer)
    if reply.answer is not None:
        _entangled(tray)
    elif not reply.error:
        asked, version = _question(tray), tray.choice.version
        session.waiting("Reading the list…", lambda: session.ask(asked, version))


def _question(tray: Tray) -> DescribeForget:
    """What a worker reads in the tray's file, by the very rule that a run would receive."""
    page, rows = _page(tray.choice), 0
    if tray.shown is None or len(tray.shown.samples(page, pictures=False)) < len(page):
        rows = min(PAGE * (_number(tray.choice) + 1), MOST)
    return DescribeForget(
        key=tray.standing.dataset,
        plant=tray.standing.plant,
        size=tray.standing.size,
        forget=tray.choice.rule,
        rows=rows,
    )


def _mix(tray: Tray, facts: ForgottenFacts | None) -> None:
    """How many of each class, the most first; what identifies the set."""
    counts: dict[str, int] = {}
    if facts is not None:
        counts = {one.name: one.forgotten for one in facts.classes}
    elif tray.shown is not None:
        found = tray.shown.samples(tray.choice.rows, pictures=False)
        if len(found) == len(tray.choice.rows):
            counts = Counter(one.label for one in found.values())
    order = sorted(counts.items(), key=lambda item: -item[1])
    chips = "".join(f'<span class="chip">{n:,} × <b>{escape(name)}</b></span>' for name, n in order)
    told = f'<span class="soft" data-hash="{facts.hash}">set {facts.hash}</span>' if facts else ""
    st.html(f'<p class="lethe-facts lethe-mix">{chips}{told}</p>')


def _buttons(tray: Tray) -> None:
    with st.container(horizontal=True, key="tray-buttons", vertical_alignment="center"):
        gather.offer(tray.standing, tray.choice)
        gather.keeping(tray.data, tray.choice)
        if tray.choice.rows:
            st.button(
                "Clear",
                key="tray/clear",
                icon=":material/delete_sweep:",
                on_click=hand.put,
                args=(tray.data, "set", ()),
            )
        if tray.choice.rows and not tray.in_use:
            st.button(
                "Use as the forget set",
                key="tray/use-it",
                icon=":material/arrow_back:",
                on_click=hand.use,
                args=(tray.data,),
            )


# --- the images -------------------------------------------------------------------------------


def _number(choice: Choice) -> int:
    """Which page of the images is shown, from 0."""
    last = max(0, (len(choice.rows) - 1) // PAGE)
    return min(int(st.session_state.get("tray/page", 0)), last)


def _page(choice: Choice) -> tuple[int, ...]:
    first = PAGE * _number(choice)
    return choice.rows[first : first + PAGE]


def _images(tray: Tray, facts: ForgottenFacts | None) -> None:
    """A page of them, each a button that takes it out."""
    rows = _page(tray.choice)
    known = {one.row: one for one in (facts.rows if facts else ())}
    if tray.shown is not None:
        known |= tray.shown.samples(rows)
    with st.container(key="tray-images"):
        for row in rows:
            one = known.get(row) or SampleFacts(row=row, part="training", label="")
            with st.container(key=f"tile-{row}", gap=None):
                st.html(f'<div class="lethe-first">{look.figure(one)}</div>')
                st.button(
                    blocks.plain(f"Take out row {row:,}"),
                    key=f"tray/out/{row}",
                    type="tertiary",
                    on_click=hand.put,
                    args=(tray.data, "remove", (row,)),
                )
    if len(tray.choice.rows) > PAGE:
        _pager(tray.choice)


def _pager(choice: Choice) -> None:
    at, count = _number(choice), len(choice.rows)
    with st.container(horizontal=True, key="tray-pager", vertical_alignment="center"):
        for name, to in (("Earlier", at - 1), ("Later", at + 1)):
            st.button(
                name,
                key=f"tray/{name}",
                type="tertiary",
                disabled=not 0 <= to * PAGE < count,
                on_click=st.session_state.update,
                args=({"tray/page": to},),
            )
        blocks.note(f"{at * PAGE + 1:,} to {min(count, (at + 1) * PAGE):,} of {count:,}")


# --- among what is kept -----------------------------------------------------------------------


def _entangled(tray: Tray) -> None:
    """From a worker, a moment later: the original model is asked, nothing is trained."""
    request = tray.standing.model_copy(update={"forget": tray.choice.rule})
    tag = (tray.choice.version, len(session.store().models()))
    asked = Entangled(request=request)
    reply = session.ask(asked, tag, settle=True)
    if reply.error:
        blocks.note(reply.error)
    elif reply.answer is None:
        session.waiting("Asking the original model…", lambda: session.ask(asked, tag, settle=True))
    elif reply.answer.share is None:
        blocks.note(reply.answer.why)
    else:
        facts = reply.answer
        said = escape(meaning(facts))
        st.html(f'<p class="lethe-entangled"><b>{facts.share:.0f} %</b> {said}</p>')
        title = f"The {len(facts.likeliest):,} kept images likeliest to suffer"
        if tray.beside_a_run:
            with st.expander(title):
                _likeliest(facts)
        else:
            blocks.heading(title)
            _likeliest(facts)


def _likeliest(facts: EntangledFacts) -> None:
    blocks.note(
        f"Those with the most chosen ones among their {facts.k} nearest neighbours in the original "
        "model's embedding; of equally many, the nearest to a chosen one first."
    )
    with st.container(key="tray-likeliest"):
        look.figures(facts.likeliest, [f"{n} of {facts.k}" for n in facts.chosen])


def meaning(facts: EntangledFacts) -> str:
    """The rest of the sentence that begins with the share."""
    share = facts.share or 0.0
    least = max(0.0, 100 * (1 - (facts.asked - 1) / max(facts.k, 1)))
    if least > 0:
        means = f"of so few it cannot be less than {least:.0f} %."
    elif share < FEWEST_SHARE:
        means = "they lie apart from what is kept, and can go with little beside them."
    elif share > MOST_SHARE:
        means = "they lie amid what is kept, which will feel it when they are forgotten."
    else:
        means = "they lie partly amid what is kept."
    some = f" (of {facts.among:,} looked at)" if facts.among < facts.of else ""
    return f"of their {facts.k} nearest neighbours{some} are kept: {means}"
