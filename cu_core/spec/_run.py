"""What a run yields: step logs, snapshots, frames, and the scene metrics see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

    ``z``: float32 (P, D) embeddings; ``logits``: float32 (P, C); ``test_logits``: (Q, C).
    """

    step: int
    z: Floats
    logits: Floats
    test_logits: Floats


@dataclass(frozen=True)
class Frame:
    """A snapshot laid out. ``xy``: float32 (P, 2); ``quality``: name -> value (``map.md`` 1)."""

    step: int
    xy: Floats
    quality: dict[str, float]


@dataclass(frozen=True)
class Scene:
    """What a metric sees: one model's outputs on the probe, and what was to be forgotten."""

    z: Floats  # (P, D)
    logits: Floats  # (P, C)
    label: Ints  # (P,)
    is_forget: NDArray[np.bool_]  # (P,)
    test_logits: Floats  # (Q, C)
    test_label: Ints  # (Q,)
    forget_classes: tuple[int, ...]  # empty in a sample task

    @property
    def n_classes(self) -> int:
        return int(self.logits.shape[1])
