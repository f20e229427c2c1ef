"""Membership inference: can an attacker tell the forget samples from samples never trained on?

Members are what the attacker believes was trained on, non-members are test samples. Where forget
samples are compared with test samples, these are of the same classes, and both sides are thinned
at random (fixed seed) to the same size, 2,000 at most. No attack is good high or good low: a
forget sample that looks less familiar than one never seen gives itself away too (the Streisand
effect of arXiv:1911.04933), so read the distance to the retrained model, which has no sign.
Intervals (``/low``, ``/high``) are 95 % bootstraps over samples.
"""

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cu_core.metrics import _roc
from cu_core.metrics._compare import (
    Doubles,
    forget_mask,
    losses,
    numbers,
    probabilities,
    retrained_of,
)
from cu_core.spec import Ints, ModelOutputs, NotComputed, metric

LIMIT = 2000  # samples a side
FEWEST = 20  # samples a side; an attack on fewer says nothing
FOLDS = 5
MOST_LOSS = 400.0  # nats: more is the same to a regression, which must not overflow
OFFLINE = 0.3  # a of RMIA: how p(x) is guessed from models that never saw x
PERCENT = (0.0, 100.0)
UNIT = (0.0, 1.0)


# --- confidence, as the tables of the literature have it ---------------------------------------


def non_members(retain_p: Doubles, test_p: Doubles, forget_p: Doubles) -> NDArray[np.bool_]:
    """Which forget samples (F,) the attack calls non-members; arguments as `mia_confidence`."""
    from sklearn.svm import SVC

    n = min(len(retain_p), len(test_p), LIMIT)
    sides = [np.ravel(side)[_thinned(len(side), n)] for side in (retain_p, test_p)]
    # Its seed decides nothing here; without one it would draw from everybody's random numbers.
    attack = SVC(C=3, gamma="auto", kernel="rbf", random_state=0)
    attack.fit(np.concatenate(sides)[:, None], np.repeat([1, 0], n))
    called: NDArray[np.bool_] = attack.predict(np.ravel(forget_p)[:, None]) == 0
    return called


def mia_confidence(retain_p: Doubles, test_p: Doubles, forget_p: Doubles) -> float:
    """Percent (0..100) of forget samples that the attack of arXiv:2304.04934 calls non-members.

    Each argument: probability of the true class, (N,) or (N, 1). A support vector machine with
    C = 3 and gamma = 1 learns retain from test samples, the larger side thinned at random (fixed
    seed) to the size of the smaller, 2,000 at most, and is asked about the forget samples.
    """
    return 100.0 * float(non_members(retain_p, test_p, forget_p).mean())


@metric(
    title="MIA efficacy",
    unit="%",
    range=PERCENT,
    better="retrained",
    over="references",
    of="forget",
)
def mia_efficacy(scene: ModelOutputs) -> _roc.Interval:
    """Percent of forget samples that an attack on the confidence in the true class calls never
    trained on (arXiv:2304.04934, the MIA of CoUn's tables); arbitrary where the model is as sure of
    test samples as of retain samples."""
    f, kept = forget_mask(scene), ~np.isin(scene.test_label, scene.forget_classes)
    p = np.exp(-losses(scene.logits, scene.label))  # (P,)
    test_p = np.exp(-losses(scene.test_logits, scene.test_label))[kept]
    numbers("losses", p, test_p)
    _enough(len(p[~f]), "retain samples")
    _enough(len(test_p), "test samples to keep")
    return _roc.share(non_members(p[~f], test_p, p[f]))


# --- loss ---------------------------------------------------------------------------------------


@metric(title="Loss attack, AUC", unit="AUC", range=UNIT, better="retrained", over="references")
def mia_loss_auc(scene: ModelOutputs) -> _roc.Interval:
    """Chance that a forget sample has a lower loss than a test sample of the same classes: 0.5
    tells nothing apart, below 0.5 the forget samples are the stranger ones."""
    member, outsider = _loss_sides(scene)
    return _roc.auc(-member, -outsider)


@metric(
    title="Loss attack, true positives at 1 % false ones",
    unit="%",
    range=PERCENT,
    better="retrained",
    over="references",
)
def mia_loss_tpr(scene: ModelOutputs) -> _roc.Interval:
    """Percent of forget samples whose loss is so low that at most 1 % of test samples of the same
    classes lie below: what an attacker knows for sure."""
    member, outsider = _loss_sides(scene)
    if len(outsider) < 1 / _roc.FPR:
        raise NotComputed(f"1 % of {len(outsider)} test samples of the same classes is none")
    return _roc.tpr_at_low_fpr(-member, -outsider)


