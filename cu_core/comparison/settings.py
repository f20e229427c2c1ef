"""What a request's fields and a method's knobs are called, and their values in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cu_core.spec import (
    LAST_ONLY,
    MethodCard,
    RunProgress,
    UnlearnRequest,
    data_words,
    model_words,
    plant_words,
)
from cu_core.spec.settings import title as title
from cu_core.spec.settings import value_text as value_text
from cu_core.spec.settings import words as words
from cu_core.store import forgotten

LABELS = {
    "forget": "Forget",
    "dataset": "Data",
    "plant": "Planted",
    "model": "Network",
    "original": "Original model",
    "method": "Method",
    "preset": "Preset",
    "size": "Image size",
    "head": "Head",
    "model_seed": "Seed of the original model",
    "train_epochs": "Epochs of the original model",
    "reference": "Compare with a retrained model",
    "seed": "Seed of the run",
    "every": "Steps between pictures",
    "max_steps": "At most this many steps",
    "stop_rule": "When it stops",
    "floor": "Floor of test accuracy (%)",
    "probe_size": "Points on the map",
    "device": "Computed by",
    "precision": "Arithmetic",
    "after": "Forgotten before",
}  # of a request's fields, in the order of the sidebar; its widgets are called so
NAMED: Mapping[str, Callable[[Any], str]] = {
    "dataset": data_words,
    "plant": plant_words,
    "model": model_words,
    "every": lambda steps: "the first and the last" if steps >= LAST_ONLY else f"{steps:,}",
}


def field_text(name: str, value: Any, progress: RunProgress) -> str:
    """The value of a request's field; ``progress``: of its run, which knows the classes' names."""
    if value in (None, ""):
        return "nothing" if name in ("plant", "after") else "automatic"
    if name in ("forget", "after"):
        return forgotten(value, progress)
    return NAMED.get(name, value_text)(value)


def values_of(chosen: MethodCard, preset: str | None) -> dict[str, Any]:
    """Every knob's value under a preset (None: the defaults)."""
    values = {k.name: k.default for k in chosen.knobs}
    return values | (chosen.presets.get(preset, {}) if preset else {})


def knobs_of(card: MethodCard, request: UnlearnRequest) -> dict[str, Any]:
    """Every knob of the request's method, with what its preset and it set."""
    preset = request.preset if request.preset in card.presets else None
    return values_of(card, preset) | request.hparams
