"""What a network says of each sample, in 255ths: the softmax of its logits, small enough to send.

Axis letters: P probe samples, C classes, K the classes that are kept of each sample.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

WHOLE = 255  # parts that the shares of all classes of a sample sum to
EVERY = 16  # up to this many classes all are kept
LARGEST = 8  # of more, these many of each sample


def shares(logits: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint16] | None]:
    """(share uint8 (P, K), its classes uint16 (P, K) or None when K = C) of ``logits`` (P, C).

    With all classes kept a row sums to 255 exactly (rounded by largest remainder); otherwise the
    8 largest come first to last and what the others have is 255 minus the row's sum.
    """
    chance = softmax(logits)
    if chance.shape[1] <= EVERY:
        return parts(chance), None
    top = np.argsort(-chance, axis=1, kind="stable")[:, :LARGEST]
    kept = np.take_along_axis(chance, top, 1)
    rest = np.clip(1 - kept.sum(1, keepdims=True), 0, 1)
    share = parts(np.hstack([kept, rest]))[:, :LARGEST]
    return np.ascontiguousarray(share), np.ascontiguousarray(top, dtype=np.uint16)


def answers(share: NDArray[np.uint8], of: NDArray[np.uint16] | None) -> NDArray[np.int64]:
    """The class (P,) that has the largest share, the first of equals; of what ``shares`` gave."""
    best = np.argmax(share, axis=1)
    found = best if of is None else np.take_along_axis(of, best[:, None], 1)[:, 0]
    return found.astype(np.int64)


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities (P, C). A logit that is not a number counts for nothing."""
    values = np.nan_to_num(np.asarray(logits, np.float64), nan=-1e300, posinf=1e300, neginf=-1e300)
    grown = np.exp(values - values.max(1, keepdims=True))
    chance: NDArray[np.float64] = grown / grown.sum(1, keepdims=True)
    return chance


def parts(chance: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Rows (P, K) that sum to 1 as whole 255ths that sum to 255, each less than one part off."""
    exact = chance * WHOLE
    down = np.floor(exact)
    missing = np.rint(WHOLE - down.sum(1)).astype(int)  # (P,) parts still to be given
    order = np.argsort(down - exact, axis=1, kind="stable")  # largest remainder first
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(order.shape[1])[None], 1)
    whole: NDArray[np.uint8] = (down + (rank < missing[:, None])).astype(np.uint8)
    return whole