@metric(
    title="Loss attack, accuracy", unit="%", range=PERCENT, better="retrained", over="references"
)
def mia_loss_accuracy(scene: ModelOutputs) -> _roc.Interval:
    """Percent right of a logistic regression on the loss, 5-fold cross-validated, that tells forget
    samples from as many test samples of the same classes: 50 tells nothing apart."""
    member, outsider = _loss_sides(scene)
    n = len(member)
    loss = np.minimum(np.concatenate([member, outsider]), MOST_LOSS)
    score, _ = _held_out(loss[:, None], n)
    return _roc.balanced_share(score[:n] > 0, score[n:] <= 0)


def _loss_sides(scene: ModelOutputs) -> tuple[Doubles, Doubles]:
    member, outsider = _sides(scene)
    sides = (
        losses(scene.logits[member], scene.label[member]),
        losses(scene.test_logits[outsider], scene.test_label[outsider]),
    )
    numbers("losses", *sides)
    return sides


# --- likelihood ratio against models that never saw the samples ---------------------------------


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


@metric(title="RMIA, AUC", unit="AUC", range=UNIT, better="retrained", over="references")
def mia_rmia_auc(scene: ModelOutputs) -> _roc.Interval:
    """Chance that a forget sample beats a test sample of the same classes in the likelihood ratio
    to the retrained models (RMIA, arXiv:2312.03262): 0.5 tells nothing apart."""
    member, outsider = _sides(scene)
    out = retrained_of(scene)
    every = np.arange(len(scene.test_label))

    def side(test: bool, rows: Ints) -> tuple[Doubles, Doubles]:
        own, others = (_true_class(s, test, rows) for s in ((scene,), out))
        return own[0], others

    z = side(True, every)
    scores = [rmia(*side(*where), *z) for where in ((False, member), (True, outsider))]
    return _roc.auc(*scores)


def _true_class(scenes: tuple[ModelOutputs, ...], test: bool, rows: Ints) -> Doubles:
    """Probability of the true class of the rows under each model: (K, N)."""
    label = (scenes[0].test_label if test else scenes[0].label)[rows]
    logits = [(s.test_logits if test else s.logits)[rows] for s in scenes]
    return np.stack([probabilities(part)[np.arange(len(rows)), label] for part in logits])


# --- embeddings ---------------------------------------------------------------------------------


@metric(
    title="Embedding attack, AUC", unit="AUC", range=UNIT, better="retrained", over="references"
)
def mia_embedding_auc(scene: ModelOutputs) -> _roc.Interval:
    """How well a logistic regression on the embeddings, 5-fold cross-validated, tells forget
    samples from test samples of the same classes: 0.5 tells nothing apart."""
    if scene.test_z is None:
        raise NotComputed("no test embeddings were taken")
    member, outsider = _sides(scene)
    n = len(member)
    x = np.concatenate([scene.z[member], scene.test_z[outsider]]).astype(np.float64)
    numbers("embeddings", x)
    score, fold = _held_out(x, n)
    for k in range(FOLDS):  # scores of two regressions have no common scale: ranks of each
        part = score[fold == k]
        level = np.sort(part)
        ranks = [np.searchsorted(level, part, side) for side in ("left", "right")]
        score[fold == k] = (ranks[0] + ranks[1]) / (2 * len(part))
    return _roc.auc(score[:n], score[n:])


# --- samples ------------------------------------------------------------------------------------


def _sides(scene: ModelOutputs) -> tuple[Ints, Ints]:
    """Rows of forget samples, and of as many test samples of the same classes: (n,), (n,)."""
    member = np.flatnonzero(forget_mask(scene))
    outsider = np.flatnonzero(np.isin(scene.test_label, scene.label[member]))
    n = min(len(member), len(outsider), LIMIT)
    _enough(len(member), "forget samples")
    _enough(len(outsider), "test samples of the same classes")
    return member[_thinned(len(member), n)], outsider[_thinned(len(outsider), n)]


def _thinned(size: int, n: int) -> Ints:
    """n of ``size`` places, in order; all of them when n = size."""
    return np.sort(np.random.default_rng(0).permutation(size)[:n])


def _enough(n: int, what: str) -> None:
    if n < FEWEST:
        raise NotComputed(f"{n} {what} are too few for an attack, which needs {FEWEST}")


def _held_out(x: Doubles, n: int) -> tuple[Doubles, Ints]:
    """Scores (2n,) that x (2n, D) is among the first n, each from a regression that did not see it;
    and the fold (2n,) it was in."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    y = np.repeat([1, 0], n)
    score, fold = np.zeros(2 * n), np.zeros(2 * n, np.int64)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for k, (seen, held) in enumerate(folds.split(x, y)):
        # scaled by what it learns from alone: a mean over all would give the held-out side away
        mean, spread = x[seen].mean(0), x[seen].std(0)
        scaled = (x - mean) / np.where(spread > 0, spread, 1.0)
        with threadpool_limits(1):  # its products are thin: two threads take twice as long
            attack = LogisticRegression(C=0.1, max_iter=200).fit(scaled[seen], y[seen])
        score[held], fold[held] = attack.decision_function(scaled[held]), k
    return score, fold
