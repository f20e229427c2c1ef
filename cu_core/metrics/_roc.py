"""How well a score tells members from non-members, and how sure that is.

The interval is the 95 % percentile bootstrap over samples, 300 times with a fixed seed: members and
non-members are drawn anew, the attack is not trained anew. It says nothing of another training.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from cu_core.metrics._compare import Doubles
from cu_core.spec import HIGH, LOW, NotComputed

RESAMPLES = 300
LEVELS = (2.5, 97.5)  # percentiles
FPR = 0.01

Interval = dict[str, float]
Read = Callable[[Doubles, Doubles], Doubles]  # shares (R, G) of members and of non-members -> (R,)


def interval(value: float, resampled: Doubles) -> Interval:
    """The value, and under ``LOW`` and ``HIGH`` its ends, from the resampled values (R,)."""
    low, high = np.percentile(resampled, LEVELS)
    return {"": value, LOW: min(value, float(low)), HIGH: max(value, float(high))}


def share(hits: NDArray[np.bool_]) -> Interval:
    """Percent of ``hits`` (N,) that are true."""
    resampled = _draws(len(hits), 0) @ hits / len(hits)
    return interval(100.0 * float(hits.mean()), 100.0 * resampled)


def balanced_share(member: NDArray[np.bool_], outsider: NDArray[np.bool_]) -> Interval:
    """Mean of the percent of hits among members (M,) and among non-members (N,)."""
    of_members = _draws(len(member), 1) @ member / len(member)
    of_outsiders = _draws(len(outsider), 2) @ outsider / len(outsider)
    value = 50.0 * float(member.mean() + outsider.mean())
    return interval(value, 50.0 * (of_members + of_outsiders))


def auc(member: Doubles, outsider: Doubles) -> Interval:
    """Area under the ROC curve, 0 to 1: the chance that a member (M,) has the higher score than a
    non-member (N,), ties counting half. NotComputed where a score is NaN, which has no rank."""
    return _with_interval(member, outsider, _area)


def tpr_at_low_fpr(member: Doubles, outsider: Doubles) -> Interval:
    """Largest percent of members above a threshold that at most 1 % of non-members exceed."""
    return _with_interval(member, outsider, lambda m, o: _found(m, o, np.array([FPR]))[:, 0])


def curve(member: Doubles, outsider: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """(threshold, false, true positive rate), (G + 1,) each: of calling members those whose score
    is the threshold or higher, from none (infinity) to all."""
    one = np.ones((1, len(member))), np.ones((1, len(outsider)))
    shares = (part[0].cumsum() for part in _groups(member, outsider, *one))
    found, wrong = (np.concatenate([[0.0], part]) for part in shares)
    cuts = np.unique(np.concatenate([member, outsider]))[::-1]
    return np.concatenate([[np.inf], cuts]), wrong, found


def band(member: Doubles, outsider: Doubles, levels: Doubles) -> tuple[Doubles, Doubles]:
    """Ends of the interval of the true positive rate at each false one of ``levels`` (L,)."""
    shares = _groups(member, outsider, _draws(len(member), 1), _draws(len(outsider), 2))
    found = _found(*shares, levels) / 100.0
    low, high = np.percentile(found, LEVELS, axis=0)
    return low, high


def count_interval(hits: int, n: int) -> tuple[float, float]:
    """Ends, in percent, of the 95 % interval by Clopper and Pearson of ``hits`` out of n."""
    tail = LEVELS[0] / 100.0
    low = betaincinv(hits, n - hits + 1, tail) if hits else 0.0
    high = betaincinv(hits + 1, n - hits, 1.0 - tail) if hits < n else 1.0
    return 100.0 * float(low), 100.0 * float(high)


def _with_interval(member: Doubles, outsider: Doubles, read: Read) -> Interval:
    if np.isnan(member).any() or np.isnan(outsider).any():
        raise NotComputed("some scores are no numbers")
    value = read(*_groups(member, outsider, np.ones((1, len(member))), np.ones((1, len(outsider)))))
    weights = _draws(len(member), 1), _draws(len(outsider), 2)
    return interval(float(value[0]), read(*_groups(member, outsider, *weights)))


def _draws(n: int, stream: int) -> Doubles:
    """How often each of n samples is drawn in each resampling: (R, n), rows summing to n."""
    drawn = np.random.default_rng([0, stream]).integers(n, size=(RESAMPLES, n))
    drawn += np.arange(RESAMPLES)[:, None] * n
    counts = np.bincount(drawn.ravel(), minlength=RESAMPLES * n)
    return counts.reshape(RESAMPLES, n).astype(np.float64)


def _groups(
    member: Doubles, outsider: Doubles, of_member: Doubles, of_outsider: Doubles
) -> tuple[Doubles, Doubles]:
    """Share of members and of non-members at each distinct score, highest first: (R, G) each.

    ``of_*``: (R, M) and (R, N), the weight of each sample; every row sums to M or N.
    """
    _, group = np.unique(-np.concatenate([member, outsider]), return_inverse=True)
    parts = group[: len(member)], group[len(member) :]
    shares = []
    for part, weight in zip(parts, (of_member, of_outsider), strict=True):
        order = np.argsort(part, kind="stable")
        there, first = np.unique(part[order], return_index=True)
        whole = np.zeros((len(weight), group.max() + 1))
        whole[:, there] = np.add.reduceat(weight[:, order], first, axis=1) / len(part)
        shares.append(whole)
    return shares[0], shares[1]


def _area(member: Doubles, outsider: Doubles) -> Doubles:
    above = member.cumsum(1) - member / 2
    area: Doubles = np.clip((outsider * above).sum(1), 0.0, 1.0)
    return area


def _found(member: Doubles, outsider: Doubles, levels: Doubles) -> Doubles:
    """Percent of members (R, L) above the lowest threshold that at most the share ``levels`` (L,)
    of non-members exceed."""
    above, found = outsider.cumsum(1), member.cumsum(1)
    found = np.concatenate([np.zeros((len(found), 1)), found], axis=1)
    places = np.stack([np.searchsorted(row, levels + 1e-12, "right") for row in above])
    best: Doubles = np.clip(100.0 * np.take_along_axis(found, places, axis=1), 0.0, 100.0)
    return best
