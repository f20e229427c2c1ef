"""How a set lies among others: nearest neighbours by cosine, and what is counted of them.

Arrays in, numbers out; in double precision, since in a trained network's clusters float32 cosines
are all the same. Of equally near samples the lower row comes first. Axis letters: N samples that
are looked at, D embedding, k neighbours, F chosen samples that are not among the N.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.metrics.knn_probe import K, nearest, nearest_others, unit

ROWS = 400  # compared at a time

Mask = NDArray[np.bool_]
Array = NDArray[Any]


def neighbours(z: Array, k: int = K) -> tuple[Array, Array]:
    """(rows (N, k) of the nearest others of each sample, nearest first; their cosines (N, k)) of
    embeddings ``z`` (N, D); fewer than k where there are fewer others."""
    u, k = unit(z.astype(np.float64)), min(k, len(z) - 1)
    near, cosine = np.zeros((len(z), k), np.int32), np.zeros((len(z), k))
    for part in _parts(len(z)):
        near[part], cosine[part] = nearest_others(u, part, k)
    return near, cosine


def nearest_to(z: Array, asked: Array, k: int = K) -> Array:
    """Rows (F, k) of ``z`` (N, D) that are nearest to ``asked`` (F, D), which are not among z."""
    u, v = unit(z.astype(np.float64)), unit(asked.astype(np.float64))
    found = [nearest(v[part] @ u.T, min(k, len(z))) for part in _parts(len(v))]
    return np.concatenate(found) if found else np.zeros((0, k), np.int64)


def share_of(near: Array, those: Mask) -> float:
    """Percent of ``those`` (N,) among neighbours (F, k)."""
    return 100.0 * float(those[near].mean())


def suffering(
    z: Array, near: Array, cosine: Array, chosen: Mask, outside: Array, count: int
) -> tuple[Array, Array]:
    """(rows of the kept samples likeliest to suffer, first the likeliest; how many chosen ones are
    among the k nearest of each). Of equally many the one nearest to one of them comes first.

    ``near``, ``cosine``: as ``neighbours`` has them of ``z``; ``chosen`` (N,): which of these;
    ``outside`` (F, D): chosen samples that are not among them.
    """
    kept, u = np.flatnonzero(~chosen), unit(z.astype(np.float64))
    far = unit(outside.astype(np.float64))
    found = np.zeros(len(kept), np.int64)
    for part in _parts(len(kept)):
        rows = kept[part]
        marks, values = chosen[near[rows]], cosine[rows]
        if len(far):
            others = u[rows] @ far.T
            marks = np.concatenate([marks, np.ones_like(others, bool)], 1)
            values = np.concatenate([values, others], 1)
        best = nearest(values, near.shape[1])
        found[part] = np.take_along_axis(marks, best, 1).sum(1)
    least = np.sort(found)[::-1][min(count, len(found)) - 1] if len(found) else 0
    asked = np.flatnonzero(found >= least)  # the others cannot come among the first
    reached = np.concatenate([u[chosen], far])
    close = np.full(len(kept), -np.inf)
    for part in _parts(len(asked)):
        at = asked[part]
        close[at] = (u[kept[at]] @ reached.T).max(1)
    order = asked[np.lexsort((asked, -close[asked], -found[asked]))][:count]
    return kept[order], found[order]


def _parts(n: int) -> list[Array]:
    return np.array_split(np.arange(n), -(-n // ROWS)) if n else []
