"""One pass of a model over a sample, normalised in one way; nothing of the model is changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cu_core.data.batches import Scaling
from cu_core.data.stratify import draw
from cu_core.models.evaluate import outputs
from cu_core.spec import SCALE, Dataset, Floats, Ints

TRAIN, TEST = "training", "test"
COLOURS = 3


@dataclass(frozen=True)
class Sample:
    """``x``: uint8 (N, C, H, W) or float32 (N, D); ``y``: (N,); ``part``: which one it is of."""

    x: NDArray[Any]
    y: Ints
    part: str

    def first_of_each(self, size: int) -> "Sample":
        """A smaller one, every class with its share."""
        rows = _draw(self.y, size, 1)
        return Sample(self.x[rows], self.y[rows], self.part)


def sample(dataset: Dataset, part: str, size: int) -> Sample:
    """So many samples of a part, the same at every call, every class with its share."""
    x, y = (dataset.train_x, dataset.train_y)
    if part == TEST:
        x, y = dataset.test_x, dataset.test_y
    rows = _draw(y, size, 0)
    whole = len(rows) == len(y)
    return Sample(x if whole else x[rows], y[rows], part)


def _draw(y: Ints, size: int, seed: int) -> Ints:
    return draw(np.arange(len(y)), y, size, np.random.default_rng(seed))


@dataclass(frozen=True)
class Look:
    """``logits``: (N, C); ``mismatch``: how far the numbers that reach the first BatchNorm are from
    those that it was trained on, in its own spreads; None without one."""

    logits: Floats
    mismatch: float | None


def look(model: nn.Module, shown: Sample, scaling: Scaling, turned: bool = False) -> Look:
    """What the model answers to a sample that is normalised by ``scaling``. ``turned``: its colours
    in the opposite order, as OpenCV reads them."""
    device = next(model.parameters()).device
    normalise = normaliser(scaling, shown.x.ndim == 4, device)
    with _watched(model) as seen:
        logits, _ = outputs(model, shown.x, lambda x: normalise(x.flip(1) if turned else x))
    return Look(logits, seen.mismatch())


def normaliser(scaling: Scaling, images: bool, device: torch.device) -> Any:
    """x -> (x - mean) / std, of bytes where x is images, computed as a run does."""
    mean, std = (
        torch.tensor(
            np.array(part) * (SCALE if images else 1), dtype=torch.float32, device=device
        ).reshape(-1, *([1, 1] if images else []))
        for part in scaling
    )
    return lambda x: (x - mean).div_(std)


class _Seen:
    """Mean and spread of what a BatchNorm was given, a number a channel."""

    def __init__(self, norm: _BatchNorm | None) -> None:
        self.norm, self.n = norm, 0
        self.total: Any = 0.0
        self.squares: Any = 0.0

    def take(self, _module: nn.Module, given: tuple[Tensor, ...]) -> None:
        x = given[0].detach().float().transpose(0, 1).flatten(1)  # (C, B * H * W)
        self.n += x.shape[1]
        self.total = self.total + x.sum(1).cpu().double()
        self.squares = self.squares + (x**2).sum(1).cpu().double()

    def mismatch(self) -> float | None:
        norm = self.norm
        if norm is None or not self.n or norm.running_mean is None or norm.running_var is None:
            return None
        mean = self.total / self.n
        spread = (self.squares / self.n - mean**2).clamp(min=1e-12).sqrt()
        trained = norm.running_var.cpu().double().clamp(min=1e-12).sqrt()
        moved = ((mean - norm.running_mean.cpu().double()) / trained).abs()
        widened = (spread / trained).log().abs()
        return float((moved + widened).median())


@contextmanager
def _watched(model: nn.Module) -> Iterator[_Seen]:
    """Inside, what reaches the model's first BatchNorm is noted."""
    norms = (m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats)
    seen = _Seen(next(norms, None))
    hook = seen.norm.register_forward_pre_hook(seen.take) if seen.norm is not None else None
    try:
        yield seen
    finally:
        if hook is not None:
            hook.remove()
