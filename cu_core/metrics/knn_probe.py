"""Nearest neighbours in the embedding: do the features still know what was forgotten?

After Kim et al., arXiv:2503.06991 ("Are We Truly Forgetting?"): many methods only move the
classifier. No training, so it can be read at every snapshot.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cu_core.spec import Floats, Ints, ModelOutputs, NotComputed, metric

K = 15
ROWS = 1000  # forget samples compared at a time


@metric(title="15-neighbour probe", unit="%", range=(0.0, 100.0), better="retrained", over="probe")
def knn_probe_forget(scene: ModelOutputs) -> float:
    """Percent of forget samples whose 15 nearest neighbours in the embedding (cosine, leave one
    out, over the whole probe with true labels) vote for their true class; of tied classes the one
    with the nearest sample wins. The probe holds all forget samples, few retain ones: the share of
    a class in the probe is its prior, so compare with the original and the retrained model only.
    """
    return percent_found(scene)


def percent_found(scene: ModelOutputs) -> float:
    """Percent of the forget samples that their neighbours give their true class."""
    if not scene.is_forget.any():
        raise NotComputed("the probe holds no forget samples")
    if len(scene.z) < 2:
        raise NotComputed("a single sample has no neighbours")
    own = scene.label[scene.is_forget]
    if scene.near is not None and scene.z.any(1).all():  # the map's; a zero row has no direction
        said = _majority(scene.label[scene.near[scene.is_forget, :K]])
    else:
        said = votes(scene.z, scene.label, scene.is_forget)
    return 100.0 * float(np.mean(said == own))


def votes(z: Floats, label: Ints, asked: NDArray[np.bool_]) -> Ints:
    """The class that the K nearest others of each asked sample vote for: (F,). In double precision:
    where a cluster has contracted, float32 cosines are all the same."""
    u = unit(z.astype(np.float64))
    found = [_majority(label[near]) for near in _nearest(u, np.flatnonzero(asked))]
    return np.concatenate(found)


def unit(z: Floats) -> Floats:
    """Rows scaled to length 1; a zero row stays zero, at cosine 0 to all."""
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    scaled: Floats = z / np.where(norm > 0, norm, np.ones_like(norm))
    return scaled


def _nearest(u: Floats, rows: Ints) -> Iterator[Ints]:
    """Indices (at most ROWS, K) of the K most similar others, most similar first; of equals the
    lower index."""
    k = min(K, len(u) - 1)
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        similarity = u[part] @ u.T  # (R, P)
        similarity[np.arange(len(part)), part] = -np.inf
        bound = -np.partition(-similarity, k - 1, axis=1)[:, k - 1 : k]
        yield np.stack([_first(s, b, k) for s, b in zip(similarity, bound, strict=True)])


def _first(similarity: Floats, bound: Floats, k: int) -> Ints:
    near = np.flatnonzero(similarity >= bound)  # k, or more where samples tie at the bound
    order = np.argsort(-similarity[near], kind="stable")
    nearest: Ints = near[order][:k]
    return nearest


def _majority(label: Ints) -> Ints:
    """The commonest label of each row (R, K); of tied ones the one that comes first."""
    count = (label[:, :, None] == label[:, None, :]).sum(2)  # (R, K)
    first = count.argmax(1)  # argmax takes the first, hence nearest, of equals
    winner: Ints = label[np.arange(len(label)), first]
    return winner
