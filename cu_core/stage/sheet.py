"""What the sheet of a pinned sample says of the embeddings, which no page has: its nearest
neighbours at the start, at a step and in the retrained model, and how far it was from each class.

Both by cosine, as the 15-neighbour probe and the distances to centroids read them. The middle of a
class is the mean of the embeddings, each of length 1, of the kept samples that carry its label; of
a class of which none is kept, of all of them. A sample never counts for its own middle.

A snapshot is read whole once, for the middles of its classes, which all tabs of the process share;
of a sample that is pinned later its own embeddings are read.

Axis letters: P probe samples, R pinned ones, D embedding, C classes, T snapshots.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.errors import StoreError
from cu_core.files import stamp
from cu_core.metrics.knn_probe import nearest_others, unit
from cu_core.store import RunReader
from cu_core.store.embeddings import embeddings_of
from cu_core.store.reader import SnapshotRow, read_snapshot

SNAPSHOTS = 60  # in the distances over time; of more, every k-th and the newest
CLASSES = 12  # whose distances are sent: of more, the label's own and those that come nearest
DIGITS = 4  # of a distance
FRAMES = 3  # whose embeddings are kept, of all runs

Array = NDArray[Any]
Stamp = tuple[int, int, int] | None
Key = tuple[str, Stamp]
RETRAINED: Key = ("retrained", None)


class Sheets:
    """The sheets of one run. What was worked out of a snapshot for the pinned samples is kept for
    as long as its file is not touched, so that another look costs next to nothing.

    ``probe``: the run's arrays, as ``RunReader.probe`` gives them.
    """

    def __init__(self, reader: RunReader, probe: Mapping[str, Array]) -> None:
        self.reader = reader
        self.index = probe["index"]
        self.row = {int(value): row for row, value in enumerate(self.index)}
        self.label = probe["label"].astype(np.int64)
        self.counts = counted(self.label, ~probe["is_forget"].astype(bool))
        self.retrained = probe.get("ghost_z")
        self.older = "ghost" in probe and self.retrained is None
        self._same = self.label.tobytes(), self.counts.tobytes()
        self._near: dict[Key, dict[int, list[int]]] = {}
        self._away: dict[Key, dict[int, Array] | None] = {}  # None: a damaged snapshot

    def look(self, pinned: Sequence[int], step: int, seconds: float = math.inf) -> dict[str, Any]:
        """JSON-ready, for samples by their index in the data; one that the probe lacks is left out.

        ``step``: the one asked about; ``at``: of the newest snapshot until then; ``of``: by index
        {start, now, retrained: indices of the neighbours, nearest first; classes; away: a list of
        ``steps`` distances each}; ``missing``: by start, now, retrained why there are none;
        ``left_out``: damaged snapshots that ``steps`` lacks. After so many ``seconds`` no further
        snapshot is looked at: ``looked`` are, of ``snapshots``, and the next look goes on.
        """
        rows = self.reader.snapshots()
        if not rows:
            return {"step": step, "missing": {"now": "The run has no snapshot yet."}, "of": {}}
        now = max((row for row in rows if row.step <= step), key=_step, default=rows[0])
        own = [self.row[index] for index in pinned if index in self.row]
        near, missing = self._neighbours(rows[0], now, own)
        away, over_time = self._over_time(rows, own, seconds)
        sheets = {
            str(self.index[row]): {name: part[row] for name, part in near.items()}
            | self._told(row, [part[row] for part in away])
            for row in own
        }
        return {"step": step, "at": now.step, **over_time, "missing": missing, "of": sheets}

    def _neighbours(
        self, start: SnapshotRow, now: SnapshotRow, own: Sequence[int]
    ) -> tuple[dict[str, dict[int, list[int]]], dict[str, str]]:
        """Neighbours by the model that gives them and by row, and why the others are missing."""
        found: dict[str, dict[int, list[int]]] = {}
        missing: dict[str, str] = {}
        held: dict[Key, dict[int, list[int]]] = {}
        for name, row in {"start": start, "now": now, "retrained": None}.items():
            key = _key(row) if row else RETRAINED
            try:
                if key not in held:
                    held[key] = self._nearest(row, key, own)
                found[name] = held[key]
            except StoreError as fault:
                missing[name] = str(fault)
        self._near = held
        return found, missing

    def _nearest(self, row: SnapshotRow | None, key: Key, own: Sequence[int]) -> dict[int, Any]:
        known = self._near.get(key, {})
        if any(one not in known for one in own):
            near, _ = nearest_others(self._unit(row, key), np.array(own))
            known = dict(zip(own, self.index[near].tolist(), strict=True))
        return known

    def _unit(self, row: SnapshotRow | None, key: Key) -> Array:
        """In double precision: where a cluster has contracted, float32 cosines are all the same."""
        z = _embeddings(row, key[1]) if row else self.retrained
        if z is None:
            raise StoreError(
                "This run was recorded before the retrained model's embeddings were kept with it; "
                "a new run has them."
                if self.older
                else "No retrained model is on record with this run, or not yet."
            )
        if not np.isfinite(z).all():
            whose = f"of step {row.step}" if row else "of the retrained model"
            raise StoreError(f"Embeddings {whose} are no numbers, so nothing is near to anything.")
        scaled: Array = unit(z.astype(np.float64))
        return scaled

    def _over_time(
        self, rows: Sequence[SnapshotRow], own: Sequence[int], seconds: float
    ) -> tuple[list[dict[int, Array]], dict[str, Any]]:
        """Distances (C,) of each row at each of the steps, and what the header says of them."""
        every = max(1, -(-(len(rows) - 1) // (SNAPSHOTS - 1)))
        wanted = list(rows[::every]) + ([rows[-1]] if (len(rows) - 1) % every else [])
        keys = [_key(row) for row in wanted]
        held = {key: self._away.get(key, {}) for key in keys}
        lacking = [k for k, key in enumerate(keys) if _lacks(held[key], own)]
        began = time.monotonic()
        for done, k in enumerate(sorted(lacking, key=_spread)):
            if done and time.monotonic() - began > seconds:
                break
            held[keys[k]] = self._distances(wanted[k], keys[k], own)
        self._away = held
        sound = [(row.step, held[key]) for row, key in zip(wanted, keys, strict=True)]
        there = [(step, part) for step, part in sound if part and not _lacks(part, own)]
        told = {
            "steps": [step for step, _ in there],
            "left_out": sum(part is None for _, part in sound),
            "looked": sum(not _lacks(part, own) for _, part in sound),
            "snapshots": len(wanted),
        }
        return [part for _, part in there], told

    def _distances(self, row: SnapshotRow, key: Key, own: Sequence[int]) -> dict[int, Array] | None:
        try:
            middles = _middles(row, key[1], *self._same)
            z = embeddings_of(row, own).astype(np.float32)
        except StoreError:
            return None
        at = np.array(own)
        return dict(zip(own, middles.away(z, self.label[at], self.counts[at]), strict=True))

    def _told(self, row: int, away: Sequence[Array]) -> dict[str, Any]:
        """The classes that one sample's sheet draws, and its distance to each over time."""
        if not away:
            return {"classes": [], "away": []}
        own = np.stack(away).astype(np.float64)  # (T, C)
        least = np.where(np.isfinite(own), own, np.inf).min(0)
        least[self.label[row]] = -1.0
        classes = [int(c) for c in np.argsort(least, kind="stable") if least[c] < np.inf]
        classes = classes[:CLASSES]
        told = np.round(own.T[classes], DIGITS)
        values = [[v if np.isfinite(v) else None for v in line] for line in told.tolist()]
        return {"classes": classes, "away": values}


