"""The nouns of a request, and its settings, as a sidebar asks for them: what is forgotten, of which
data, in which network.

A run and a sweep ask with the same widgets, so that either page begins where the other stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cu_core.spec import (
    Catalog,
    DescribeDataset,
    NetworkCard,
    RuleCard,
    UnlearnRequest,
    planted_key,
)
from ui import blocks, differs, form, hand, look, networks, pickers, session, unfinished

DEVICES = {
    "auto": "the best there is",
    "cpu": "the processor",
    "cuda": "NVIDIA GPU",
    "mps": "Apple GPU",
}
PRECISIONS = {"auto": "the faster of the two", "float32": "float32", "bfloat16": "bfloat16"}


def ask(catalog: Catalog) -> dict[str, Any]:
    """Fields of a request: data, what is planted, what is forgotten, the network. ``dataset``
    and ``forget`` are None, ``model`` is "", while undecided (said by ``unfinished``)."""
    forget = st.container(gap="xsmall")
    data_key = pickers.dataset(catalog.datasets, "run")
    plant = pickers.plant(catalog.plants, "run")
    notes = st.container(gap="xsmall")
    with forget:
        rule = _forget(catalog.forget_rules, data_key, plant, notes)
    data = planted_key(data_key, plant) if data_key else None
    network = pickers.model(catalog.models, catalog.origins, session.store().models(), data)
    return {"dataset": data_key, "plant": plant, "forget": rule, **network}


def complete(fields: Mapping[str, Any]) -> bool:
    """Whether a request can be made of them."""
    return all(fields[name] for name in ("dataset", "forget", "model"))


def _forget(
    rules: tuple[RuleCard, ...], data_key: str | None, plant: str, notes: DeltaGenerator
) -> str | None:
    """The forget rule; its classes need the engine's word about the data. What else that says
    stands in ``notes``, under the data."""
    if data_key is None:
        return pickers.forget_set(rules, None, planted=plant)
    question = DescribeDataset(key=data_key, plant=plant)
    reply = session.ask(question)
    form.name_classes(data_key, plant, reply.answer)
    tray = hand.take_up(planted_key(data_key, plant), "run")
    rule = pickers.forget_set(rules, reply.answer, planted=plant, tray=tray)
    if not reply.settled:
        unfinished.lacks("run", unfinished.READING)
        session.waiting("Reading the data…", lambda: session.ask(question))
        return rule
    with notes:
        if reply.answer is None:
            blocks.error(reply.error)
            unfinished.lacks("run", unfinished.ABOVE)
            return None
        blocks.note(" ".join(reply.answer.notes))
        with st.container(horizontal=True, key="looks"):
            look.offer_data(data_key, plant, "run", "Look")
            if rule:
                look.offer_forget(data_key, plant, rule, st.session_state.get("run/seed") or 0)
    return rule


def settings(catalog: Catalog, architecture: str) -> dict[str, Any]:
    """What a run has beside its method: the models it needs, its course, what it is drawn with."""
    card = next((m for m in catalog.models if m.key == architecture), None)
    models = {
        "head": networks.head(card or NetworkCard(key=architecture, title=architecture), "run"),
        "size": networks.image_size("run/own"),
        "model_seed": _whole("model_seed", 0, 0, ""),
        "train_epochs": _whole("train_epochs", None, 1, "Empty: its own recipe."),
        "reference": st.toggle(
            differs.LABELS["reference"],
            True,
            key="run/reference",
            persist_state="session",
            help="Trains a model that never saw the forget set, unless one is cached. Without "
            "it there is nothing to say what forgetting should look like.",
        ),
    }
    return models | _course(catalog)


def _course(catalog: Catalog) -> dict[str, Any]:
    rules = {rule.key: rule for rule in catalog.stop_rules}
    pictures = "Empty: 24 to 60 pictures a run."
    return {
        "seed": _whole("seed", 0, 0, "Decides batches and a random forget set."),
        "every": _whole("every", None, 1, pictures),
        "max_steps": _whole("max_steps", None, 1, "", "no limit"),
        "stop_rule": st.selectbox(
            differs.LABELS["stop_rule"],
            list(rules),
            format_func=lambda k: rules[k].title,
            help="\n\n".join(f"{r.title}: {r.help}" for r in rules.values()) or None,
            key="run/stop_rule",
            persist_state="session",
        ),
        "probe_size": _whole("probe_size", 2000, 20, ""),
        "device": st.selectbox(
            differs.LABELS["device"],
            _choices("device"),
            format_func=lambda k: DEVICES.get(k, k),
            key="run/device",
            persist_state="session",
        ),
        "precision": st.selectbox(
            differs.LABELS["precision"],
            _choices("precision"),
            format_func=lambda k: PRECISIONS.get(k, k),
            key="run/precision",
            persist_state="session",
            help="Of the layers; losses and weights are float32. Which is faster is measured once "
            "on each machine.",
        ),
    }


def _choices(field: str) -> tuple[str, ...]:
    """What a field of the request may be."""
    return get_args(UnlearnRequest.model_fields[field].annotation)


def _whole(
    name: str, value: int | None, low: int, help: str, empty: str = "automatic"
) -> int | None:
    return st.number_input(
        differs.LABELS[name],
        low,
        value=value,
        step=1,
        key=f"run/{name}",
        persist_state="session",
        placeholder=empty,
        help=help or None,
    )
