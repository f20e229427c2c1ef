"""What a method is, as its card tells it: idea, loss, paper, data, presets, knobs.

Nothing here knows a method. A symbol's value stands under the loss wherever a knob declares one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from cu_core.files import ROOT
from cu_core.spec import KnobCard, MethodCard, UnlearnRequest
from ui import blocks, controls, gallery

ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
EPOCHS = {"forget": "passes over the forget set", "retain": "passes over the retain set"}
UNBUILT = "Described, not built"  # a heading of docs/METHODS.md
FILTERS: dict[str, Callable[[MethodCard], bool]] = {
    "forget single samples": lambda m: "sample" in m.kinds,
    "need no forget samples": lambda m: not m.uses_forget,
    "need no retain samples": lambda m: not m.uses_retain,
}


GROUPS: dict[str, Callable[[MethodCard], bool]] = {  # a method stands in the first that it fits
    "Controls": lambda m: "(control)" in m.title,
    "Contrastive": lambda m: "contrast" in f"{m.title} {m.idea}".lower(),
    "Weight edits": lambda m: m.epoch_over not in EPOCHS,
    "Taught by a model": lambda m: bool(re.search("teacher|original model|own answers", m.idea)),
    "By retained images alone": lambda m: not m.uses_forget,
    "By forgotten images alone": lambda m: not m.uses_retain,
    "By both sets": lambda m: True,
}
SHELF = ("Contrastive", *(name for name in list(GROUPS)[4:]), *list(GROUPS)[2:4], "Controls")


def grouped(methods: Sequence[MethodCard]) -> dict[str, list[MethodCard]]:
    """The methods in the groups that have any, the one that a request has by itself first."""
    found: dict[str, list[MethodCard]] = {name: [] for name in SHELF}
    for method in sorted(methods, key=lambda m: m.key != UnlearnRequest().method):
        found[next(name for name, fits in GROUPS.items() if fits(method))].append(method)
    return {name: own for name, own in found.items() if own}


def brief(chosen: MethodCard, values: Mapping[str, Any]) -> None:
    """The chosen method beside its knobs: its idea; loss, symbols and paper folded under it."""
    with st.container(key="method-card", gap="xsmall"):
        blocks.note(chosen.idea)
        if chosen.loss or chosen.paper:
            with st.expander("Formula and paper"):
                if chosen.loss:
                    st.markdown(f"${chosen.loss}$")  # unlike a formula of its own, it may break
                _symbols(chosen, values)
                _paper(chosen)


def full(chosen: MethodCard) -> None:
    """Idea and loss on the left; data, tasks and presets on the right; knobs folded. Of a method
    with a recorded run, a picture of where that left the forgotten images."""
    text, facts = st.columns([3, 2], gap="large")
    with text.container(gap="xsmall"):
        st.html(f"<p>{escape(chosen.idea)}</p>")
        if chosen.loss:
            st.latex(chosen.loss)
        _symbols(chosen, controls.values_of(chosen, None), "by default")
        _paper(chosen)
    with facts.container(gap="xsmall"):
        gallery.small_picture(chosen.key)
        blocks.card([("Data", data(chosen)), ("Tasks", tasks(chosen)), ("Epochs", epochs(chosen))])
        if chosen.presets:
            blocks.note("Presets")
            blocks.card([(name, preset(chosen, name)) for name in chosen.presets])
    n = len(chosen.knobs)
    with st.expander(f"{n} knob{'s' * (n != 1)}"):
        st.markdown(knob_table(chosen))


def _paper(chosen: MethodCard) -> None:
    if chosen.paper:
        st.markdown(f":small[{citation(chosen.paper)}]")


def _symbols(chosen: MethodCard, values: Mapping[str, Any], when: str = "") -> None:
    if now := symbols(chosen, values):
        with st.container(key=f"symbols-{chosen.key}"):
            st.caption(f"{now} {when}".strip())


def symbols(chosen: MethodCard, values: Mapping[str, Any]) -> str:
    r""" "$\tau = 0.7$, $\eta = 0.01$": those of the loss in its order, then the others."""
    knobs = [k for k in chosen.knobs if k.symbol and _is_number(values[k.name])]
    knobs.sort(key=lambda k: _place(k.symbol, chosen.loss))  # stable: the others as declared
    return ", ".join(f"${k.symbol} = {_math(values[k.name])}$" for k in knobs)


def _place(symbol: str, loss: str) -> int:
    """Where a symbol stands in the loss; behind its end if it does not."""
    found = re.search(rf"(?<![\\A-Za-z]){re.escape(symbol)}(?![A-Za-z])", loss)
    return found.start() if found else len(loss)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _math(value: float) -> str:
    """A number in LaTeX: 0.0005 as 5 times a power of ten."""
    digits, _, power = controls.value_text(value).partition("e")
    return digits if not power else rf"{digits} \cdot 10^{{{int(power)}}}".removeprefix(r"1 \cdot ")


def citation(paper: str) -> str:
    """A source in Markdown, its arXiv number as a link."""
    parts, at = [], 0
    for found in ARXIV.finditer(paper):
        before = blocks.plain(paper[at : found.start()])
        parts.append(f"{before} " if before else "")
        parts.append(f"[arXiv:{found[1]}](https://arxiv.org/abs/{found[1]})")
        at = found.end()
    return "".join([*parts, blocks.plain(paper[at:])])


def epochs(chosen: MethodCard) -> str:
    return EPOCHS.get(chosen.epoch_over, "none, it is one edit")


def data(chosen: MethodCard) -> str:
    """Which samples it reads."""
    sets = ["forget"] * chosen.uses_forget + ["retain"] * chosen.uses_retain
    words = f"{' and '.join(sets)} samples" if sets else "none: it edits weights"
    if chosen.augments:
        return f"{words}, augmented"
    by_knob = any(knob.name == "augment" for knob in chosen.knobs)
    return words + ", augmented by a knob" * by_knob


def tasks(chosen: MethodCard) -> str:
    both = {"class", "sample"} <= set(chosen.kinds)
    return "classes and samples" if both else f"{' and '.join(chosen.kinds)} tasks only"


def preset(chosen: MethodCard, name: str) -> str:
    """ "Epochs 1, Learning rate 0.001": what it sets."""
    given = chosen.presets[name].items()
    words = [f"{controls.title(k)} {controls.value_text(v)}" for k, v in given]
    return ", ".join(words) or "defaults"


def knob_table(chosen: MethodCard) -> str:
    """Every knob in Markdown: name with symbol, default, range, help."""
    lines = ["| Knob | Default | Range | What it sets |", "|---|---|---|---|"]
    for knob in chosen.knobs:
        cells = [controls.label(knob), blocks.plain(controls.value_text(knob.default))]
        cells += [blocks.plain(span(knob)), blocks.plain(knob.help)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def span(knob: KnobCard) -> str:
    if knob.type == "boolean":
        return "on or off"
    if knob.type == "choice":
        return ", ".join(knob.options or ())
    return " to ".join(controls.value_text(end) for end in controls.bounds(knob))


# --- the page around the cards ----------------------------------------------------------------


def filters(methods: Sequence[MethodCard]) -> list[MethodCard]:
    """The filters as pills, and the methods that fit every chosen one."""
    chosen = st.pills(
        "Only methods that",
        list(FILTERS),
        selection_mode="multi",
        key="method-filter",
        persist_state="session",
    )
    shown = [m for m in methods if all(FILTERS[name](m) for name in chosen)]
    left = f"{len(shown)} of {len(methods)} methods" if chosen else f"{len(methods)} methods"
    blocks.note(left if shown else "No method does all of this. Take one of the filters away.")
    return shown


def sources() -> None:
    """What is described without being built, and the long text about every method."""
    path = ROOT / "docs" / "METHODS.md"
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8")
    _, _, rest = text.partition(f"## {UNBUILT}\n")
    if rest:
        blocks.heading(UNBUILT)
        st.markdown(rest.partition("\n## ")[0])
    if st.button("Read docs/METHODS.md", icon=":material/menu_book:", type="tertiary"):
        _read(text)


@st.dialog("docs/METHODS.md", width="large")
def _read(text: str) -> None:
    st.markdown(text)
