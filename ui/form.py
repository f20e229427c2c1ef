"""The sidebar filled from a request: the inverse of ``compose.sentence``.

A run that comes into sight (opened, followed by its link, reloaded) puts its settings into the
widgets, once for each run that a tab comes to show; what a person changes after that stays. What
the widgets cannot hold is said in sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from cu_core.errors import BadForgetSet
from cu_core.forget import class_ids
from cu_core.spec import (
    Catalog,
    DatasetFacts,
    DescribeDataset,
    KnobCard,
    MethodCard,
    RuleCard,
    RunRecord,
    UnlearnRequest,
    data_words,
    model_words,
    plant_words,
    planted_key,
)
from ui import blocks, controls, differs, listfile, networks, pickers, session

OF = "form/of"  # in the session: the run whose settings were put in last
LOST = "form/lost"  # ... what of them no widget holds, in sentences
CLASSES = "form/classes"  # ... (data, classes as written), until the engine has told their names
SHARES, PLANTED = range(1, 91), range(1, 51)  # percent that the sliders hold
AS_THEY_ARE = (
    *("model_seed", "train_epochs", "reference", "seed", "every", "max_steps", "probe_size"),
    *("device", "precision"),
)  # fields whose widget, of that name, holds whatever a request may


def follow(record: RunRecord | None, catalog: Catalog) -> None:
    """Puts the settings of the run in sight into the widgets, unless they were."""
    if record is None or st.session_state.get(OF) == record.run_id:
        return
    started(record.run_id)
    if isinstance(record.request, UnlearnRequest):
        fill(record.request, catalog)


def started(run_id: str) -> None:
    """The widgets are those of this run, which was made from them or is put in."""
    st.session_state.update({OF: run_id, LOST: []})


def fill(request: UnlearnRequest, catalog: Catalog) -> None:
    """Sets every widget of the sidebar as this request has it; keeps what it cannot in words."""
    st.session_state[LOST] = [
        *_data(request, catalog),
        *_model(request, catalog),
        *_forget(request, catalog.forget_rules),
        *_method(request, catalog.methods),
        *_course(request, catalog.stop_rules),
        *_course_of_its_own(request),
    ]


def _course_of_its_own(request: UnlearnRequest) -> Iterator[str]:
    if request.first:
        yield (
            f"it is a branch, which went other ways for {request.branched_at:,} steps; a run here "
            "goes by these settings from its first step on."
        )
    if request.floor is not None:
        yield f"it ends once test accuracy is below {request.floor:g} %; a run here would not."


def beside(request: UnlearnRequest | None, current: RunRecord | None, catalog: Catalog) -> None:
    """What is set otherwise than the run that is shown had it, with a way back."""
    if current is None or not isinstance(current.request, UnlearnRequest):
        return
    shown = current.request
    for sentence in st.session_state.get(LOST, ()):
        blocks.note(f"Of the run shown: {sentence}")
    if request is None:
        return
    facts = session.ask(DescribeDataset(key=request.dataset, plant=request.plant)).answer
    names = [one.name for one in facts.classes] if facts else []
    told = differs.words(request, shown, catalog, names, session.progress(current))
    if not told:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="differs"):
        blocks.note(f"Differs from the run shown: {told}.")
        st.button(
            "Back to its settings",
            key="run/back",
            type="tertiary",
            icon=":material/undo:",
            on_click=fill,
            args=(shown, catalog),
        )


def _put(**values: Any) -> None:
    """Widgets of the sidebar by the end of their key."""
    st.session_state.update({f"run/{name}": value for name, value in values.items()})


# --- the nouns --------------------------------------------------------------------------------


def _data(request: UnlearnRequest, catalog: Catalog) -> Iterator[str]:
    key, _, path = request.dataset.partition(":")
    if any(card.key == key for card in catalog.datasets):
        pickers.use_data(key, path)
    else:
        yield f"The data {data_words(request.dataset)} come from {key}, which is not offered here."
    key, _, share = request.plant.partition(":")
    percent = _percent(share, PLANTED)
    if any(card.key == key for card in catalog.plants):
        whole = percent is not None
        _put(plant=key if whole else request.plant, **({f"plant/{key}": percent} if whole else {}))
    else:
        _put(plant="")
        if request.plant:
            yield f"{plant_words(request.plant)} cannot be planted here."


def _percent(share: str, of: range) -> int | None:
    """The share as a slider holds it; None where it cannot."""
    try:
        percent = round(float(share) * 100)
    except ValueError:
        return None
    return percent if percent in of and f"{percent / 100:g}" == share else None


def _model(request: UnlearnRequest, catalog: Catalog) -> Iterator[str]:
    if request.original:
        yield from _original(request)
        return
    cards = {card.key: card for card in catalog.models}
    card = cards.get(request.model)
    if card:
        _put(**{"own/size": request.size})
        st.session_state["model"] = f"new:{card.key}"
    elif catalog.origins:
        _put(**{networks.ANOTHER: request.model, "size": request.size})
        st.session_state["model"] = f"new:{networks.ANOTHER}"
    else:
        yield f"The network {model_words(request.model)} is not offered here."
    heads = card.heads if card else ("plain",)
    if request.head not in heads:
        yield f"{model_words(request.model)} has no {request.head} head here."
    elif card:
        _put(**{f"head/{card.key}": request.head})


def _original(request: UnlearnRequest) -> Iterator[str]:
    """A model from the cache that the run began with, where it is still offered."""
    offered = {m.id: m for m in pickers.imported(session.store().models(), request.data)}
    record = offered.get(request.original or "")
    if record is None:
        yield "The model that it began with is not offered here; a run would train its own."
        return
    st.session_state["model"] = f"id:{record.id}"
    if (record.architecture, record.head, record.size) != (
        request.model, request.head, request.size
    ):  # fmt: skip
        yield "The model that it began with is asked here as it was imported."


# --- what is forgotten ------------------------------------------------------------------------


def _forget(request: UnlearnRequest, rules: Sequence[RuleCard]) -> Iterator[str]:
    key, _, argument = request.forget.partition(":")
    rule = next((rule for rule in rules if rule.key == key), None)
    if rule is None:
        yield f"The forget rule {key} is not offered here."
    else:
        _put(rule=key)
        fault = FILL.get(rule.control, _typed)(rule, argument, request)
        yield from [fault] if fault else []
    if request.after:
        yield "It went on from a model that had already forgotten a part; a run here would not."


def _classes(rule: RuleCard, argument: str, request: UnlearnRequest) -> str:
    st.session_state[CLASSES] = (request.data, argument)
    return ""


def name_classes(data_key: str, plant: str, facts: DatasetFacts | None) -> None:
    """Chooses the classes of a run that was put in, now that the engine has told of the data."""
    data, argument = st.session_state.get(CLASSES) or ("", "")
    if facts is None or data != planted_key(data_key, plant):
        return
    del st.session_state[CLASSES]
    try:
        ids = class_ids(argument, tuple(one.name for one in facts.classes))
    except BadForgetSet as fault:
        st.session_state[LOST] = [*st.session_state.get(LOST, ()), str(fault)]
        return
    _put(**{f"classes/{facts.key}": [facts.classes[i].id for i in ids]})


def _share(rule: RuleCard, argument: str, request: UnlearnRequest) -> str:
    percent = _percent(argument, SHARES)
    if percent is None:
        return f"The slider has no place for the share of {rule.key}:{argument}."
    _put(share=percent)
    return ""


def _file(rule: RuleCard, argument: str, request: UnlearnRequest) -> str:
    listfile.fill(rule, argument, "run")
    return ""


def _nothing(rule: RuleCard, argument: str, request: UnlearnRequest) -> str:
    return ""


def _typed(rule: RuleCard, argument: str, request: UnlearnRequest) -> str:
    _put(**{f"forget/{rule.key}": argument})
    return ""


FILL: Mapping[str, Callable[[RuleCard, str, UnlearnRequest], str]] = {
    "classes": _classes,
    "share": _share,
    "file": _file,
    "none": _nothing,
}  # by a rule's control, as ``pickers.CONTROLS``; what this has not is typed


# --- the verb, and the rest -------------------------------------------------------------------


def _method(request: UnlearnRequest, methods: Sequence[MethodCard]) -> Iterator[str]:
    chosen = next((card for card in methods if card.key == request.method), None)
    if chosen is None:
        yield f"The method {request.method} is not offered here."
        return
    st.session_state["method"] = chosen.key
    preset = request.preset if request.preset in chosen.presets else None
    if preset != request.preset:
        yield f"{chosen.title} has no preset {request.preset} here."
    if chosen.presets:
        st.session_state[f"preset/{chosen.key}"] = preset or controls.DEFAULTS
    knobs = {knob.name: knob for knob in chosen.knobs}
    held = {k: v for k, v in request.hparams.items() if k in knobs and _holds(knobs[k], v)}
    controls.turn(chosen, controls.values_of(chosen, preset) | held)
    for name, value in request.hparams.items():
        if name not in held:
            told = f"{controls.words(name)} {controls.value_text(value)}"
            yield f"{chosen.title} has no place for {told}."


def _holds(knob: KnobCard, value: Any) -> bool:
    """Whether a widget of this knob can stand at the value."""
    if knob.type == "boolean":
        return isinstance(value, bool)
    if knob.type == "choice":
        return value in (knob.options or ())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = controls.bounds(knob)
    return low <= value <= high and (knob.type == "number" or value == int(value))


def _course(request: UnlearnRequest, stop_rules: Sequence[RuleCard]) -> Iterator[str]:
    _put(**{name: getattr(request, name) for name in AS_THEY_ARE})
    if any(rule.key == request.stop_rule for rule in stop_rules):
        _put(stop_rule=request.stop_rule)
    else:
        yield f"The stopping rule {request.stop_rule} is not offered here."
