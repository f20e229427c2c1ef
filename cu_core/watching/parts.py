"""What a person hands over as forget, retain and test set: its rows, and how to read them.

A ``DataLoader`` is never iterated, since that would draw from the person's random streams and start
their workers: its data set is read by row. Rows are those of the data set at the bottom, so that a
``Subset`` of the training set names rows of the training set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import (
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)
from torch.utils.data.distributed import DistributedSampler

from cu_core.errors import BadRequest
from cu_core.spec import Ints
from cu_core.watching.fence import own_generators

LABELS = ("labels", "label", "targets", "target")  # names of what a sample's class is found under
WHOLE = (SequentialSampler, RandomSampler, WeightedRandomSampler, DistributedSampler)

Collate = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Part:
    """``name``: "forget", "retain", "test". ``at``: (N,) what ``data`` is asked for; ``row``: (N,)
    the rows of ``root``, the data set at the bottom. ``collate``: samples to a batch."""

    name: str
    data: Any
    at: Ints
    root: Any
    row: Ints
    collate: Collate

    def read(self, which: Ints) -> tuple[Any, Ints]:
        """(inputs, labels (B,)) of some samples; BadRequest for what cannot be read."""
        try:
            with own_generators(self.data):
                batch = self.collate([self.data[int(self.at[i])] for i in which])
        except Exception as fault:  # the person's own code: whatever it raises
            rows = ", ".join(str(self.row[i]) for i in which[:3])
            raise BadRequest(
                f"The {self.name} samples of rows {rows}, ... of {kind(self.root)} could not be "
                f"read into one batch ({type(fault).__name__}: {fault}). Give samples as the model "
                "takes them, all of one shape, or a DataLoader whose collate_fn makes them so."
            ) from fault
        x, y = self._split(batch)
        return x, self._labels(y, len(which))

    def label_guess(self) -> Ints | None:
        """The labels (N,) where they are there without reading a sample; None otherwise."""
        for name in ("targets", "labels"):
            if (found := getattr(self.root, name, None)) is not None:
                break
        else:
            tensors: tuple[Any, ...] = getattr(self.root, "tensors", ())
            found = tensors[1] if len(tensors) > 1 else None
        try:
            values = np.asarray(found)
        except (ValueError, TypeError):
            return None
        whole = values.dtype.kind in "iu" and values.ndim == 1 and len(values) == len(self.root)
        if not whole or (values < 0).any():
            return None
        of_rows: Ints = values[self.row].astype(np.int64)
        return of_rows

    def _split(self, batch: Any) -> tuple[Any, Any]:
        if isinstance(batch, Mapping):
            named = next((name for name in LABELS if name in batch), None)
            if named is not None:
                return {key: value for key, value in batch.items() if key != named}, batch[named]
        elif isinstance(batch, tuple | list) and len(batch) > 1:
            return batch[0], batch[1]
        raise BadRequest(
            f"The samples of {self.name} have no label: Lethe takes (x, y), or a mapping with one "
            f"of {', '.join(LABELS)}; got {kind(batch)}."
        )

    def _labels(self, y: Any, n: int) -> Ints:
        values = np.asarray(torch.as_tensor(y).cpu())
        if values.dtype.kind not in "iu" or values.shape != (n,) or (values < 0).any():
            raise BadRequest(
                f"The labels of {self.name} must be one whole number a sample, from 0 on; got "
                f"{values.dtype} of shape {values.shape}, such as {values.ravel()[:3].tolist()}."
            )
        return values.astype(np.int64)


def part(name: str, given: Any) -> Part:
    """The set a person calls ``name``. BadRequest for what has no rows."""
    collate: Collate = default_collate
    rows: Ints | None = None
    if isinstance(given, DataLoader):
        rows, collate = _sampled(name, given), given.collate_fn
        given = given.dataset
    elif isinstance(given, tuple | list):
        given = _pair(name, given)
    if isinstance(given, IterableDataset) or not hasattr(given, "__getitem__"):
        raise BadRequest(
            f"{name} must have rows that can be asked for one by one: a Dataset, a DataLoader of "
            f"one, or a pair (x, y); got {kind(given)}."
        )
    try:
        at = np.arange(len(given)) if rows is None else rows
    except TypeError:
        raise BadRequest(f"{name} is {kind(given)}, which has no length; give a Subset.") from None
    if not len(at):
        raise BadRequest(f"{name} is empty: {kind(given)} holds no sample.")
    root, row = _bottom(given, at)
    return Part(name, given, at, root, row, collate)


def overlap(forget: Part, retain: Part) -> None:
    """BadRequest where samples are in both."""
    if forget.root is not retain.root:
        return
    both = np.intersect1d(forget.row, retain.row)
    if len(both):
        raise BadRequest(
            f"{len(both):,} samples are in forget and in retain, the first of them row {both[0]} "
            f"of {kind(forget.root)}. Give retain without them, as a Subset."
        )


def kind(of: Any) -> str:
    return type(of).__name__


def _pair(name: str, given: Any) -> TensorDataset:
    if len(given) != 2 or not all(isinstance(each, torch.Tensor | np.ndarray) for each in given):
        said = ", ".join(kind(each) for each in given[:4])
        raise BadRequest(f"{name} must be a pair (x, y) of tensors or arrays; got ({said}).")
    x, y = (torch.as_tensor(each) for each in given)
    if x.ndim < 1 or len(x) != len(y):
        raise BadRequest(
            f"{name} has {len(x):,} samples and {len(y):,} labels; they must be as many."
        )
    return TensorDataset(x, y)


def _bottom(data: Any, row: Ints) -> tuple[Any, Ints]:
    while isinstance(data, Subset):
        row, data = np.asarray(data.indices, np.int64)[row], data.dataset
    return data, row


def _sampled(name: str, loader: DataLoader[Any]) -> Ints | None:
    """The rows that a loader goes through; None: all."""
    if loader.batch_size is None and loader.batch_sampler is None:
        raise BadRequest(
            f"{name} is a DataLoader whose data set gives whole batches; give a Dataset of samples."
        )
    sampler = getattr(loader.batch_sampler, "sampler", loader.sampler)
    indices = getattr(sampler, "indices", None)
    if indices is not None:
        return np.unique(np.asarray(indices, np.int64))
    if isinstance(sampler, WHOLE) or loader.sampler is None:
        return None
    raise BadRequest(
        f"{name} is a DataLoader with a {kind(sampler)}, of which Lethe does not know the rows; "
        "give the Dataset itself, or a Subset of it."
    )
