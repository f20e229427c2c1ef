"""The knobs of a sweep: each one value, or a range that is tried; choices as boxes to tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import streamlit as st

from cu_core.spec import METHOD, Axis, KnobCard, MethodCard, UnlearnRequest
from ui import blocks, controls, unfinished

ONE, RANGE, OWN = "one value", "a range", "each its own"
FIRST = 2  # main knobs that are ranges until a person says otherwise
METHODS = "sweep/methods"
NONE_VARIES = "Choose a range for at least one knob, or several methods."


@dataclass
class Asked:
    """What stands in the widgets. ``axes``: by knob, what an ``Axis`` is made of; ``hparams``:
    knobs with one value that differs from the preset's; ``middle``: a value of every knob that
    varies, for what a trial would cost."""

    method: str
    preset: str | None = None
    axes: dict[str, dict[str, Any]] = field(default_factory=dict)
    hparams: dict[str, Any] = field(default_factory=dict)
    middle: dict[str, Any] = field(default_factory=dict)

    def made(self, points: int) -> dict[str, Axis]:
        """The axes; ValidationError where one is none."""
        return {name: Axis(points=points, **facts) for name, facts in self.axes.items()}


def methods(cards: Sequence[MethodCard]) -> list[MethodCard]:
    """The chosen ones; at first that of the Unlearn page."""
    by_key = {card.key: card for card in cards}
    if METHODS not in st.session_state:
        usual = st.session_state.get("method", UnlearnRequest().method)
        st.session_state[METHODS] = [usual if usual in by_key else next(iter(by_key))]
    chosen = st.multiselect(
        "with",
        list(by_key),
        format_func=lambda key: by_key[key].title,
        key=METHODS,
        persist_state="session",
        select_all=False,
        placeholder="Choose methods",
    )
    if not chosen:
        unfinished.lacks("run", "Choose at least one method.")
    return [by_key[key] for key in chosen]


def ask(chosen: Sequence[MethodCard], preset: str | None) -> Asked:
    """The knobs of the method, as ``preset`` has them; of several, those that all of them have."""
    first = chosen[0]
    if len(chosen) == 1:
        asked, card, base = Asked(first.key, preset), first, controls.values_of(first, preset)
    else:
        asked, card, base = Asked(first.key), _common(chosen), {}
        asked.axes[METHOD] = {"choices": tuple(one.key for one in chosen)}
        blocks.note("The knobs that all of them have:" if card.knobs else "They share no knob.")
    usual = [knob.name for knob in card.knobs if knob.main and _is_number(knob)][:FIRST]
    usual = usual or [knob.name for knob in card.knobs if _is_number(knob)][:1]
    main = [knob for knob in card.knobs if knob.main]
    rest = [knob for knob in card.knobs if not knob.main]
    for knob in main:
        _knob(card, knob, base, asked, knob.name in usual and bool(base))
    if rest:
        with st.expander("More knobs" if main else "Knobs"):
            for knob in rest:
                _knob(card, knob, base, asked, knob.name in usual and bool(base))
    if not asked.axes:
        unfinished.lacks("run", NONE_VARIES)
    return asked


def _is_number(knob: KnobCard) -> bool:
    return knob.type in ("integer", "number")


def _common(chosen: Sequence[MethodCard]) -> MethodCard:
    """A card of the knobs that all have, within the bounds of each."""
    of_all = [{knob.name: knob for knob in card.knobs} for card in chosen]
    knobs = []
    for name, knob in of_all[0].items():
        same = [own[name] for own in of_all if name in own and own[name].type == knob.type]
        if len(same) < len(of_all):
            continue
        if not _is_number(knob):
            if all(one.options == knob.options for one in same):
                knobs.append(knob)
            continue
        ends = [controls.bounds(one) for one in same]
        low, high = max(low for low, _ in ends), min(high for _, high in ends)
        if low < high:
            knobs.append(knob.model_copy(update={"low": low, "high": high}))
    key = "+".join(card.key for card in chosen)
    return MethodCard(key=key, title=key, knobs=tuple(knobs))


def _knob(
    card: MethodCard, knob: KnobCard, base: Mapping[str, Any], asked: Asked, ranged: bool
) -> None:
    """Asks for one knob and puts what is said into ``asked``. Without a ``base`` there is no one
    value: each of several methods has its own."""
    key = f"sweep/{card.key}/{knob.name}"
    with st.container(key=f"axis-{knob.name}", gap="xsmall"):
        if not _is_number(knob):
            _boxes(knob, base, asked, key)
            return
        single = ONE if base else OWN
        how = st.segmented_control(
            controls.label(knob),
            [single, RANGE],
            default=RANGE if ranged else single,
            key=f"{key}/how",
            persist_state="session",
            required=True,
            help=controls.hint(knob),
        )
        if how == RANGE:
            low, high = _range(knob, f"{key}/range")
            asked.axes[knob.name] = {"low": float(low), "high": float(high), "log": knob.log}
            middle = sqrt(low * high) if knob.log else (low + high) / 2
            asked.middle[knob.name] = round(middle) if knob.type == "integer" else middle
        elif base:
            value = controls.widget(card, knob, base[knob.name], named=False)
            if value != base[knob.name]:
                asked.hparams[knob.name] = value


def _range(knob: KnobCard, key: str) -> tuple[Any, Any]:
    """Both ends; at first the whole of what the knob declares."""
    number = int if knob.type == "integer" else float
    low, high = controls.bounds(knob)
    shared: dict[str, Any] = {
        "key": key, "persist_state": "session", "label_visibility": "collapsed",
    }  # fmt: skip
    label = f"Range of {controls.words(knob.name)}"
    if knob.log:
        options = controls.scale(low, high, number, knob.default)
        ends = st.select_slider(
            label, options, (low, high), format_func=controls.value_text, **shared
        )
    else:
        step = controls.step(low, high, number)
        ends = st.slider(label, low, high, (low, high), step=step, **shared)
    if ends[0] >= ends[1]:
        unfinished.lacks("run", f"The range of {controls.words(knob.name)} has one value alone.")
    return ends[0], ends[1]


def _boxes(knob: KnobCard, base: Mapping[str, Any], asked: Asked, key: str) -> None:
    """One box a choice: one that is ticked is the value, several are tried."""
    choices: list[Any] = [False, True] if knob.type == "boolean" else list(knob.options or ())
    blocks.note(controls.title(knob.name))
    with st.container(horizontal=True, gap="small"):
        ticked = [
            choice
            for choice in choices
            if st.checkbox(
                controls.value_text(choice),
                bool(base) and choice == base[knob.name],
                key=f"{key}/{choice}",
                persist_state="session",
            )
        ]
    if len(ticked) > 1:
        asked.axes[knob.name] = {"choices": tuple(ticked)}
        asked.middle[knob.name] = ticked[0]
    elif ticked and (not base or ticked[0] != base[knob.name]):
        asked.hparams[knob.name] = ticked[0]
    elif not ticked and base:
        unfinished.lacks("run", f"Tick at least one choice of {controls.words(knob.name)}.")
