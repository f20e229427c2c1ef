"""Which data, which model, which samples to forget: the nouns of a request.

Class names come from someone's folder or file, so they are only ever shown by widgets that do
not read Markdown (select boxes), and travel as ids wherever an id cannot be mistaken for a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from cu_core.spec import (
    DataCard,
    DatasetFacts,
    NetworkCard,
    OriginCard,
    RuleCard,
    UnlearnRequest,
    plant_words,
    planted_in,
)
from cu_core.store import Choice, ModelRecord
from ui import hand, listfile, networks, unfinished

USUAL = UnlearnRequest()  # what a request has when nothing is chosen
PLANTED = "planted"  # the forget rule for what was planted


def dataset(datasets: Sequence[DataCard], place: str, name: str = "of") -> str | None:
    """The data's key as a request holds it, "digits" or "folder:/path"; None: not there yet.

    ``place`` keeps the widgets of two pages apart.
    """
    by_key = {d.key: d for d in datasets}
    key = st.selectbox(
        name,
        list(by_key),
        _position(by_key, USUAL.dataset),
        format_func=lambda k: _data_title(by_key[k]),
        key=f"{place}/dataset",
        persist_state="session",
    )
    chosen = by_key[key]
    if chosen.needs_path:
        path = st.text_input(
            "Path on this machine",
            key=f"{place}/path/{key}",
            persist_state="session",
            help=chosen.help,
        )
        if path.strip():
            return f"{key}:{path.strip()}"
        unfinished.lacks(place, "Type the path of the data.")
        return None
    if _lacks_download(chosen):
        title = f"{chosen.title} is not on this machine yet"
        unfinished.lacks(place, f"{title}; Models & data has its download button.")
        return None
    return key


def plant(plants: Sequence[RuleCard], place: str, name: str = "with") -> str:
    """What is planted in the data, as a request holds it: "wrong-labels:0.1"; "" for nothing."""
    by_key = {card.key: card for card in plants}
    if not by_key:  # kept by a Lethe that planted nothing
        return ""
    titles = {"": "nothing planted"} | {k: _in_sentence(c.title) for k, c in by_key.items()}
    if ":" in (held := st.session_state.get(f"{place}/plant") or ""):
        titles[held] = plant_words(held)  # that of a chosen model, with its own share
    key = st.selectbox(
        name,
        list(titles),
        format_func=titles.__getitem__,
        key=f"{place}/plant",
        persist_state="session",
        on_change=_forget_what_is_planted,
        args=(place,),
    )
    if key not in by_key:
        return key
    usual = float(by_key[key].example.partition(":")[2])
    percent = st.slider(
        "Share of the training samples that is planted",
        1,
        50,
        round(usual * 100),
        format="%d %%",
        key=f"{place}/plant/{key}",
        persist_state="session",
        label_visibility="collapsed",
    )
    return f"{key}:{percent / 100:g}"


def _forget_what_is_planted(place: str) -> None:
    """Whoever plants something means to forget it; without it there is nothing of the kind."""
    planted, rule = st.session_state[f"{place}/plant"], f"{place}/rule"
    if planted:
        st.session_state[rule] = PLANTED
    elif st.session_state.get(rule) == PLANTED:
        st.session_state[rule] = USUAL.forget.partition(":")[0]


def _position(keys: Iterable[str], wanted: str) -> int:
    """Where ``wanted`` stands among the keys, else the first place."""
    return next((i for i, key in enumerate(keys) if key == wanted), 0)


def _lacks_download(card: DataCard) -> bool:
    return card.needs_download and not card.downloaded


def _data_title(card: DataCard) -> str:
    return card.title + (" (not downloaded)" if _lacks_download(card) else "")


def choose_class(data: DatasetFacts, class_id: int) -> None:
    """Makes this class the one to forget, as if by the sidebar's own widgets."""
    st.session_state["run/rule"] = "class"
    st.session_state[f"run/classes/{data.key}"] = [class_id]


def use_data(key: str, path: str = "") -> None:
    """Chooses data for the next run, as if by the sidebar's own widgets."""
    st.session_state["run/dataset"] = key
    if path:
        st.session_state[f"run/path/{key}"] = path


def use_model(record: ModelRecord) -> None:
    """Chooses a cached model, with the data that it was trained on and what is planted in it."""
    data, st.session_state["run/plant"] = planted_in(record.dataset)
    use_data(*data.split(":", 1))
    _forget_what_is_planted("run")
    imported = record.kind == "imported"
    st.session_state["model"] = f"id:{record.id}" if imported else f"new:{record.architecture}"
    if not imported and ":" in record.architecture:
        st.session_state["model"] = f"new:{networks.ANOTHER}"
        st.session_state[f"run/{networks.ANOTHER}"] = record.architecture
    if not imported:
        st.session_state["run/model_seed"] = record.seed
        st.session_state[f"run/head/{record.architecture}"] = record.head


