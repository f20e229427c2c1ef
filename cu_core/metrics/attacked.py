"""An attack on the models of a run: the scores of their samples, what these say, and what becomes
of a threshold. Made once, from outputs; kept as arrays and read again by whoever looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cu_core.metrics import _roc
from cu_core.metrics._attack import FORGET, RETAIN, SIDES, TEST, Attack, Rows, Scores, for_sure
from cu_core.metrics._compare import Doubles
from cu_core.spec import HIGH, LOW, AttackReading, Estimated, Ints, ModelOutputs, NotComputed

LEVELS = 40  # false positive rates at which a curve has an interval
TRIED = 160  # thresholds on offer
BAND = "band"

Arrays = Mapping[str, NDArray[Any]]


class Count(NamedTuple):
    """``hits`` of ``n``, and in percent the ends of their 95 % interval (Clopper and Pearson)."""

    hits: int
    n: int
    low: float
    high: float


class Placed(NamedTuple):
    """A sample of the probe by its row there."""

    side: str
    row: int
    score: float


@dataclass(frozen=True)
class Attacked:
    """``rows``: of each side, the samples; ``scores``: of each model that has any, of each side;
    ``readings``: of every model; ``bands``: (2, LEVELS), ends of the interval of the true positive
    rate at each of ``levels(model)``."""

    attack: Attack
    rows: Rows
    scores: Mapping[str, Scores]
    readings: Mapping[str, AttackReading]
    bands: Mapping[str, Doubles]

    def curve(self, model: str) -> tuple[Doubles, Doubles, Doubles]:
        """(threshold, false, true positive rate) of each threshold, from none found to all."""
        return _roc.curve(self.scores[model][FORGET], self.scores[model][TEST])

    def levels(self) -> Doubles:
        """False positive rates (LEVELS,) from one test sample to all, by equal factors."""
        return _levels(len(self.rows[TEST]))

    def counts(self, model: str, cut: float) -> dict[str, Count]:
        """Of each side, how many samples score ``cut`` or more: those called members."""
        return {side: counted(score >= cut) for side, score in self.scores[model].items()}

    def usual_cut(self, model: str) -> float:
        """The attack's own threshold; else the lowest that at most 1 % of test samples reach."""
        if self.attack.cut is not None:
            return self.attack.cut
        cuts, wrong, _ = self.curve(model)
        return float(cuts[1:][wrong[1:] <= _roc.FPR + 1e-12].min(initial=self._above(model)))

    def _above(self, model: str) -> float:
        """A score that no sample has: more than the highest."""
        return float(
            np.nextafter(max(score.max() for score in self.scores[model].values()), np.inf)
        )

    def cuts(self, model: str) -> list[float]:
        """Thresholds worth trying, rising: quantiles of all scores, the closer the nearer to either
        end; the usual one, and one that nobody reaches."""
        every = np.sort(np.concatenate(list(self.scores[model].values())))
        odds = np.linspace(-1, 1, TRIED) * np.log(max(len(every) - 1, 1))
        places = np.round((len(every) - 1) / (1 + np.exp(-odds))).astype(int)
        ends = every[0], np.nextafter(every[-1], np.inf)
        found: list[float] = np.unique([*every[places], self.usual_cut(model), *ends]).tolist()
        return found

    def beside(self, model: str, cut: float, n: int) -> tuple[list[Placed], list[Placed]]:
        """Of the forget and retain samples, the ``n`` nearest from ``cut`` on and the ``n`` nearest
        below it, each list from the threshold away."""
        scores = self.scores[model]
        placed = [
            Placed(side, int(row), float(score))
            for side in (FORGET, RETAIN)
            if side in scores
            for row, score in zip(self.rows[side], scores[side], strict=True)
        ]
        from_it = sorted((p for p in placed if p.score >= cut), key=lambda p: p.score)
        below = sorted((p for p in placed if p.score < cut), key=lambda p: -p.score)
        return from_it[:n], below[:n]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All but the readings, by name, as ``kept`` takes them."""
        key = self.attack.key
        found: dict[str, NDArray[Any]] = {f"{key}/{side}": own for side, own in self.rows.items()}
        for model, scores in self.scores.items():
            found |= {f"{key}/{model}/{side}": score for side, score in scores.items()}
            found[f"{key}/{model}/{BAND}"] = self.bands[model]
        return found


def counted(hits: NDArray[np.bool_]) -> Count:
    """How many of ``hits`` (N,) are true."""
    n, found = len(hits), int(hits.sum())
    return Count(found, n, *_roc.count_interval(found, n))


def kept(attack: Attack, arrays: Arrays, readings: Mapping[str, AttackReading]) -> Attacked:
    """What was kept of an attack, of the models that its readings are of."""

    def sides(start: str) -> dict[str, Any]:
        return {side: arrays[name] for side in SIDES if (name := f"{start}/{side}") in arrays}

    key = attack.key
    scores = {model: found for model in readings if (found := sides(f"{key}/{model}"))}
    bands = {model: arrays[f"{key}/{model}/{BAND}"] for model in scores}
    return Attacked(attack, sides(key), scores, readings, bands)


def attacked(attack: Attack, scenes: Mapping[str, ModelOutputs]) -> Attacked:
    """The attack on each model, as its outputs are: with its references beside it."""
    rows: dict[str, Ints] = {}
    scores: dict[str, Scores] = {}
    readings: dict[str, AttackReading] = {}
    bands: dict[str, Doubles] = {}
    for model, scene in scenes.items():
        try:
            rows = dict(attack.rows(scene))
            own = attack.score(scene, rows)
            readings[model] = _reading(attack, own)
        except NotComputed as why:
            readings[model] = AttackReading(why=str(why))
            continue
        scores[model] = own
        bands[model] = np.stack(_roc.band(own[FORGET], own[TEST], _levels(len(own[TEST]))))
    return Attacked(attack, rows, scores, readings, bands)


def _reading(attack: Attack, score: Scores) -> AttackReading:
    auc = _estimated(_roc.auc(score[FORGET], score[TEST]))
    try:
        found = _estimated(for_sure(score, attack.test))
    except NotComputed as why:
        return AttackReading(auc=auc, few=str(why))
    turned = {side: -own for side, own in score.items()}
    return AttackReading(auc=auc, found=found, stranger=_estimated(for_sure(turned, attack.test)))


def _estimated(found: _roc.Interval) -> Estimated:
    return Estimated(found[""], found[LOW], found[HIGH])


def _levels(n: int) -> Doubles:
    return np.geomspace(1 / n, 1.0, LEVELS) if n else np.zeros(0)
