"""The samples that every picture of a watched loop shows: drawn and read once, before it begins.

As many as ``data.probe`` takes, in the same proportions: up to half of them to be forgotten, the
rest retained, each part by class where its labels are known without reading it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cu_core.data.stratify import draw
from cu_core.errors import BadRequest
from cu_core.spec import Ints, Origin, Probe
from cu_core.watching.parts import Part, kind, overlap

BATCH = 128  # samples of a pass
TEST_POINTS = 1000
MOST_BYTES = 1 << 30  # of all inputs, which stay in memory

Batch = tuple[Any, int]  # inputs, how many


@dataclass(frozen=True)
class Samples:
    """``batches``: of the probe's samples, then of the test ones. ``origin``: what the person calls
    the probe's samples. ``notes``: whatever is not as it was asked for."""

    batches: tuple[Batch, ...]
    test_batches: tuple[Batch, ...]
    probe: Probe
    origin: Origin
    n_forget: int
    n_retain: int
    source: str
    classes: tuple[str, ...] | None
    notes: tuple[str, ...]

    @property
    def highest(self) -> int:
        return int(max(self.probe.label.max(), self.probe.test_label.max(initial=0)))


def gather(forget: Part, retain: Part, test: Part | None, points: int) -> Samples:
    """Reads the samples. BadRequest for what cannot be read, and where sets overlap."""
    overlap(forget, retain)
    points, test_points, notes = _affordable(forget, points)
    n_retain = min(len(retain.at), points - min(len(forget.at), points // 2))
    rng = np.random.default_rng(0)
    chosen = [_chosen(forget, points - n_retain, rng), _chosen(retain, n_retain, rng)]
    batches, labels = _read([(forget, chosen[0]), (retain, chosen[1])])
    test_rows = _chosen(test, test_points, np.random.default_rng(0)) if test else np.zeros(0, int)
    test_batches, test_labels = _read([(test, test_rows)] if test else [])
    rows = [forget.row[chosen[0]], retain.row[chosen[1]]]
    first = 0 if forget.root is retain.root else int(forget.row.max()) + 1
    probe = Probe(
        index=np.concatenate([rows[0], rows[1] + first]),
        label=labels,
        is_forget=np.arange(len(labels)) < len(rows[0]),
        test_index=test.row[test_rows] if test else test_rows,
        test_label=test_labels,
    )
    return Samples(
        batches=batches,
        test_batches=test_batches,
        probe=probe,
        origin=_origin([forget, retain], rows),
        n_forget=len(forget.at),
        n_retain=len(retain.at),
        source=kind(forget.root),
        classes=_class_names(forget, retain, test),
        notes=notes,
    )


def _origin(parts: Sequence[Part], rows: Sequence[Ints]) -> Origin:
    """Rows of one data set, with its files where it is made of files; of two sets, each sample by
    the set that it is in."""
    row, root = np.concatenate(rows), parts[0].root
    if any(part.root is not root for part in parts):
        key = [f"{part.name} {r}" for part, own in zip(parts, rows, strict=True) for r in own]
        return Origin(row, key=tuple(key))
    return Origin(row, kind(root), file=_files(root, row))


def _files(root: Any, row: Ints) -> tuple[str, ...]:
    """Below the folder of a set that torchvision reads from one; () of others."""
    listed, folder = getattr(root, "samples", None), getattr(root, "root", None)
    if not isinstance(listed, list) or folder is None or len(listed) != len(root):
        return ()
    paths = [listed[i][0] for i in row] if isinstance(listed[0], tuple) else []
    return tuple(os.path.relpath(path, folder) for path in paths if isinstance(path, str))


def _affordable(forget: Part, points: int) -> tuple[int, int, tuple[str, ...]]:
    """Points, test points, and a sentence where they are fewer than was asked for."""
    x, _ = forget.read(np.arange(1))
    one = max(sum(t.numel() * t.element_size() for t in tensors(x)), 1)
    most = MOST_BYTES // one
    if points + TEST_POINTS <= most:
        return points, TEST_POINTS, ()
    fewer = max(int(most * points / (points + TEST_POINTS)), 40)
    said = (
        f"{fewer:,} samples are shown, not {points:,}: one takes {one / 1e6:.1f} MB of memory, "
        f"and no more than {MOST_BYTES / 1e9:.1f} GB are kept."
    )
    return fewer, fewer // 2, (said,)


def _chosen(part: Part, size: int, rng: np.random.Generator) -> Ints:
    """Places in the part, sorted: by class, where the labels are there."""
    everyone, labels = np.arange(len(part.at)), part.label_guess()
    if labels is None:
        labels = np.zeros(len(everyone), np.int64)
    return draw(everyone, labels, size, rng)


def _read(wanted: list[tuple[Part, Ints]]) -> tuple[tuple[Batch, ...], Ints]:
    batches, labels = [], []
    for part, which in wanted:
        for first in range(0, len(which), BATCH):
            x, y = part.read(which[first : first + BATCH])
            batches.append((x, len(y)))
            labels.append(y)
    return tuple(batches), np.concatenate(labels) if labels else np.zeros(0, np.int64)


def tensors(x: Any) -> Iterator[Tensor]:
    """All tensors of an input, whatever holds them."""
    if isinstance(x, Tensor):
        yield x
    elif isinstance(x, Mapping):
        for value in x.values():
            yield from tensors(value)
    elif isinstance(x, tuple | list):
        for value in x:
            yield from tensors(value)


def moved(x: Any, device: torch.device, dtype: torch.dtype | None) -> Any:
    """The input on a device, its fractions in the network's own precision."""
    if isinstance(x, Tensor):
        return x.to(device, dtype if x.is_floating_point() else None)
    if isinstance(x, Mapping):
        return {key: moved(value, device, dtype) for key, value in x.items()}
    if isinstance(x, tuple | list):
        return type(x)(moved(value, device, dtype) for value in x)
    return x


def class_names(given: Any, samples: Samples, n_classes: int) -> tuple[str, ...]:
    """A name for each output: as given, as the data set has them, else numbers."""
    if samples.highest >= n_classes:
        raise BadRequest(
            f"A sample has the label {samples.highest}, and the model gives {n_classes} logits: "
            f"labels must be 0 to {n_classes - 1}."
        )
    names = tuple(map(str, given)) if given is not None else samples.classes
    if given is not None and len(names or ()) != n_classes:
        raise BadRequest(
            f"classes= names {len(names or ())} classes, and the model gives {n_classes} logits."
        )
    fit = names is not None and len(names) == n_classes
    return names if fit and names else tuple(map(str, range(n_classes)))


def _class_names(*parts: Part | None) -> tuple[str, ...] | None:
    for part in parts:
        names = getattr(part.root, "classes", None) if part else None
        if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
            return tuple(names)
    return None
