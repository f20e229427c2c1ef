"""A job small enough to run hundreds of times: 8-d blobs in 4 classes, a two-layer network."""

import numpy as np
import torch
from torch import Tensor, nn

from cu_core.data.batches import DeviceBatches
from cu_core.spec import Job

CLASSES, DIM = 4, 8


class Net(nn.Module):
    """Batch norm and dropout on purpose: both are state that a careless observer disturbs."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(DIM, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 6)
        )
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = self.body(x)
        return self.head(z), z


def blobs(n: int = 240, seed: int = 0) -> tuple[Tensor, Tensor]:
    g = np.random.default_rng(seed)
    y = np.arange(n) % CLASSES
    centres = np.eye(CLASSES, DIM) * 4
    x = centres[y] + g.normal(size=(n, DIM))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


def job(
    batch_size: int = 16, forget_class: int | None = 1, seed: int = 0, augment: bool = False
) -> Job:
    """A class task on ``forget_class``, or a sample task on every sixth sample. ``augment``: rows
    have no crops, so they are moved a little instead."""
    x, y = blobs()
    index = np.arange(len(y))
    chosen = y.numpy() == forget_class if forget_class is not None else index % 6 == 0
    torch.manual_seed(1)
    model = Net()
    _fit(model, x, y)
    if augment:
        x = x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(2))

    def batches(where: np.ndarray, name: str) -> DeviceBatches:
        return DeviceBatches(
            x, y, index[where], batch_size, seed, name, "none", torch.zeros(DIM), torch.ones(DIM)
        )

    return Job(
        model=model,
        forget=batches(chosen, "forget"),
        retain=batches(~chosen, "retain"),
        n_classes=CLASSES,
        forget_classes=(forget_class,) if forget_class is not None else (),
        seed=seed,
    )


def _fit(model: Net, x: Tensor, y: Tensor) -> None:
    optimizer = torch.optim.SGD(model.parameters(), 0.2, 0.9)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x)[0], y).backward()
        optimizer.step()


def accuracy(model: nn.Module, classes: set[int]) -> float:
    x, y = blobs(seed=3)
    keep = torch.tensor([int(v) in classes for v in y])
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(x)[0].argmax(1) == y)[keep].float().mean()
    model.train(mode)
    return float(right)
