"""The digits that come with scikit-learn: 1,797 real 8 x 8 scans in ten classes, no download."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cu_core.data.source import Source
from cu_core.data.stratify import split
from cu_core.spec import Dataset, Ints

FILE = "datasets/data/digits.csv.gz"  # of scikit-learn: 64 levels of ink and the digit a row
TEST_SIZE = 450  # a quarter; fixed, so that every run of every seed sees the same test digits


def load(argument: str, home: Path | None) -> Dataset:
    """1,347 training and 450 test digits, (N, 1, 8, 8); the ink levels 0..16 spread over 0..255."""
    levels, y = _read()
    x = np.rint(levels * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8)
    train, test = split(y, TEST_SIZE)
    names = tuple(str(digit) for digit in range(10))
    return Dataset("digits", x[train], y[train], x[test], y[test], names)


def _read() -> tuple[NDArray[np.float64], Ints]:
    """(levels (1797, 64), digits (1797,)), from the file that scikit-learn's loader reads: to load
    scikit-learn itself takes a hundred times as long."""
    found = find_spec("sklearn")
    assert found is not None and found.origin is not None
    file = Path(found.origin).parent / FILE
    if not file.exists():  # a release that keeps it elsewhere
        from sklearn.datasets import load_digits

        return tuple(load_digits(return_X_y=True))
    rows = np.loadtxt(file, delimiter=",")
    return rows[:, :-1], rows[:, -1].astype(np.int64)


SOURCES = (
    Source(
        key="digits",
        title="Digits (8 x 8, built in)",
        help="1,797 handwritten digits that come with scikit-learn; trains in seconds.",
        load=load,
    ),
)
