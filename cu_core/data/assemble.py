"""Raw arrays and raw labels -> a checked Dataset. Every source ends here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data.labels import tidy
from cu_core.data.memory import take
from cu_core.data.partnames import listed, several
from cu_core.data.stratify import split
from cu_core.errors import BadData
from cu_core.spec import Dataset, Ints, Origin

TEST_PART = 0.2  # of data that comes without a test part


def assemble(
    key: str,
    x: NDArray[Any],
    labels: Any,
    n_train: int | tuple[Ints, Ints] | None = None,
    names: Sequence[str] = (),
    notes: Sequence[str] = (),
    origins: Sequence[Origin] = (),
) -> Dataset:
    """A Dataset of ``x`` (N, C, H, W) uint8 or (N, D) float32 and its N raw labels.

    The first ``n_train`` are the training part, or two lists say which samples are which part;
    None: a fixed stratified 80/20 split, said in the notes. ``origins``: what the owner calls the
    samples of both parts, or, as one, all samples. An ``x`` on disk stays there. BadData if the
    counts disagree or a part or a class has no training sample.
    """
    if len(x) != len(labels):
        raise BadData(f"{key} has {len(x)} samples but {len(labels)} labels; they must agree.")
    if not len(x):
        raise BadData(f"{key} holds no samples.")
    if isinstance(n_train, tuple):  # samples that are in neither part take their labels along
        used = np.concatenate(n_train)
        x, labels = take(x, used), [labels[i] for i in used]
        origins = [origin.take(used) for origin in origins]
        n_train = len(n_train[0])
    y, found, tidied = tidy(labels, names)
    notes = [*notes, *tidied]
    train: slice | Ints = slice(n_train)
    test: slice | Ints = slice(n_train, None)
    if n_train is None:
        train, test = split(y, round(TEST_PART * len(y)))
        notes.append(f"no test part: a fixed {len(test):,} of {len(y):,} samples serve as one")
    parts = take(x, train), y[train], take(x, test), y[test]
    _check(key, parts[1], parts[3], found)
    notes += _untested(parts[1], parts[3], found)
    both: Sequence[Origin | None] = origins or (None, None)
    if len(origins) == 1:
        both = [origins[0].take(part) for part in (train, test)]
    dataset = Dataset(key, *parts, class_names=found, notes=tuple(notes))
    return replace(dataset, train_origin=both[0], test_origin=both[1])


def _untested(train_y: Ints, test_y: Ints, found: Sequence[str]) -> list[str]:
    names = [found[c] for c in np.setdiff1d(train_y, test_y)]
    return (
        [f"{several(len(names), 'class', 'classes')} without a test sample: {listed(names)}"]
        if names
        else []
    )


def _check(key: str, train_y: Ints, test_y: Ints, found: Sequence[str]) -> None:
    if not len(train_y) or not len(test_y):
        raise BadData(
            f"{key} has {len(train_y)} training and {len(test_y)} test samples; "
            "both parts must hold some."
        )
    untrained = np.setdiff1d(test_y, train_y)
    if len(untrained):
        raise BadData(
            f"The class {found[untrained[0]]!r} of {key} has test samples but no training sample; "
            "add some, or take its test samples out."
        )
