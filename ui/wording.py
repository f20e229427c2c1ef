"""What a run is called and what is said of it: plain, exact, short, from the numbers on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cu_core import forget
from cu_core.spec import (
    Catalog,
    FetchRequest,
    MetricCard,
    ModelValues,
    Request,
    RunProgress,
    RunRecord,
    TrainRequest,
    UnlearnRequest,
    plant_words,
    planted_key,
)
from ui import blocks, controls

PHASES = {
    "training the original": "First, a model learns {data}",
    "fitting the map": "The original model is laid out as a map",
    "training the retrained": "Unlearned; a model is now trained without {what}, to compare with",
    "measuring": "Unlearned; measured now on every image",
    "rewinding": "Going back",
}


def sentence(
    record: RunRecord, progress: RunProgress, newest: ModelValues, catalog: Catalog
) -> str:
    """What is going on, with the figures there are; no verdict."""
    data = _data(record.request) if record.request else "the data"
    for start, text in PHASES.items():
        if progress.phase.startswith(start) and record.state != "lost":
            return text.format(data=data, what=forget_set(progress))
    if not newest:
        unlearning = progress.phase == "unlearning"
        early = f"Forgetting {forget_set(progress)}" if unlearning else "Starting"
        return {"lost": "Interrupted", "stopped": "Stopped"}.get(record.state, early)
    how = {"paused": "Paused", "lost": "Interrupted", "stopped": "Stopped"}.get(record.state)
    at = f"{how} at step {record.step:,} of {record.total:,}, forgetting" if how else "Forgetting"
    return f"{at} {forget_set(progress)}: {_figures(progress, newest, catalog)}"


def _figures(progress: RunProgress, newest: ModelValues, catalog: Catalog) -> str:
    cards = {card.key: card for card in catalog.metrics}

    def text(key: str) -> str:
        return blocks.metric_text(
            newest.get(key), cards.get(key, MetricCard(key=key, title=key)), 0
        )

    accuracy = text("forget_acc_test") or text("forget_acc_train") or "not computed"
    probe = text("knn_probe_forget")
    which = "it" if len(progress.forget.classes) == 1 else "them"
    features = f", the features recognise {probe} of {which}" if probe else ""
    return f"accuracy {accuracy}{features}"


def _data(request: Request) -> str:
    """The data, and what is planted in it."""
    return planted_key(request.dataset, plant_words(getattr(request, "plant", "")))


STATES = {
    "queued": "Waiting",
    "starting": "Starting",
    "running": "Running",
    "paused": "Paused",
    "stopped": "Stopped",
    "failed": "Ended with an error",
    "lost": "Interrupted",
    "damaged": "Damaged",
}


def state(record: RunRecord) -> str:
    """The state in words; nothing for a finished run, of which the verdict speaks."""
    return STATES.get(record.state, "")


def waiting(ahead: int) -> str:
    """A queued run's state."""
    if not ahead:
        return "Starting"
    return "Waiting: one run is ahead" if ahead == 1 else f"Waiting: {ahead} runs are ahead"


def forget_set(progress: RunProgress) -> str:
    """The forgotten classes by name, or how many images."""
    chosen, names = progress.forget, progress.class_names
    named = [names[c] for c in chosen.classes if c < len(names)]
    if not named:
        return f"{chosen.n_forget:,} images"
    more = f" and {len(named) - 3} more classes" if len(named) > 3 else ""
    return ", ".join(named[:3]) + more


def settings(record: RunRecord) -> str:
    """What was asked for, in one line."""
    request = record.request
    if request is None:
        return ""
    if isinstance(request, FetchRequest):
        return f"download of {request.dataset}"
    if isinstance(request, TrainRequest):
        without = f" without {forget.words(request.forget)}" if request.forget else ""
        return f"{request.model} on {_data(request)}{without}, seed {request.model_seed}"
    method = request.method + (f" ({request.preset})" if request.preset else "")
    what = f"Forget {forget.words(request.forget)} of {_data(request)} in {request.model}"
    knobs = [f"{controls.words(k)} {controls.value_text(v)}" for k, v in request.hparams.items()]
    return ", ".join([f"{what} with {method}", *knobs, f"seed {request.seed}"])


def given_name(record: RunRecord) -> str:
    """The name a person gave the run; nothing where it only repeats the settings."""
    request = record.request
    if isinstance(request, UnlearnRequest):
        own = f"{request.method}, {request.forget}, {request.data}"
        return "" if record.name == own else record.name
    return record.name


def retrained(curves: Sequence[Mapping[str, Any]]) -> str:
    """The retrained model's own figures, from a recorded run's curves."""
    figures = []
    for line in curves:
        card = MetricCard(key=line["key"], title=line["title"], unit=line["unit"])
        figure = blocks.metric_text(line.get("retrained"), card, 0)
        if "forget" in card.key and figure:
            figures.append(f"{card.title[0].lower()}{card.title[1:]} {figure}")
    return f"Retrained model: {', '.join(figures)}" if figures else "No retrained reference"


def provenance(header: Mapping[str, Any]) -> str:
    """When and where a recorded run was made."""
    facts = header.get("recorded") or ""
    return ", ".join(map(str, facts.values())) if isinstance(facts, Mapping) else str(facts)
