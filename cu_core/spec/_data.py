"""Datasets, forget sets and the probe set."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

HASHED_BYTES = 1 << 23  # of a part, read at once: it may be a file larger than the memory


@dataclass(frozen=True)
class Dataset:
    """A labelled set with a train and a test part, as it was read (nothing normalised).

    ``train_x``/``test_x``: uint8 (N, C, H, W) images or float32 (N, D) rows; ``*_y``: int64 (N,)
    in 0..n_classes-1. ``notes`` says, with counts, whatever reading changed. Images that do not
    fit in memory are a read-only ``np.memmap``, and ``known_hash`` was found when they were read.
    """

    key: str  # as the user writes it: "digits", "parquet:/data/cifar10"
    train_x: NDArray[Any]
    train_y: Ints
    test_x: NDArray[Any]
    test_y: Ints
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    known_hash: str = ""

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    @property
    def is_image(self) -> bool:
        return self.train_x.ndim == 4

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W) of one image, or (D,) of one row."""
        return tuple(self.train_x.shape[1:])

    @cached_property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 over both parts: what "the same data" means."""
        if self.known_hash:
            return self.known_hash
        digest = hashlib.sha256()
        for part in (self.train_x, self.train_y, self.test_x, self.test_y):
            digest.update(str((part.shape, part.dtype)).encode())
            rows = max(1, HASHED_BYTES * len(part) // max(part.nbytes, 1))
            for start in range(0, len(part), rows):
                digest.update(np.ascontiguousarray(part[start : start + rows]).data)
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class ForgetSet:
    """Training samples to be unlearned. ``index``: sorted int64 (F,) into the training part."""

    index: Ints
    rule: str  # as the user writes it: "class:5", "random:0.1"
    kind: Literal["class", "sample"]
    classes: tuple[int, ...]  # the forgotten classes; empty in a sample task
    seed: int

    @cached_property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 over the indices."""
        return hashlib.sha256(self.index.astype("<i8").tobytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Probe:
    """The fixed sample that every snapshot embeds; the same for all runs on a data and forget set.

    ``index``, ``label``, ``is_forget``: (P,) of the training part; ``test_index``, ``test_label``:
    (Q,) of the test part, from which the per-snapshot test accuracies are estimated.
    """

    index: Ints
    label: Ints
    is_forget: NDArray[np.bool_]
    test_index: Ints
    test_label: Ints

    @cached_property
    def index_hash(self) -> str:
        """Of the training samples alone: what a layout of them depends on."""
        return hashlib.sha256(self.index.astype("<i8").tobytes()).hexdigest()[:16]

    @cached_property
    def hash(self) -> str:
        parts = (self.index, self.is_forget.astype(np.int64), self.test_index)
        digest = hashlib.sha256(b"".join(p.astype("<i8").tobytes() for p in parts))
        return digest.hexdigest()[:16]
