"""The losses that a loop hands over, until they are written: read from the device all at once.

Of a long loop every second one is kept, then every fourth, ...: a curve of a few thousand points
shows all that a screen can, and neither memory nor disk fills up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from cu_core.errors import BadRequest
from cu_core.runs.losslog import read
from cu_core.spec import StepLog
from cu_core.watching.parts import kind

KEPT = 4000  # between two halvings
TERM = "loss"  # what a loss without a name is called


class Losses:
    """``add`` costs a copy of one number on its own device."""

    def __init__(self) -> None:
        self.every = 1
        self._kept = 0
        self._waiting: list[StepLog] = []

    def add(self, step: int, loss: Any) -> None:
        """BadRequest for what is no loss."""
        if step % self.every:
            return
        terms = loss if isinstance(loss, Mapping) else {TERM: loss}
        self._waiting.append(StepLog(step, 0.0, {str(k): _number(v) for k, v in terms.items()}))
        self._kept += 1
        if self._kept >= KEPT:
            self._kept, self.every = self._kept // 2, self.every * 2

    def take(self) -> list[StepLog]:
        """Those that wait, as numbers."""
        waiting, self._waiting = self._waiting, []
        return read(waiting)


def _number(value: Any) -> torch.Tensor:
    """A tensor of one number, of its own: the loop may write into its loss."""
    if isinstance(value, torch.Tensor):
        if value.numel() == 1:
            return value.detach().reshape(()).float().clone()
        shape = tuple(value.shape)
        raise BadRequest(f"The loss must be one number; got a tensor {shape}. Give its mean.")
    try:
        return torch.tensor(float(np.asarray(value).reshape(())))
    except (TypeError, ValueError):
        said = f"The loss must be a number or a mapping of names to numbers; got {kind(value)}."
        raise BadRequest(said) from None
