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
WITH = " with "  # between the data and what is planted in them


@dataclass(frozen=True, eq=False)
class Trigger:
    """A mark that was planted with one label. ``mask``: bool (H, W), where it is drawn; ``colour``:
    uint8 (C,); ``label``: the class that goes with it."""

    mask: NDArray[np.bool_]
    colour: NDArray[np.uint8]
    label: int

    def drawn(self, x: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of images (N, C, H, W) with the mark on each."""
        return np.where(self.mask, self.colour[:, None, None], x)


@dataclass(frozen=True)
class Origin:
    """What their owner calls the samples of one part: lists, cards and exports speak of these.

    ``row``: int64 (N,), their rows in what ``of`` names ("x", "train_x", "the training files"),
    counted from 0. ``file``, ``key``, ``text``: (N,), or empty where the source has none: the path
    below the source's own, the value of its id column, what a person reads in place of a picture.
    """

    row: Ints
    of: str = ""
    file: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    text: tuple[str, ...] = ()

    def take(self, index: Ints | slice) -> Origin:
        """Those of some samples, in their order."""
        chosen = np.arange(len(self.row))[index].tolist()
        some = {
            name: tuple(of[i] for i in chosen)
            for name in ("file", "key", "text")
            if (of := getattr(self, name))
        }
        return Origin(self.row[index], self.of, **some)


@dataclass(frozen=True)
class Dataset:
    """A labelled set with a train and a test part, as it was read (nothing normalised).

    ``train_x``/``test_x``: uint8 (N, C, H, W) images or float32 (N, D) rows; ``*_y``: int64 (N,)
    in 0..n_classes-1. ``notes`` says, with counts, whatever reading changed. Images that do not
    fit in memory are a read-only ``np.memmap``, and ``known_hash`` was found when they were read.

    Where wrong labels or a mark were planted, ``train_y`` is what a model is taught, ``true_y``
    (N,) what the training samples are, and ``planted`` (M,) says which ones, sorted; the test part
    is as it was. ``train_origin``, ``test_origin``: what the owner calls the samples; None where
    their place in the part is the only name they have.
    """

    key: str  # as the user writes it: "digits", "parquet:/data/cifar10"; with what was planted
    train_x: NDArray[Any]
    train_y: Ints
    test_x: NDArray[Any]
    test_y: Ints
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    known_hash: str = ""
    true_y: Ints | None = None
    planted: Ints | None = None
    trigger: Trigger | None = None
    train_origin: Origin | None = None
    test_origin: Origin | None = None

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

    @property
    def owned(self) -> Origin:
        """What the owner calls the training samples: by their place there if by nothing else."""
        return self.train_origin or Origin(np.arange(len(self.train_y)))

    @property
    def cut(self) -> bool:
        """Whether the test part was set aside from the rows of which the rest is trained on."""
        test, train = self.test_origin, self.owned
        if test is None or test.of != train.of:
            return False
        return not np.intersect1d(train.row, test.row).size

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


def planted_key(key: str, plant: str) -> str:
    """What data is called in which something was planted, if anything was."""
    return f"{key}{WITH}{plant}" if plant else key


def planted_in(key: str) -> tuple[str, str]:
    """``planted_key`` the other way round: the data, and what is planted in it ("": nothing).

    >>> planted_in("digits with wrong-labels:0.1"), planted_in("folder:/home/one with two/cats")
    (('digits', 'wrong-labels:0.1'), ('folder:/home/one with two/cats', ''))
    """
    data, found, plant = key.rpartition(WITH)
    return (data, plant) if found and not {"/", "\\"} & set(plant) else (key, "")


def plant_words(plant: str) -> str:
    """What was planted, as a title has it; as it is written where it has no share.

    >>> plant_words("wrong-labels:0.1"), plant_words("trigger:0.05:3"), plant_words("")
    ('10 % wrong labels', '5 % trigger', '')
    """
    key, _, argument = plant.partition(":")
    try:
        percent = f"{float(argument.partition(':')[0]) * 100:g} %"
    except ValueError:
        return plant
    return f"{percent} {key.replace('-', ' ')}"


@dataclass(frozen=True)
class ForgetSet:
    """Training samples to be unlearned. ``index``: sorted int64 (F,) into the training part."""

    index: Ints
    rule: str  # as the user writes it: "class:5", "random:0.1"
    kind: Literal["class", "sample"]
    classes: tuple[int, ...]  # the forgotten classes; empty in a sample task
    seed: int
    notes: tuple[str, ...] = ()  # what the rule named and could not be taken

    @cached_property
    def hash(self) -> str:
        """First 16 hex digits of the SHA-256 over the indices."""
        return hashlib.sha256(self.index.astype("<i8").tobytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Probe:
    """The fixed sample that every snapshot embeds; the same for all runs on a data and forget set.

    ``index``, ``label``, ``is_forget``: (P,) of the training part; ``test_index``, ``test_label``:
    (Q,) of the test part, from which the per-snapshot test accuracies are estimated.
    Where something was planted, ``label`` is what the models were taught, ``true_label`` (P,) what
    the samples are, and ``trigger_label`` the class that goes with the mark, if one was planted.
    """

    index: Ints
    label: Ints
    is_forget: NDArray[np.bool_]
    test_index: Ints
    test_label: Ints
    true_label: Ints | None = None
    trigger_label: int | None = None

    @cached_property
    def index_hash(self) -> str:
        """Of the training samples alone: what a layout of them depends on."""
        return hashlib.sha256(self.index.astype("<i8").tobytes()).hexdigest()[:16]

    @cached_property
    def hash(self) -> str:
        parts = (self.index, self.is_forget.astype(np.int64), self.test_index)
        digest = hashlib.sha256(b"".join(p.astype("<i8").tobytes() for p in parts))
        return digest.hexdigest()[:16]
