"""The digits that come with scikit-learn: 1,797 real 8 x 8 scans in ten classes, no download."""

from pathlib import Path

import numpy as np

from cu_core.data.source import Source
from cu_core.data.stratify import split
from cu_core.spec import Dataset

TEST_SIZE = 450  # a quarter; fixed, so that every run of every seed sees the same test digits


def load(argument: str, home: Path | None) -> Dataset:
    """1,347 training and 450 test digits, (N, 1, 8, 8); the ink levels 0..16 spread over 0..255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = np.rint(bunch.images * 255 / 16).astype(np.uint8)[:, None]  # (1797, 1, 8, 8)
    y = bunch.target.astype(np.int64)
    train, test = split(y, TEST_SIZE)
    names = tuple(str(digit) for digit in range(10))
    return Dataset("digits", x[train], y[train], x[test], y[test], names)


SOURCES = (
    Source(
        key="digits",
        title="Digits (8 x 8, built in)",
        help="1,797 handwritten digits that come with scikit-learn; trains in seconds.",
        load=load,
    ),
)
