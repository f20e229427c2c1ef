"""How an attack of membership inference is declared, and whom attacks compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cu_core.metrics import _roc
from cu_core.metrics._compare import Doubles, forget_mask
from cu_core.spec import Floats, Ints, ModelOutputs, NotComputed

LIMIT = 2000  # samples a side
FEWEST = 20  # samples a side; an attack on fewer says nothing
FORGET, TEST, RETAIN = SIDES = ("forget", "test", "retain")

Rows = Mapping[str, Ints]  # side -> rows of the probe, of its test samples for TEST
Scores = Mapping[str, Doubles]  # side -> a score for each of its rows


def as_it_is(score: Doubles) -> Doubles:
    return score


@dataclass(frozen=True)
class Attack:
    """What tells samples that were trained on from those that were not, one by one.

    ``rows(scene)``: the samples of each side that it looks at, none of RETAIN where it has nothing
    to say of them. ``score(scene, rows)``: of each of these, the higher the more like a member.
    Both raise ``NotComputed`` with the reason. ``metrics``: keys of the measures that are made of
    these scores. ``test``: what its test samples are; ``alike``: whether they are of the classes of
    the forget samples, so that a model that saw neither tells nothing apart.
    ``cut``: the score from which it calls a sample a member by itself, None where it has none.
    ``axis``: what ``shown(score)``, never falling, is in words: scores as a person reads them.
    """

    key: str
    title: str
    help: str
    metrics: tuple[str, ...]
    rows: Callable[[ModelOutputs], Rows]
    score: Callable[[ModelOutputs, Rows], Scores]
    axis: str
    shown: Callable[[Doubles], Doubles] = as_it_is
    test: str = "test samples of the same classes"
    alike: bool = True
    cut: float | None = None


def compared(scene: ModelOutputs) -> dict[str, Ints]:
    """Rows of forget samples, and of as many test samples of the same classes: (n,), (n,)."""
    member = np.flatnonzero(forget_mask(scene))
    outsider = np.flatnonzero(np.isin(scene.test_label, scene.label[member]))
    n = min(len(member), len(outsider), LIMIT)
    enough(len(member), "forget samples")
    enough(len(outsider), "test samples of the same classes")
    return {FORGET: member[thinned(len(member), n)], TEST: outsider[thinned(len(outsider), n)]}


def beside_retain(scene: ModelOutputs) -> dict[str, Ints]:
    """The same, and retain samples: no more than there are forget samples."""
    rows, kept = compared(scene), np.flatnonzero(~scene.is_forget)
    return rows | {RETAIN: kept[thinned(len(kept), min(len(kept), len(rows[FORGET])))]}


def logits_of(scene: ModelOutputs, side: str) -> tuple[Floats, Ints]:
    """Logits and labels of the samples that the rows of a side are counted in."""
    if side == TEST:
        return scene.test_logits, scene.test_label
    return scene.logits, scene.label


def for_sure(score: Scores, test: str) -> _roc.Interval:
    """Percent of forget samples above a score that at most 1 % of ``test`` samples have."""
    if len(score[TEST]) < 1 / _roc.FPR:
        raise NotComputed(f"1 % of {len(score[TEST])} {test} is none")
    return _roc.tpr_at_low_fpr(score[FORGET], score[TEST])


def thinned(size: int, n: int) -> Ints:
    """n of ``size`` places, in order; all of them when n = size."""
    return np.sort(np.random.default_rng(0).permutation(size)[:n])


def enough(n: int, what: str) -> None:
    if n < FEWEST:
        raise NotComputed(f"{n} {what} are too few for an attack, which needs {FEWEST}")
