"""A small training loop on blobs, the same every time, watched or not."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

from cu_core.watching import Watch, watch

CLASSES, SIDE = 4, 8
Made = Callable[[], nn.Module]


def blobs(n: int = 160, seed: int = 0) -> TensorDataset:
    """Pictures (1, 8, 8) of four classes, each bright in a corner of its own."""
    random = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % CLASSES
    x = torch.rand(n, 1, SIDE, SIDE, generator=random) * 0.4
    for c in range(CLASSES):
        row, column = 4 * (c // 2), 4 * (c % 2)
        x[y == c, :, row : row + 4, column : column + 4] += 0.6
    return TensorDataset(x, y)


def split(data: TensorDataset, gone: int = 2) -> tuple[Subset[Any], Subset[Any]]:
    """(forget, retain): class ``gone`` and the rest."""
    is_gone = data.tensors[1] == gone
    gone_at, kept_at = (torch.nonzero(side)[:, 0].tolist() for side in (is_gone, ~is_gone))
    return Subset(data, gone_at), Subset(data, kept_at)


def network() -> nn.Module:
    """With everything that a careless look would disturb."""
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(8 * SIDE * SIDE, 16),
        nn.ReLU(),
        nn.Linear(16, CLASSES),
    )


def watched(home: Path, model: nn.Module, data: TensorDataset, **settings: Any) -> Watch:
    forget, retain = split(data)
    settings = {"every": 2, "test": blobs(40, 1), **settings}
    return watch(model, forget=forget, retain=retain, home=home, **settings)


def train(
    made: Made = network,
    watching: Callable[[nn.Module, TensorDataset], Watch] | None = None,
    steps: int = 6,
    loss_of: Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> tuple[nn.Module, Watch | None]:
    """A loop that draws from every random stream; the model, and its watch if there was one."""
    data = blobs()
    model = made()
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    w = watching(model, data) if watching else None
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    loader = DataLoader(split(data)[1], batch_size=16, shuffle=True)
    batches = iter(loader)
    for _ in range(steps):
        x, y = next(batches, None) or next(batches := iter(loader))
        x = x + 0.1 * torch.rand_like(x) + 0.01 * np.random.rand() + 0.01 * random.random()
        optimizer.zero_grad()
        loss = loss_of(model, x, y) if loss_of else nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if w is not None:
            w.step(loss=loss)
    if w is not None:
        w.close()
    return model, w


def same(a: nn.Module, b: nn.Module) -> bool:
    """Weights, statistics and gradients, bit for bit."""
    one, other = a.state_dict(), b.state_dict()
    equal = one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)
    grads = zip(a.parameters(), b.parameters(), strict=True)
    return equal and all(torch.equal(p.grad, q.grad) for p, q in grads if p.grad is not None)
