"""What may be planted in a data set: one way per file, discovered by a scan.

``plant("wrong-labels:0.1", dataset)`` gives the data with a share of its training samples spoilt,
and says which. Nothing is drawn by a run's seed: all models see the same data.
"""

import hashlib
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from cu_core import registry
from cu_core.data.memory import fits
from cu_core.data.plants._marked import Marked
from cu_core.data.plants._plant import Plant, Planted
from cu_core.errors import BadRequest
from cu_core.spec import Dataset, RuleCard, Trigger, planted_key

__all__ = ["Plant", "cards", "plant", "plants"]


def plants() -> list[Plant]:
    """Every way to plant, by key. ImportError if two files claim one key."""
    here = sys.modules[__name__]
    found = registry.scan(here, lambda m: [m.PLANT], lambda p: p.key, "plant")
    return [found[key] for key in sorted(found)]


def cards() -> dict[str, RuleCard]:
    """Every way by its key: what it is called, what it does, and an example."""
    return {
        p.key: RuleCard(key=p.key, title=p.title, help=p.help, example=p.example) for p in plants()
    }


def plant(text: str, dataset: Dataset) -> Dataset:
    """The data with ``wrong-labels:0.1`` or the like planted in its training part; "": as it is.

    BadRequest with a sentence for what cannot be planted.
    """
    text = text.strip()
    if not text:
        return dataset
    key, _, argument = text.partition(":")
    known = {p.key: p for p in plants()}
    if key not in known:
        examples = ", ".join(p.example for p in known.values())
        raise BadRequest(f"Nothing called {key!r} can be planted; write one of {examples}.")
    found = known[key].choose(argument.strip(), dataset)
    if not len(found.index):
        raise BadRequest(f"{text} changes no sample of {dataset.key}; plant a larger share.")
    taught = dataset.train_y.copy()
    taught[found.index] = found.label
    return replace(
        dataset,
        key=planted_key(dataset.key, text),
        train_x=_drawn(dataset.train_x, found) if found.trigger else dataset.train_x,
        train_y=taught,
        notes=(*dataset.notes, f"planted: {found.note}"),
        known_hash=_hash(dataset, found),
        true_y=dataset.train_y,
        planted=found.index,
        trigger=found.trigger,
    )


def _drawn(x: Any, found: Planted) -> Any:
    """Images (N, C, H, W), those of ``found`` with the mark: a copy, or where that would not fit in
    memory, drawn as they are read."""
    assert found.trigger is not None
    if not fits(x.nbytes):
        on = np.zeros(len(x), bool)
        on[found.index] = True
        return Marked(x, np.arange(len(x)), found.trigger, on)
    copy = np.array(x)
    copy[found.index] = found.trigger.drawn(copy[found.index])
    return copy


def _hash(dataset: Dataset, found: Planted) -> str:
    """Of the data as it was and what was changed, so that large images need not be read again."""
    digest = hashlib.sha256(dataset.hash.encode())
    digest.update(found.index.astype("<i8").tobytes() + found.label.astype("<i8").tobytes())
    digest.update(_bytes(found.trigger) if found.trigger else b"")
    return digest.hexdigest()[:16]


def _bytes(trigger: Trigger) -> bytes:
    return trigger.mask.tobytes() + trigger.colour.tobytes()