@dataclass(frozen=True, eq=False)
class Middles:
    """Of the classes of a snapshot. ``sums``: of the unit embeddings that count for each, float32
    (C, D); ``length`` (C,): of each sum; ``number`` (C,): of samples that it is of."""

    sums: Array
    length: Array
    number: Array

    def away(self, z: Array, label: Array, counts: Array) -> Array:
        """1 - cosine of samples (R, D) to the middle of every class: (R, C).

        NaN: the class has no (other) sample. ``label``, ``counts``: (R,), of these samples.
        """
        u = unit(z)
        away = 1 - u @ self.sums.T / np.where(self.length > 0, self.length, 1)
        away[:, self.number == 0] = np.nan
        others = unit(self.sums[label] - np.where(counts[:, None], u, 0))
        there = self.number[label] - counts > 0
        every = np.arange(len(label))
        away[every, label] = np.where(there, 1 - (u * others).sum(1), np.nan)
        held: Array = np.clip(away, 0, 2)
        return held


def counted(label: Array, kept: Array) -> Array:
    """Which samples (P,) count for the middle of their class."""
    among: Array = kept | (np.bincount(label[kept], minlength=label.max() + 1) == 0)[label]
    return among


def middles_of(z: Array, label: Array, counts: Array, n_classes: int) -> Middles:
    """Of samples (P, D); ``label``, ``counts``: (P,)."""
    order = np.flatnonzero(counts)[np.argsort(label[counts], kind="stable")]
    number = np.bincount(label[counts], minlength=n_classes)
    there = np.flatnonzero(number)
    sums = np.zeros((n_classes, z.shape[1]), np.float32)
    starts = np.cumsum(number)[there] - number[there]
    sums[there] = np.add.reduceat(unit(z[order].astype(np.float32)), starts, axis=0)
    return Middles(sums, np.linalg.norm(sums, axis=1), number)


@lru_cache(maxsize=2 * SNAPSHOTS)
def _middles(row: SnapshotRow, _stamped: Stamp, label: bytes, counts: bytes) -> Middles:
    """Of a snapshot, for as long as its file is not touched."""
    arrays = read_snapshot(row)
    labels = np.frombuffer(label, np.int64)
    n_classes = max(arrays["logits"].shape[1], int(labels.max()) + 1)
    return middles_of(arrays["z"], labels, np.frombuffer(counts, bool), n_classes)


@lru_cache(maxsize=FRAMES)
def _embeddings(row: SnapshotRow, _stamped: Stamp) -> Array:
    """z (P, D) as on record, for as long as the file is not touched."""
    return read_snapshot(row)["z"]


def _lacks(part: Mapping[int, Array] | None, own: Sequence[int]) -> bool:
    """Whether a snapshot that may be sound is still to be looked at for one of these rows."""
    return part is not None and any(row not in part for row in own)


def _spread(k: int) -> str:
    """An order of 0, 1, 2, ... in which the first ones are all over the run."""
    return f"{k:08b}"[::-1]


def _key(row: SnapshotRow) -> Key:
    return row.sha256, stamp(row.path)


def _step(row: SnapshotRow) -> int:
    return row.step
