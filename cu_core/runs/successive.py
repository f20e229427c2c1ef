"""What two pictures in a row say of one another: how many samples changed their answer, how many
forget samples moved against their own loss. On record as ordinary rows, ``changed`` and
``against``; the first picture has neither."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from cu_core.errors import StoreError
from cu_core.metrics.centroids import own_distances
from cu_core.spec import Ints, ModelOutputs, ModelValues
from cu_core.store import RunReader
from cu_core.store.writer import to_float16

LEAST_LOSS = 0.05  # nats; a smaller change of a sample's loss is none
LEAST_MOVE = 0.01  # of 1 - cosine, likewise
NOISE = 2.0  # times the median change of the retain samples, which nothing is to move

Doubles = NDArray[np.float64]
Half = NDArray[np.float16]


@dataclass(frozen=True)
class _Seen:
    """``answer``, ``loss`` (nats, on the own label) and ``away`` (1 - cosine, from the centroid of
    the own class) of each sample: (P,)."""

    step: int
    answer: Ints
    loss: Doubles
    away: Doubles


class Successive:
    """Compares each picture with the one before it: this process's own, or the newest on record.
    Both are read as they are kept, in half precision, so that a run that was taken up says the
    same as one that never stopped."""

    def __init__(self, reader: RunReader) -> None:
        self.reader = reader
        self._before: _Seen | None = None

    def values(self, step: int, scene: ModelOutputs) -> ModelValues:
        """``changed``: percent of the samples that are answered otherwise than in the picture
        before. ``against``: percent of the forget samples whose loss on their own label fell while
        they went farther from their class, or rose while they came nearer, both by more than
        ``NOISE`` says. Empty for the first picture. O(P * D)."""
        before = self._before
        if before is None or before.step >= step:
            before = self._on_record(step, scene)
        kept = to_float16(scene.z), to_float16(scene.logits)
        now = self._before = _seen(step, scene, scene.logits.argmax(1), *kept)
        if before is None:
            return {}
        values: ModelValues = {"changed": 100.0 * float(np.mean(now.answer != before.answer))}
        if scene.is_forget.any():
            against = _against(before, now, scene.is_forget)
            values["against"] = 100.0 * float(np.mean(against[scene.is_forget]))
        return values

    def _on_record(self, step: int, scene: ModelOutputs) -> _Seen | None:
        """The newest picture before ``step``; None where there is none, or its file is damaged."""
        rows = [row for row in self.reader.snapshots() if row.step < step]
        if not rows:
            return None
        try:
            frame = self.reader.frame(rows[-1].step)
        except StoreError:
            return None
        answer = frame["pred"].astype(np.int64)
        return _seen(rows[-1].step, scene, answer, frame["z"], frame["logits"])


def _seen(step: int, scene: ModelOutputs, answer: Ints, z: Half, logits: Half) -> _Seen:
    away = own_distances(replace(scene, z=z.astype(np.float32))).astype(np.float64)
    log_p = log_softmax(logits.astype(np.float64), axis=1)  # (P, C)
    return _Seen(step, answer, -log_p[np.arange(len(log_p)), scene.label], away)


def _against(before: _Seen, now: _Seen, is_forget: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(P,): loss and distance have both changed, and not in the same direction."""
    loss, move = now.loss - before.loss, now.away - before.away
    farther, nearer = _beyond(move, is_forget, LEAST_MOVE)
    worse, better = _beyond(loss, is_forget, LEAST_LOSS)
    return (better & farther) | (worse & nearer)


def _beyond(
    change: Doubles, is_forget: NDArray[np.bool_], least: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(grew, shrank), by more than the noise; no number did neither."""
    still = np.abs(change[~is_forget])
    still = still[np.isfinite(still)]
    noise = max(least, NOISE * float(np.median(still)) if len(still) else 0.0)
    return change > noise, change < -noise
