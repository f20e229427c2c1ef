"""The sidebar of Unlearn: a sentence that reads top to bottom and ends in one button.

Forget [..] of [..] in [..] with [..], knobs, then what the run would cost, then Run.

A click starts what the widgets show with it, so it is acted on where the request has been read: a
callback's arguments are those of the last drawing, which may be a knob older.
"""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st
from pydantic import ValidationError
from streamlit.delta_generator import DeltaGenerator

from cu_core.errors import explain
from cu_core.spec import (
    Catalog,
    DescribeDataset,
    Estimate,
    NetworkCard,
    Preflight,
    RuleCard,
    RunRecord,
    UnlearnRequest,
    planted_key,
)
from cu_core.spec.phases import PARTS, duration, wait_words
from ui import blocks, controls, look, methodcard, networks, pickers, session

DEVICES = {
    "auto": "the best there is",
    "cpu": "the processor",
    "cuda": "NVIDIA GPU",
    "mps": "Apple GPU",
}
PRECISIONS = {"auto": "the faster of the two", "float32": "float32", "bfloat16": "bfloat16"}


def sentence(catalog: Catalog) -> UnlearnRequest | None:
    """The request as the widgets stand; None while it is unfinished (said beside the widget)."""
    with st.container(key="sentence", gap="xsmall"):
        forget = st.container(gap="xsmall")
        data_key = pickers.dataset(catalog.datasets, "run")
        plant = pickers.plant(catalog.plants, "run")
        notes = st.container(gap="xsmall")
        with forget:
            rule = _forget(catalog.forget_rules, data_key, plant, notes)
        data = planted_key(data_key, plant) if data_key else None
        chosen_model = pickers.model(
            catalog.models, catalog.origins, session.store().models(), data
        )
        chosen = controls.method(catalog.methods)
        preset = controls.preset(chosen)
    card = st.container()  # above the knobs, and drawn with what they are set to
    hparams = controls.hyperparameters(chosen, preset)
    with card:
        methodcard.brief(chosen, controls.values_of(chosen, preset) | hparams)
        controls.changes(chosen, preset, hparams)
    settings = _settings(catalog, chosen_model["model"])
    if data_key is None or rule is None or not chosen_model["model"]:
        return None
    return _request(
        {"dataset": data_key, "plant": plant, "forget": rule, "method": chosen.key}
        | {"preset": preset, "hparams": hparams, **settings, **chosen_model}
    )


def _forget(
    rules: tuple[RuleCard, ...], data_key: str | None, plant: str, notes: DeltaGenerator
) -> str | None:
    """The forget rule; its classes need the engine's word about the data. What else that says
    stands in ``notes``, under the data."""
    if data_key is None:
        return pickers.forget_set(rules, None, planted=plant)
    question = DescribeDataset(key=data_key, plant=plant)
    reply = session.ask(question)
    rule = pickers.forget_set(rules, reply.answer, planted=plant)
    if not reply.settled:
        session.waiting("Reading the data…", lambda: session.ask(question))
        return rule
    with notes:
        if reply.answer is None:
            blocks.error(reply.error)
            return None
        blocks.note(" ".join(reply.answer.notes))
        with st.container(horizontal=True, key="looks"):
            look.offer_data(data_key, plant, "run", "Look")
            if rule:
                look.offer_forget(data_key, plant, rule, st.session_state.get("run/seed") or 0)
    return rule


def _request(fields: dict[str, Any]) -> UnlearnRequest | None:
    try:
        return UnlearnRequest(**fields)
    except ValidationError as fault:
        blocks.error(explain(fault, UnlearnRequest, "The request"))
        return None


