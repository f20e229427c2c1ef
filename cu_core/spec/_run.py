"""What a run yields: step logs, snapshots, frames, and the scene metrics see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.spec._data import Floats, Ints


@dataclass(frozen=True)
class StepLog:
    """``step`` optimizer updates are done. ``losses``: term -> 0-d tensor or float.

    A tensor is read to the host by whoever needs the number, in batches: reading it at every
    step would make a GPU wait.
    """

    step: int
    epoch: float
    losses: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """The probe set as the model sees it after ``step`` updates (0 = the original model).

    ``z``: float32 (P, D) embeddings; ``logits``: float32 (P, C); ``test_logits``: (Q, C);
    ``test_z``: (Q, D), where it was kept. It is measured and not stored; nor is ``trigger_logits``
    (R, C): of the test samples of other classes with the planted mark on them, where there is one.
    """

    step: int
    z: Floats
    logits: Floats
    test_logits: Floats
    test_z: Floats | None = None
    trigger_logits: Floats | None = None


@dataclass(frozen=True)
class Frame:
    """A snapshot laid out. ``xy``: float32 (P, 2); ``quality``: name -> value, as
    ``projection.Layout.place`` has them."""

    step: int
    xy: Floats
    quality: dict[str, float]


@dataclass(frozen=True, eq=False)
class ModelOutputs:
    """What a metric sees: one model's outputs on the probe, and what was to be forgotten.

    The fields with a default are there only once a run has ended: the references, whose own
    references are empty, and what was looked at for their sake. Scenes are compared by identity.
    """

    z: Floats  # (P, D)
    logits: Floats  # (P, C)
    label: Ints  # (P,)
    is_forget: NDArray[np.bool_]  # (P,)
    test_logits: Floats  # (Q, C)
    test_label: Ints  # (Q,)
    forget_classes: tuple[int, ...]  # empty in a sample task
    test_z: Floats | None = None  # (Q, D)
    original: ModelOutputs | None = None
    retrained: tuple[ModelOutputs, ...] = ()  # one per retrained seed; may hold this very model
    untrained: ModelOutputs | None = None  # random weights in the same architecture
    layers: Mapping[str, Floats] = field(default_factory=dict)  # block -> (P, D of the block)
    relearn: Callable[[], Iterable[float]] | None = None
    """Accuracy (%) on forget samples after 1, 2, ... updates on the forget set, of a copy: each
    update is made when it is asked for."""
    known: Mapping[str, float | None] = field(default_factory=dict)
    """Values of this very model that are on record, by metric."""
    true_label: Ints | None = None  # (P,), where others were planted
    trigger_logits: Floats | None = None  # (R, C), of test samples that the planted mark is on
    trigger_label: int | None = None  # the class that goes with the mark

    @property
    def n_classes(self) -> int:
        return int(self.logits.shape[1])

    @property
    def other_retrained(self) -> tuple[ModelOutputs, ...]:
        """The retrained models without this one: a model is no reference of its own."""
        return tuple(scene for scene in self.retrained if scene.z is not self.z)
