"""Batches over arrays, and the digits, small enough for the tests of the models."""

from pathlib import Path

import numpy as np
import pytest
import torch


class ArrayBatches:
    """spec.Batches over two tensors: batch i is a pure function of (seed, i)."""

    def __init__(self, x, y, batch_size=64, seed=0):
        self.x, self.y, self.seed = x, y, seed
        self.n = len(x)
        self.n_batches = -(-self.n // batch_size)
        self.asked = []

    def batch(self, i, order="shuffled"):
        self.asked.append(i)
        epoch, part = divmod(i, self.n_batches)
        rng = np.random.default_rng((self.seed, epoch))
        index = rng.permutation(self.n) if order == "shuffled" else np.arange(self.n)
        take = torch.from_numpy(np.array_split(index, self.n_batches)[part])
        return self.x[take], self.y[take]


@pytest.fixture(scope="session")
def array_batches():
    return ArrayBatches


@pytest.fixture(scope="session")
def digits():
    """(train x, train y, test x, test y, normalise): uint8 (N, 1, 8, 8), stratified 75/25."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    raw = load_digits()
    x = (raw.images / 16 * 255).astype(np.uint8)[:, None]
    a, b, ya, yb = train_test_split(
        x, raw.target.astype(np.int64), test_size=0.25, stratify=raw.target, random_state=0
    )
    mean, std = float(a.mean()), float(a.std())
    return *map(torch.from_numpy, (a, ya, b, yb)), lambda t: (t.float() - mean) / std


@pytest.fixture
def blobs(array_batches):
    """Four clusters in the plane of the first two of 6 coordinates, 80 rows."""
    g = torch.Generator().manual_seed(1)
    y = torch.arange(80) % 4
    x = torch.randn(80, 6, generator=g)
    x[:, 0] += 4 * (y % 2)
    x[:, 1] += 4 * (y // 2)
    return array_batches(x, y, batch_size=32)


@pytest.fixture
def small_images(array_batches):
    g = torch.Generator().manual_seed(2)
    y = torch.arange(48) % 3
    x = torch.randn(48, 1, 8, 8, generator=g) + y[:, None, None, None]
    return array_batches(x, y, batch_size=16)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a name that a careless path handling would trip over."""
    folder = tmp_path / "ünï côdé 数据"
    folder.mkdir()
    return folder
