"""Membership inference by the likelihood ratio to models that never saw the samples."""

import numpy as np

from cu_core.metrics import _roc
from cu_core.metrics._attack import (
    FORGET,
    TEST,
    Attack,
    Rows,
    Scores,
    beside_retain,
    compared,
    logits_of,
)
from cu_core.metrics._compare import Doubles, probabilities, retrained_of
from cu_core.spec import Ints, ModelOutputs, metric

OFFLINE = 0.3  # a of RMIA: how p(x) is guessed from models that never saw x


def rmia(p: Doubles, p_out: Doubles, pz: Doubles, pz_out: Doubles) -> Doubles:
    """Share (0..1) of the population z that sample x beats: (N,), arXiv:2312.03262, gamma = 1.

    ``p``, ``pz``: (N,), (Z,) probability of the true class under the model; ``p_out``, ``pz_out``:
    (K, N), (K, Z) under K models that never saw the samples. The mean over models that did is not
    known and is guessed from the others, with a = 0.3.
    """
    ratio, ratio_z = p / _prior(p_out), pz / _prior(pz_out)
    beaten: Doubles = np.searchsorted(np.sort(ratio_z), ratio, side="left") / len(ratio_z)
    return beaten


def _prior(p_out: Doubles) -> Doubles:
    prior: Doubles = ((1 + OFFLINE) * p_out.mean(0) + (1 - OFFLINE)) / 2
    return prior


@metric(title="RMIA, AUC", unit="AUC", range=(0.0, 1.0), better="retrained", over="references")
def mia_rmia_auc(scene: ModelOutputs) -> _roc.Interval:
    """Chance that a forget sample beats a test sample of the same classes in the likelihood ratio
    to the retrained models (RMIA, arXiv:2312.03262): 0.5 tells nothing apart."""
    score = _beaten(scene, compared(scene))
    return _roc.auc(score[FORGET], score[TEST])


def _beaten(scene: ModelOutputs, rows: Rows) -> Scores:
    out = retrained_of(scene)

    def of(side: str, own: Ints) -> tuple[Doubles, Doubles]:
        mine, others = (_true_class(scenes, side, own) for scenes in ((scene,), out))
        return mine[0], others

    z = of(TEST, np.arange(len(scene.test_label)))
    return {side: rmia(*of(side, own), *z) for side, own in rows.items()}


def _true_class(scenes: tuple[ModelOutputs, ...], side: str, rows: Ints) -> Doubles:
    """Probability of the true class of the rows under each model: (K, N)."""
    label = logits_of(scenes[0], side)[1][rows]
    logits = [logits_of(scene, side)[0][rows] for scene in scenes]
    return np.stack([probabilities(part)[np.arange(len(rows)), label] for part in logits])


RMIA = Attack(
    key="rmia",
    title="RMIA",
    help="A sample that the model is surer of than the retrained models are, more so than of "
    "others, is taken for one that was trained on (arXiv:2312.03262).",
    metrics=("mia_rmia_auc",),
    rows=beside_retain,
    score=_beaten,
    axis="share of test samples that it beats",
)
