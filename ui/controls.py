"""The catalog's knobs as widgets: drawn from their declaration, returned as hyperparameters.

Nothing here knows a method: bounds, unit, symbol, help, presets and which few stay in sight all
come from the catalog the engine wrote.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cu_core.comparison.settings import title as title
from cu_core.comparison.settings import value_text as value_text
from cu_core.comparison.settings import values_of as values_of
from cu_core.comparison.settings import words as words
from cu_core.spec import KnobCard, MethodCard, UnlearnRequest
from ui import blocks

DEFAULTS = "defaults"


def method(methods: Sequence[MethodCard]) -> MethodCard:
    """The chosen method's card."""
    by_key, usual = {m.key: m for m in methods}, UnlearnRequest().method
    first = list(by_key).index(usual) if usual in by_key else 0
    key = st.selectbox(
        "with",
        list(by_key),
        first,
        format_func=lambda k: by_key[k].title,
        key="method",
        persist_state="session",
    )
    return by_key[key]


def hyperparameters(chosen: MethodCard, preset: str | None) -> dict[str, Any]:
    """The values that differ from the preset's. Main knobs in sight, the others folded."""
    base = values_of(chosen, preset)
    main = [k for k in chosen.knobs if k.main]
    rest = [k for k in chosen.knobs if not k.main]
    values = {k.name: widget(chosen, k, base[k.name]) for k in main}
    if rest:
        with st.expander("More knobs" if main else "Knobs"):
            values |= {k.name: widget(chosen, k, base[k.name]) for k in rest}
    return {name: value for name, value in values.items() if value != base[name]}


def changes(chosen: MethodCard, preset: str | None, turned: Mapping[str, Any]) -> None:
    """What differs from the preset, with the value that it has there, and a way back."""
    if not turned:
        return
    base = values_of(chosen, preset)
    said = [
        f"{words(name)} {value_text(value)}, not {value_text(base[name])}"
        for name, value in turned.items()
    ]
    with st.container(horizontal=True, vertical_alignment="center", key="changes"):
        blocks.note(f"Changed: {'; '.join(said)}.")
        st.button(
            "Reset",
            key="run/reset",
            type="tertiary",
            icon=":material/undo:",
            on_click=turn,
            args=(chosen, base),
        )


def preset(chosen: MethodCard) -> str | None:
    """The chosen preset's name; choosing one sets every knob."""
    if not chosen.presets:
        return None
    key = f"preset/{chosen.key}"
    choice = st.selectbox(
        "preset",
        [DEFAULTS, *chosen.presets],
        key=key,
        on_change=_reset,
        args=(chosen, key),
        persist_state="session",
    )
    return None if choice == DEFAULTS else choice


def _reset(chosen: MethodCard, key: str) -> None:
    choice = st.session_state[key]
    turn(chosen, values_of(chosen, None if choice == DEFAULTS else choice))


def turn(chosen: MethodCard, values: Mapping[str, Any]) -> None:
    """Sets these knobs of the method."""
    for name, value in values.items():
        st.session_state[_key(chosen, name)] = value


def _key(chosen: MethodCard, name: str) -> str:
    return f"knob/{chosen.key}/{name}"


def label(knob: KnobCard) -> str:
    """The knob's name, its symbol in the paper (LaTeX), its unit."""
    symbol = f" ${knob.symbol}$" if knob.symbol else ""
    twice = knob.unit in ("", knob.name)  # "Epochs (epochs)" says it twice
    return f"{title(knob.name)}{symbol}" + ("" if twice else f" ({knob.unit})")


def widget(chosen: MethodCard, knob: KnobCard, base: Any, named: bool = True) -> Any:
    """The knob's value; ``named``: whether its name stands over it, or somewhere else."""
    key = _key(chosen, knob.name)
    if key not in st.session_state:
        st.session_state[key] = base
    shared: dict[str, Any] = {
        "key": key,
        "persist_state": "session",
        "help": hint(knob),
        "label_visibility": "visible" if named else "collapsed",
    }
    if knob.type == "boolean":
        return st.toggle(label(knob), **shared)
    if knob.type == "choice":
        return st.selectbox(label(knob), list(knob.options or ()), **shared)
    number = int if knob.type == "integer" else float
    st.session_state[key] = number(st.session_state[key])
    low, high = bounds(knob)
    if knob.log:
        options = scale(low, high, number, base, knob.default, st.session_state[key])
        return st.select_slider(label(knob), options, format_func=value_text, **shared)
    if knob.main:
        return st.slider(label(knob), low, high, step=step(low, high, number), **shared)
    form = "%d" if number is int else "%g"
    step_ = step(low, high, number)
    return st.number_input(label(knob), low, high, step=step_, format=form, **shared)


def hint(knob: KnobCard) -> str:
    return f"{knob.help}. Default: {value_text(knob.default)}."


def bounds(knob: KnobCard) -> tuple[Any, Any]:
    """Lowest and highest value, whole numbers of an integer; the default where none is declared."""
    number = int if knob.type == "integer" else float
    low, high = (knob.default if end is None else end for end in (knob.low, knob.high))
    return number(low), number(high)


def scale(low: float, high: float, number: type, *also: Any) -> list[Any]:
    """1, 2, 5 of every decade within the bounds, the bounds, and values that must be there."""
    found = {number(low), number(high), *(number(v) for v in also)}
    for decade in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for digit in (1, 2, 5):
            value = float(f"{digit}e{decade}")  # 5e-5 itself, not 5 times something near 1e-5
            if low <= value <= high and number(value) == value:
                found.add(number(value))
    # Of two that read alike a slider knows one: that which stands there
    named = {value_text(value): value for value in (*sorted(found), *map(number, also))}
    return sorted(named.values())


def step(low: float, high: float, number: type) -> Any:
    """A step that gives about 50 to 500 places: 1, or a power of ten, or five of it."""
    if number is int:
        return 1
    size = 10.0 ** math.floor(math.log10((high - low) / 30))
    return float(f"{5 * size:g}") if (high - low) / size > 150 else float(f"{size:g}")
