"""Accuracies over the whole sets: counted on every sample, or first on a draw, with an interval.

A person waits for the verdict, and a pass over every image takes longer than all the rest of a run.
So of each of four kinds of samples (to forget, to keep, test samples of the forgotten and of the
other classes) up to ``DRAWN`` are looked at first; sets of no more are exact at once.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core import metrics
from cu_core.data.stratify import draw
from cu_core.metrics.accuracy import forget_acc_test, percent_right, ta, test_acc
from cu_core.models.evaluate import outputs
from cu_core.runs.resolve import Setup
from cu_core.seeding import derive
from cu_core.spec import (
    HIGH,
    LOW,
    REPORTED,
    TUNING,
    ForgetSet,
    Ints,
    ModelOutputs,
    NotComputed,
)

KINDS, DRAWN = 4, 2000
WIDE = 2.576  # standard errors to each side: 99 %

Values = dict[str, float | None]


@dataclass(frozen=True)
class Samples:
    """Which training (K,) and test samples (Q,) are looked at, and of how many each percentage over
    the whole sets is a share: among those ``looked`` at and among all there ``are``, by metric."""

    train: Ints
    test: Ints
    looked: dict[str, int]
    are: dict[str, int]

    @property
    def whole(self) -> bool:
        return self.looked == self.are

    @property
    def images(self) -> int:
        return len(self.train) + len(self.test)


def samples(setup: Setup, chosen: ForgetSet, every: bool) -> Samples:
    """All of them, or those that are drawn: the same for every model and seed."""
    train_y, test_y = setup.dataset.train_y, setup.dataset.test_y
    is_forget = marked(len(train_y), chosen)
    gone = np.isin(test_y, chosen.classes)
    train = _drawn(is_forget, train_y, every)
    test = _drawn(gone, test_y, every)
    looked, are = (
        metrics.counts(mask, label, chosen.classes, "all")
        for mask, label in ((is_forget[train], test_y[test]), (is_forget, test_y))
    )
    return Samples(train, test, looked, are)


def _drawn(first: NDArray[np.bool_], y: Ints, every: bool) -> Ints:
    """Rows (K,), in order, of both kinds of samples: ``first`` (N,) and the others."""
    if every:
        return np.arange(len(y))
    rng = np.random.default_rng(0)
    kinds = [draw(np.flatnonzero(kind), y, DRAWN, rng) for kind in (first, ~first)]
    return np.sort(np.concatenate(kinds))


def marked(n: int, chosen: ForgetSet) -> NDArray[np.bool_]:
    """Which of ``n`` training samples are to be forgotten."""
    is_forget = np.zeros(n, bool)
    is_forget[chosen.index] = True
    return is_forget


def whole_measure(setup: Setup, model: Any, of: Samples) -> Values:
    """Every measure over the whole sets of one model; of those that stand on a draw also the ends
    of their 99 % interval, as ``key/low`` and ``key/high``; test accuracy on each half too."""
    scene = _scene(setup, model, of)
    values, _ = metrics.measure(scene, over="all")
    bounds: Values = {}
    for key, value in values.items():
        n, all_there_are = (counts.get(key.partition("/")[0], 0) for counts in (of.looked, of.are))
        if value is not None and n < all_there_are:
            low, high = interval(value, n, all_there_are)
            bounds |= {f"{key}/{LOW}": low, f"{key}/{HIGH}": high}
    own = tuning_half(len(setup.dataset.test_y))[of.test]
    return values | bounds | _of_both(values | bounds, of) | halves(scene, own)


def tuning_half(n: int) -> NDArray[np.bool_]:
    """Which of ``n`` test samples are of the half that a sweep chooses by (n,): the same ones for
    every model, run and forget set."""
    chosen = np.zeros(n, bool)
    chosen[np.random.default_rng(derive("halves", n)).permutation(n)[: n // 2]] = True
    return chosen


def halves(scene: ModelOutputs, own: NDArray[np.bool_]) -> Values:
    """Test accuracy, percent, as ``ta`` reads it, on the test samples ``own`` (Q,) and on the
    others; None where a half has none to keep."""
    kept = ~np.isin(scene.test_label, scene.forget_classes)
    found: Values = {}
    for key, half in ((TUNING, kept & own), (REPORTED, kept & ~own)):
        try:
            found[key] = percent_right(scene.test_logits[half], scene.test_label[half], "samples")
        except NotComputed:
            found[key] = None
    return found


def _scene(setup: Setup, model: Any, of: Samples) -> ModelOutputs:
    chosen, r, dataset = setup.forget, setup.resident, setup.dataset
    assert chosen is not None
    logits, _ = outputs(model, _Rows(r.train_x, of.train), r.normalise)
    test_logits, _ = outputs(model, _Rows(r.test_x, of.test), r.normalise)
    return ModelOutputs(
        np.zeros((len(logits), 0), np.float32), logits, dataset.train_y[of.train],
        marked(len(dataset.train_y), chosen)[of.train],
        test_logits, dataset.test_y[of.test], chosen.classes,
    )  # fmt: skip


class _Rows:
    """Some rows of a set, given in parts: a set that stays on disk is not held as a whole."""

    def __init__(self, x: Any, rows: Ints) -> None:
        self.x, self.rows = x, torch.from_numpy(rows).to(x.device)
        self.shape = torch.Size((len(rows), *x.shape[1:]))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice) -> torch.Tensor:
        found: torch.Tensor = self.x[self.rows[part]]
        return found


def interval(percent: float, n: int, of: int) -> tuple[float, float]:
    """99 % interval (low, high) of a percentage that was read on ``n`` of ``of`` samples, drawn
    without putting back: Wilson's, with the sample counted as larger the more of all it is.

    >>> interval(50.0, 2000, 2000)
    (50.0, 50.0)
    >>> [round(end, 1) for end in interval(0.0, 2000, 5000)]
    [0.0, 0.2]
    """
    if n >= of:
        return percent, percent
    p, m = percent / 100, n * (of - 1) / (of - n)
    centre = (p + WIDE**2 / (2 * m)) / (1 + WIDE**2 / m)
    half = WIDE * math.sqrt(p * (1 - p) / m + WIDE**2 / (4 * m**2)) / (1 + WIDE**2 / m)
    return 100 * max(0.0, centre - half), 100 * min(1.0, centre + half)


def _of_both(values: Values, of: Samples) -> Values:
    """Accuracy on the test samples of the forgotten and of the other classes together, which are
    not drawn alike: each weighs as many as there are, and so does its interval (Newcombe's way)."""
    parts = [key for key in (forget_acc_test.key, ta.key) if values.get(key) is not None]
    if len(parts) < 2 or of.looked[test_acc.key] == of.are[test_acc.key]:
        return {}
    share = {key: of.are[key] / of.are[test_acc.key] for key in parts}

    def ends(key: str) -> tuple[float, float, float]:
        value = values[key]
        assert value is not None
        low, high = (values.get(f"{key}/{end}", value) for end in (LOW, HIGH))
        assert low is not None and high is not None
        return share[key] * value, share[key] * (value - low), share[key] * (high - value)

    value, below, above = (list(of_both) for of_both in zip(*map(ends, parts), strict=True))
    middle = sum(value)
    return {
        test_acc.key: middle,
        f"{test_acc.key}/{LOW}": middle - math.hypot(*below),
        f"{test_acc.key}/{HIGH}": middle + math.hypot(*above),
    }
