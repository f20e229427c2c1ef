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
from cu_core.metrics._attack import (
    FORGET,
    LIMIT,
    RETAIN,
    TEST,
    Attack,
    Rows,
    Scores,
    beside_retain,
    compared,
    enough,
    for_sure,
    logits_of,
    thinned,
)
from cu_core.metrics._compare import (
    Doubles,
    forget_mask,
    losses,
    numbers,
)
from cu_core.spec import Ints, ModelOutputs, NotComputed, metric

FOLDS = 5
MOST_LOSS = 400.0  # nats: more is the same to a regression, which must not overflow
MOST_ODDS = 40.0  # log-odds: a double cannot tell a surer model from one that is certain
PERCENT = (0.0, 100.0)
UNIT = (0.0, 1.0)


# --- confidence, as the tables of the literature have it ---------------------------------------


def membership(retain_p: Doubles, test_p: Doubles, *asked: Doubles) -> list[Doubles]:
    """How far each of those ``asked`` about lies on the members' side of the attack's border (N,):
    below 0 it is called a non-member. Arguments as `mia_confidence`."""
    from sklearn.svm import SVC

    n = min(len(retain_p), len(test_p), LIMIT)
    sides = [np.ravel(side)[thinned(len(side), n)] for side in (retain_p, test_p)]
    # Its seed decides nothing here; without one it would draw from everybody's random numbers.
    attack = SVC(C=3, gamma="auto", kernel="rbf", random_state=0)
    attack.fit(np.concatenate(sides)[:, None], np.repeat([1, 0], n))
    return [attack.decision_function(np.ravel(one)[:, None]) for one in asked]


def non_members(retain_p: Doubles, test_p: Doubles, forget_p: Doubles) -> NDArray[np.bool_]:
    """Which forget samples (F,) the attack calls non-members; arguments as `mia_confidence`."""
    called: NDArray[np.bool_] = membership(retain_p, test_p, forget_p)[0] < 0
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
    rows = _learnt_from(scene)
    p = _confidences(scene, rows)
    return _roc.share(non_members(p[RETAIN], p[TEST], p[FORGET]))


def _learnt_from(scene: ModelOutputs) -> Rows:
    """Every forget sample, and as many retain samples as test samples of the classes to keep."""
    f, kept = forget_mask(scene), ~np.isin(scene.test_label, scene.forget_classes)
    retain, test = np.flatnonzero(~f), np.flatnonzero(kept)
    enough(len(retain), "retain samples")
    enough(len(test), "test samples to keep")
    n = min(len(retain), len(test), LIMIT)
    sides = {RETAIN: retain[thinned(len(retain), n)], TEST: test[thinned(len(test), n)]}
    return {FORGET: np.flatnonzero(f), **sides}


def _confidences(scene: ModelOutputs, rows: Rows) -> Scores:
    p = np.exp(-losses(scene.logits, scene.label))  # (P,)
    test_p = np.exp(-losses(scene.test_logits, scene.test_label))
    numbers("losses", p, test_p)
    return {side: (test_p if side == TEST else p)[own] for side, own in rows.items()}


def _borders(scene: ModelOutputs, rows: Rows) -> Scores:
    p = _confidences(scene, rows)
    return dict(zip(p, membership(p[RETAIN], p[TEST], *p.values()), strict=True))


CONFIDENCE = Attack(
    key="confidence",
    title="Confidence",
    help="A support vector machine learns, from the confidence in the true class alone, retain "
    "samples from test samples of the classes to keep, and is asked about the forget samples. It "
    "is the MIA of the tables in the literature.",
    metrics=("mia_efficacy",),
    rows=_learnt_from,
    score=_borders,
    axis="distance on the members' side of the attack's border",
    test="test samples of the classes to keep",
    alike=False,
    cut=0.0,
)


# --- loss ---------------------------------------------------------------------------------------


@metric(title="Loss attack, AUC", unit="AUC", range=UNIT, better="retrained", over="references")
def mia_loss_auc(scene: ModelOutputs) -> _roc.Interval:
    """Chance that a forget sample has a lower loss than a test sample of the same classes: 0.5
    tells nothing apart, below 0.5 the forget samples are the stranger ones."""
    score = _minus_losses(scene, compared(scene))
    return _roc.auc(score[FORGET], score[TEST])


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
    score = _minus_losses(scene, compared(scene))
    return for_sure(score, LOSS.test)


@metric(
    title="Loss attack, accuracy", unit="%", range=PERCENT, better="retrained", over="references"
)
def mia_loss_accuracy(scene: ModelOutputs) -> _roc.Interval:
    """Percent right of a logistic regression on the loss, 5-fold cross-validated, that tells forget
    samples from as many test samples of the same classes: 50 tells nothing apart."""
    own = _minus_losses(scene, compared(scene))
    n = len(own[FORGET])
    loss = np.minimum(-np.concatenate([own[FORGET], own[TEST]]), MOST_LOSS)
    score, _ = _held_out(loss[:, None], n)
    return _roc.balanced_share(score[:n] > 0, score[n:] <= 0)


def _minus_losses(scene: ModelOutputs, rows: Rows) -> Scores:
    found = {}
    for side, own in rows.items():
        logits, label = logits_of(scene, side)
        found[side] = -losses(logits[own], label[own])
    numbers("losses", *found.values())
    return found


def _log_odds(score: Doubles) -> Doubles:
    """log p / (1 - p) of the true class, of minus its loss."""
    loss = np.clip(-score, np.exp(-MOST_ODDS), MOST_LOSS)
    odds: Doubles = -loss - np.log(-np.expm1(-loss))
    return odds


LOSS = Attack(
    key="loss",
    title="Loss",
    help="A sample on which the loss is low is taken for one that was trained on.",
    metrics=("mia_loss_auc", "mia_loss_tpr", "mia_loss_accuracy"),
    rows=beside_retain,
    score=_minus_losses,
    axis="log-odds of the true class (right: a low loss)",
    shown=_log_odds,
)


# --- embeddings ---------------------------------------------------------------------------------


@metric(
    title="Embedding attack, AUC", unit="AUC", range=UNIT, better="retrained", over="references"
)
def mia_embedding_auc(scene: ModelOutputs) -> _roc.Interval:
    """How well a logistic regression on the embeddings, 5-fold cross-validated, tells forget
    samples from test samples of the same classes: 0.5 tells nothing apart."""
    score = _ranks(scene, compared(scene))
    return _roc.auc(score[FORGET], score[TEST])


def _ranks(scene: ModelOutputs, rows: Rows) -> Scores:
    """Of each fold's samples, from 0 to 1: scores of two regressions have no common scale."""
    if scene.test_z is None:
        raise NotComputed("no test embeddings were taken")
    n = len(rows[FORGET])
    x = np.concatenate([scene.z[rows[FORGET]], scene.test_z[rows[TEST]]]).astype(np.float64)
    numbers("embeddings", x)
    score, fold = _held_out(x, n)
    for k in range(FOLDS):
        part = score[fold == k]
        level = np.sort(part)
        ranks = [np.searchsorted(level, part, side) for side in ("left", "right")]
        score[fold == k] = (ranks[0] + ranks[1]) / (2 * len(part))
    return {FORGET: score[:n], TEST: score[n:]}


EMBEDDING = Attack(
    key="embedding",
    title="Embedding",
    help="A logistic regression learns the embeddings of forget samples from those of test "
    "samples and is asked about others, which it has not seen. It says nothing of retain samples.",
    metrics=("mia_embedding_auc",),
    rows=compared,
    score=_ranks,
    axis="rank among the samples that it is asked about",
)


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
