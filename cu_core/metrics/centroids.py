"""How far the forget samples lie from their own class and from the nearest other one.

The centroid of a class is the mean of its retain samples' embeddings, each of length 1; distance
is 1 - cosine. In a class task no retain sample has the forgotten class: there the other forget
samples of the class stand in, each sample left out of its own centroid.
"""

import numpy as np

from cu_core.metrics.knn_probe import unit
from cu_core.spec import Floats, Ints, ModelOutputs, NotComputed, metric

COSINE = (0.0, 2.0)


@metric(
    title="Distance to own class",
    unit="1 - cosine",
    range=COSINE,
    better="retrained",
    over="probe",
)
def centroid_own(scene: ModelOutputs) -> float:
    """Mean cosine distance of the forget samples to the centroid of their own class: of its
    retain samples, or, where it has none, of its other forget samples."""
    distance = own_distances(scene)[scene.is_forget]
    there = ~np.isnan(distance)
    if not there.any():
        raise NotComputed("no forget sample has another sample of its class in the probe")
    return float(np.mean(distance[there]))


def own_distances(scene: ModelOutputs) -> Floats:
    """(P,) of each sample to the centroid of its own class, as above, itself left out of it; NaN
    where that class has no other sample."""
    u, label, forget = unit(scene.z), scene.label, scene.is_forget
    sums, counts = _sums(u[~forget], label[~forget], scene.n_classes)
    whole, sizes = _sums(u[forget], label[forget], scene.n_classes)
    of_kept = ~forget | (counts[label] > 0)  # whose centroid is that of retain samples
    stand_in = forget & of_kept  # which they are not among
    centre = np.where(of_kept[:, None], sums[label], whole[label])  # (P, D)
    centre = np.where(stand_in[:, None], centre, centre - u)
    others = np.where(of_kept, counts[label], sizes[label]) - ~stand_in
    distance: Floats = _distance(u, unit(centre))
    distance[others < 1] = np.nan
    return distance


@metric(
    title="Distance to nearest other class",
    unit="1 - cosine",
    range=COSINE,
    better="retrained",
    over="probe",
)
def centroid_other(scene: ModelOutputs) -> float:
    """Mean cosine distance of the forget samples to the nearest centroid of the retain samples of
    another class."""
    u, label, forget = unit(scene.z), scene.label, scene.is_forget
    sums, counts = _sums(u[~forget], label[~forget], scene.n_classes)
    own = label[forget]
    distance = 1 - u[forget] @ unit(sums).T  # (F, C)
    distance[:, counts == 0] = np.inf
    distance[np.arange(len(own)), own] = np.inf
    nearest = distance.min(1, initial=np.inf)
    if not np.isfinite(nearest).any():
        raise NotComputed("the probe holds no forget sample, or no retain sample of another class")
    return float(np.clip(nearest[np.isfinite(nearest)], *COSINE).mean())


def _sums(u: Floats, label: Ints, n_classes: int) -> tuple[Floats, Ints]:
    """Sum (C, D) and number (C,) of the rows of each class."""
    one_hot = np.eye(n_classes, dtype=u.dtype)[label]  # (N, C)
    return one_hot.T @ u, np.bincount(label, minlength=n_classes)


def _distance(a: Floats, b: Floats) -> Floats:
    """1 - cosine of unit rows, rounding kept inside the range."""
    distance: Floats = np.clip(1 - (a * b).sum(1), *COSINE)
    return distance