def model(
    architectures: Sequence[NetworkCard],
    origins: Sequence[OriginCard],
    cached: Sequence[ModelRecord],
    data_key: str | None,
) -> dict[str, Any]:
    """``model`` and ``original`` of a request: an architecture, or a cached model by its id; a
    ``model`` of "" is yet to be typed."""
    titles = {f"new:{m.key}": m.title for m in architectures}
    if origins:
        titles[f"new:{networks.ANOTHER}"] = networks.TITLE
    usable = imported(cached, data_key)
    titles |= {f"id:{m.id}": f"{m.name or m.id} (imported)" for m in usable}
    choice = st.selectbox(
        "in",
        list(titles),
        _position(titles, f"new:{USUAL.model}"),
        format_func=titles.__getitem__,
        key="model",
        persist_state="session",
    )
    kind, _, value = choice.partition(":")
    if kind == "new" and value == networks.ANOTHER:
        return {"original": None, **networks.typed(origins, "run")}
    if kind == "new":
        return {"model": value, "original": None}
    picked = next(m for m in usable if m.id == value)
    brings = {"model": picked.architecture, "head": picked.head, "size": picked.size}
    return brings | {"original": value}


def imported(cached: Sequence[ModelRecord], data_key: str | None) -> list[ModelRecord]:
    """The models from elsewhere that know this data, which a run may begin with."""
    return [m for m in cached if m.kind == "imported" and m.dataset == data_key]


# --- the forget set ---------------------------------------------------------------------------


def forget_set(
    rules: Sequence[RuleCard],
    data: DatasetFacts | None,
    place: str = "run",
    planted: str = "",
    tray: Choice | None = None,
) -> str | None:
    """The rule as a request holds it: "class:5", "random:0.1", "indices:/path"; None: unfinished.

    A rule names the control that asks for the rest; without one it is typed. ``data``: the engine's
    answer about the data, None until it is there. ``planted``: what is planted in it.
    ``tray``: what is chosen by hand, None where that is not offered or cannot be read.
    """
    by_key = {rule.key: rule for rule in rules if planted or rule.key != PLANTED}
    if not by_key:  # kept by a Lethe that did not say its rules; the engine is about to
        unfinished.lacks(place, unfinished.ENGINE)
        return None
    usual = USUAL.forget.partition(":")[0]
    titles = {key: _in_sentence(rule.title) for key, rule in by_key.items()}
    if tray is not None or st.session_state.get(f"{place}/rule") == hand.BY_HAND:
        titles[hand.BY_HAND] = "those chosen by hand"
    key = st.selectbox(
        "Forget",
        list(titles),
        _position(titles, usual),
        format_func=titles.__getitem__,
        key=f"{place}/rule",
        persist_state="session",
    )
    if key == hand.BY_HAND:
        return hand.rule(tray, place)
    if by_key[key].control == "none":
        return key
    control = CONTROLS.get(by_key[key].control, _text)
    argument = control(by_key[key], data, place)
    return f"{key}:{argument}" if argument else None


def _in_sentence(title: str) -> str:
    """A title after the word Forget."""
    return title[:1].lower() + title[1:]


def _classes(rule: RuleCard, data: DatasetFacts | None, place: str) -> str | None:
    if data is None:
        return None
    by_id, key = {c.id: c for c in data.classes}, f"{place}/classes/{data.key}"
    if key not in st.session_state:
        usual = USUAL.forget.partition(":")[2]
        st.session_state[key] = [next((i for i in by_id if str(i) == usual), next(iter(by_id)))]
    ids = st.multiselect(
        "Classes",
        list(by_id),
        format_func=lambda i: f"{by_id[i].name} · {by_id[i].train:,}",
        key=key,
        persist_state="session",
        select_all=False,
        label_visibility="collapsed",
        placeholder="Choose classes",
    )
    if not ids:
        unfinished.lacks(place, "Choose at least one class.")
    return class_list(ids, [c.name for c in data.classes])


def class_list(ids: Sequence[int], names: Sequence[str]) -> str:
    """ "3,5". An id is written unless a name of some other class reads the same."""

    def token(i: int) -> str:
        numbered = all(name.isdecimal() for name in names)
        mistaken = str(i) in names and names.index(str(i)) != i
        return names[i] if numbered or mistaken else str(i)

    return ",".join(token(i) for i in sorted(ids))


def _share(rule: RuleCard, data: DatasetFacts | None, place: str) -> str:
    percent = st.slider(
        "Share of the training samples",
        1,
        90,
        10,
        format="%d %%",
        key=f"{place}/share",
        persist_state="session",
        label_visibility="collapsed",
    )
    return f"{percent / 100:g}"


def _text(rule: RuleCard, data: DatasetFacts | None, place: str) -> str | None:
    text: str = st.text_input(
        rule.title,
        key=f"{place}/forget/{rule.key}",
        persist_state="session",
        placeholder=rule.example.partition(":")[2],
        help=rule.help or None,
    )
    if not text.strip():
        unfinished.lacks(place, f"Say which: {rule.title}, written like {rule.example}.")
    return text.strip() or None


CONTROLS: dict[str, Callable[[RuleCard, DatasetFacts | None, str], str | None]] = {
    "classes": _classes,
    "share": _share,
    "file": listfile.choose,
}
