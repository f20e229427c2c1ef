"""Fixed stratified draws: the same seed gives the same samples, each class with its share."""

import numpy as np

from cu_core.spec import Ints


def shares(counts: Ints, size: int) -> Ints:
    """How many of each class make ``size`` in all: proportional, by largest remainder.

    ``counts``: (C,) samples there are. A class that has any gets at least one while ``size``
    allows. The result sums to min(size, counts.sum()) and never exceeds ``counts``.
    """
    total = int(counts.sum())
    size = min(size, total)
    exact = counts * size / max(total, 1)  # (C,)
    least = (counts > 0).astype(np.int64) if size >= (counts > 0).sum() else 0 * counts
    got = np.maximum(np.floor(exact).astype(np.int64), least)
    while got.sum() < size:
        got[np.argmax(np.where(got < counts, exact - got, -np.inf))] += 1
    while got.sum() > size:
        got[np.argmax(np.where(got > least, got - exact, -np.inf))] -= 1
    return got


def draw(index: Ints, y: Ints, size: int, rng: np.random.Generator) -> Ints:
    """A stratified draw, sorted: ``size`` of ``index`` (K,), whose labels are ``y[index]``."""
    if size >= len(index):
        return np.sort(index)
    labels = y[index]
    counts = np.bincount(labels)  # (C,)
    taken = [
        rng.permutation(index[labels == c])[:share]
        for c, share in enumerate(shares(counts, size))
        if share
    ]
    return np.sort(np.concatenate(taken)) if taken else index[:0]


def split(y: Ints, test_size: int, seed: int = 0) -> tuple[Ints, Ints]:
    """(train, test) indices of labels ``y`` (N,), sorted. A class of one sample stays in train."""
    counts = np.bincount(y)
    index = np.arange(len(y))
    test = draw(index[counts[y] > 1], y, test_size, np.random.default_rng(seed))
    return np.setdiff1d(index, test, assume_unique=True), test