def _settings(catalog: Catalog, architecture: str) -> dict[str, Any]:
    """What a run has beside its method: the models it needs, its course, what it is drawn with."""
    card = next((m for m in catalog.models if m.key == architecture), None)
    epochs = "Epochs of the original model"
    with st.expander("Run settings"):
        models = {
            "head": networks.head(card or NetworkCard(key=architecture, title=architecture), "run"),
            "model_seed": _whole("Seed of the original model", "model_seed", 0, 0, ""),
            "train_epochs": _whole(epochs, "train_epochs", None, 1, "Empty: its own recipe."),
            "reference": st.toggle(
                "Compare with a retrained model",
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
        "seed": _whole("Seed of the run", "seed", 0, 0, "Decides batches and a random forget set."),
        "every": _whole("Steps between pictures", "every", None, 1, pictures),
        "max_steps": _whole("At most this many steps", "max_steps", None, 1, "", "no limit"),
        "stop_rule": st.selectbox(
            "When it stops",
            list(rules),
            format_func=lambda k: rules[k].title,
            help="\n\n".join(f"{r.title}: {r.help}" for r in rules.values()) or None,
            key="run/stop_rule",
            persist_state="session",
        ),
        "probe_size": _whole("Points on the map", "probe_size", 2000, 20, ""),
        "device": st.selectbox(
            "Computed by",
            _choices("device"),
            format_func=lambda k: DEVICES.get(k, k),
            key="run/device",
            persist_state="session",
        ),
        "precision": st.selectbox(
            "Arithmetic",
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
    label: str, name: str, value: int | None, low: int, help: str, empty: str = "automatic"
) -> int | None:
    return st.number_input(
        label,
        low,
        value=value,
        step=1,
        key=f"run/{name}",
        persist_state="session",
        placeholder=empty,
        help=help or None,
    )


# --- what it would cost, and the button -------------------------------------------------------


def dock(request: UnlearnRequest | None, current: RunRecord | None) -> bool:
    """What the run would cost, and Run, which stays in reach. True when it may be pressed."""
    runs = current is not None and current.state in session.LIVE and request == current.request
    # What it costs is known, or is being paid: no engine starts beside the run to say it again.
    reply = session.Reply[Estimate]() if runs else _preflight(request)
    if reply.answer:
        _card(reply.answer)
    ready = request is not None and not reply.error
    with st.container(key="dock", gap="xsmall"):
        if reply.error:
            blocks.error(reply.error)
        elif reply.answer:
            blocks.note(_cost(reply.answer))
        elif runs:
            blocks.note("This run is live.")
        elif request is not None:
            session.waiting("Checking…", lambda: _preflight(request))
        clicked = st.button(
            "Run",
            key="run/go",
            type="primary",
            width="stretch",
            disabled=not ready,
            shortcut="mod+enter",
        )
        if clicked and request is not None:
            go(request)
        if current is not None and current.state in session.LIVE and request != current.request:
            blocks.note("A run is live. What is set here applies to the next run.")
    return ready


def _preflight(request: UnlearnRequest | None) -> session.Reply[Estimate]:
    """The engine's answer about this request; none while there is no request."""
    if request is None:
        return session.Reply()
    tag = len(session.store().models())  # a model that is ready now was not before
    return session.ask(Preflight(request=request), tag, settle=True)


def go(request: UnlearnRequest) -> None:
    """Queues the run, follows it, and draws the page anew with it."""
    run_id = session.attempt(session.start, request)
    if run_id:
        session.follow(run_id)
    st.rerun()


def _cost(estimate: Estimate) -> str:
    n_train = estimate.n_forget + estimate.n_retain
    counts = f"{estimate.n_forget:,} of {n_train:,} images, {estimate.steps:,} steps"
    first, verdict = duration(estimate.first_picture), duration(estimate.verdict)
    guess = " These are guesses: not all of it was measured here yet." if estimate.guess else ""
    return f"{counts}. First picture in {first}, verdict in {verdict}.{guess}"


def _images(estimate: Estimate) -> list[tuple[str, str]]:
    """How large the images are that the network is given."""
    if len(estimate.shape) != 3:
        return []
    return [("An image", f"{estimate.shape[2]} x {estimate.shape[1]} pixels")]


def _card(estimate: Estimate) -> None:
    blocks.card(
        [
            ("To forget", f"{estimate.n_forget:,} images"),
            ("To keep", f"{estimate.n_retain:,} images"),
            ("Steps", f"{estimate.steps:,}"),
            ("Pictures", f"{estimate.snapshots:,}"),
            ("A step", f"{estimate.seconds_per_step * 1000:,.0f} ms"),
            *((PARTS[key], wait_words(wait)) for key, wait in estimate.waits.items()),
            ("Original", estimate.original),
            ("Retrained", estimate.retrained),
            *_images(estimate),
            ("Memory", blocks.size(estimate.memory_bytes)),
            ("Disk", blocks.size(estimate.disk_bytes)),
            ("Computed by", DEVICES.get(estimate.device, estimate.device)),
        ]
    )
    for warning in estimate.warnings:
        st.warning(blocks.plain(warning))
