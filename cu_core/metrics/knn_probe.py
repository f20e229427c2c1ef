"""Nearest neighbours in the embedding: can the forget samples still be told apart by them?

After Kim et al., arXiv:2503.06991 ("Are We Truly Forgetting?"): many methods only move the
classifier. No training, so it can be read at every snapshot.

The probe set holds many forget samples and few retain ones of each class, and a vote over all of
it would answer with that share: of a class that a model has never seen, nine in ten. So the vote
is taken among as many samples of every class.
"""

import numpy as np
from numpy.typing import NDArray

from cu_core.metrics._compare import forget_mask, numbers
from cu_core.spec import Floats, Ints, ModelOutputs, NotComputed, metric

K = 15
FEWEST = 5  # others of a class, without which it takes no part
MOST = 200  # of a class: with more, a picture of many points would wait for its probe
ROWS = 1000  # forget samples compared at a time


@metric(
    title="15-neighbour probe",
    unit="%",
    range=(0.0, 100.0),
    better="retrained",
    over="probe",
    of="forget",
)
def knn_probe_forget(scene: ModelOutputs) -> float:
    """Percent of forget samples that can be told apart by their neighbours: the 15 nearest in the
    embedding (cosine) among equally many samples of every class, the forgotten included, vote for
    their class. Chance is one in the number of classes. A model that never saw a class tells it
    apart in part, so read it beside the original and the retrained model."""
    return percent_found(scene)


def percent_found(scene: ModelOutputs) -> float:
    """Percent of the forget samples whose neighbours vote for their class."""
    numbers("embeddings", scene.z)
    asked = asked_of(scene.label, forget_mask(scene))
    if not asked.any():
        raise NotComputed(f"no forget sample has {FEWEST} others of its class in the probe")
    if chance(scene.label) > 50:
        raise NotComputed("the probe holds a single class with enough samples")
    said = votes(scene.z, scene.label, asked)
    return 100.0 * float(np.mean(said == scene.label[asked]))


def asked_of(label: Ints, is_forget: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The forget samples (P,) that are asked about: those of a class that takes part."""
    asked: NDArray[np.bool_] = is_forget & _well_known(label)[label]
    return asked


def chance(label: Ints) -> float:
    """Percent that a vote without any knowledge would find: ``label`` (P,) of the probe."""
    return 100.0 / max(1, int(_well_known(label).sum()))


def _well_known(label: Ints) -> NDArray[np.bool_]:
    """The classes (C,) that take part."""
    well: NDArray[np.bool_] = np.bincount(label) > FEWEST
    return well


def votes(z: Floats, label: Ints, asked: NDArray[np.bool_]) -> Ints:
    """The class (F,) that the nearest others of each asked sample vote for, among n samples of
    every class that has more than FEWEST, the sample itself left out; of tied classes the one with
    the nearest sample wins. n is what the smallest class has, 200 at most; there are 15 neighbours,
    or n where that is fewer. They are drawn with a fixed seed: the reference is the same whatever
    the model. In double precision: where a cluster has contracted, float32 cosines are all the
    same. Every asked sample has to be of a class that takes part."""
    rows, rank, n = _reference(label)
    u = unit(z.astype(np.float64))
    found = []
    for part in np.array_split(np.flatnonzero(asked), -(-int(asked.sum()) // ROWS)):
        similarity = u[part] @ u[rows].T  # (F, R)
        own = rows == part[:, None]
        inside = own & (rank < n)
        same = label[rows] == label[part][:, None]
        # n of each class: the last one stands in for a sample that would be its own neighbour
        spare = (rank == n) & ~(same & inside.any(1)[:, None])
        similarity[own | spare] = -np.inf
        found.append(_majority(label[rows][nearest(similarity, min(K, n))]))
    return np.concatenate(found)


def _reference(label: Ints) -> tuple[Ints, Ints, int]:
    """(rows (R,) in order, the place of each in its class, n): n + 1 samples of every class."""
    rng, well = np.random.default_rng(0), _well_known(label)
    drawn = [rng.permutation(np.flatnonzero(label == c)) for c in np.flatnonzero(well)]
    n = min(MOST, *(len(own) - 1 for own in drawn))
    rows = np.concatenate([own[: n + 1] for own in drawn])
    order = np.argsort(rows)
    rank = np.tile(np.arange(n + 1), len(drawn))
    return rows[order], rank[order], n


def unit(z: Floats) -> Floats:
    """Rows scaled to length 1; a zero row stays zero, at cosine 0 to all."""
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    scaled: Floats = z / np.where(norm > 0, norm, np.ones_like(norm))
    return scaled


def nearest_others(u: Floats, rows: Ints, k: int = K) -> tuple[Ints, Floats]:
    """(rows (R, k) of the nearest others of each of ``rows`` (R,), nearest first; their cosines
    (R, k)) among unit embeddings ``u`` (P, D); fewer than k where there are fewer others."""
    cosine = u[rows] @ u.T
    cosine[np.arange(len(rows)), rows] = -np.inf
    near = nearest(cosine, min(k, len(u) - 1))
    return near, np.take_along_axis(cosine, near, 1)


def nearest(similarity: Floats, k: int) -> Ints:
    """Of each row (F, R) the k most similar (F, k), most similar first; of equals the lower."""
    if not k:
        return np.zeros((len(similarity), 0), np.int64)
    near = np.sort(np.argpartition(-similarity, k - 1, axis=1)[:, :k], axis=1)
    values = np.take_along_axis(similarity, near, 1)
    at_bound = similarity >= values.min(1, keepdims=True)
    for i in np.flatnonzero(at_bound.sum(1) > k):  # more samples tie at the bound than have room
        tied = np.flatnonzero(at_bound[i])
        near[i] = np.sort(tied[np.argsort(-similarity[i, tied], kind="stable")][:k])
    values = np.take_along_axis(similarity, near, 1)
    order = np.argsort(-values, axis=1, kind="stable")
    ordered: Ints = np.take_along_axis(near, order, 1)
    return ordered


def _majority(label: Ints) -> Ints:
    """The commonest label of each row (R, K); of tied ones the one that comes first."""
    count = (label[:, :, None] == label[:, None, :]).sum(2)  # (R, K)
    first = count.argmax(1)  # argmax takes the first, hence nearest, of equals
    winner: Ints = label[np.arange(len(label)), first]
    return winner
