"""Where the forgotten lies between the classes that are kept: out at the rim, or in their middle.

The way between clusters, which measures of neighbours do not see: a class that moves as one keeps
its neighbours.
"""

import numpy as np

from cu_core.metrics.knn_probe import unit
from cu_core.spec import RATIO, Floats, Ints, ModelOutputs, NotComputed, metric

FARTHEST = 10.0  # beyond it the distance among the kept classes is no unit any more


@metric(
    title="Centrality",
    unit=RATIO,
    range=(0.0, FARTHEST),
    better="retrained",
    over="probe",
)
def centrality(scene: ModelOutputs) -> float:
    """Mean distance from the forget samples of a class to the classes kept, between centroids of
    embeddings of length 1, over the mean distance among these: 1 is as far out as any class, about
    0.7 the middle of all."""
    kept, forget = ~scene.is_forget, scene.is_forget
    if not forget.any():
        raise NotComputed("the probe holds no forget samples")
    if len(np.unique(scene.label[kept])) < 2:
        raise NotComputed("the probe holds retain samples of fewer than two classes")
    u = unit(scene.z.astype(np.float64))
    among = _centroids(u[kept], scene.label[kept])  # (R, D)
    spacing = _distances(among, among)[np.triu_indices(len(among), 1)].mean()
    if not spacing > 0:
        raise NotComputed("all classes that are kept lie on one point")
    own = _centroids(u[forget], scene.label[forget])
    value = float(_distances(own, among).mean() / spacing)
    if value > FARTHEST:
        raise NotComputed("all classes that are kept lie nearly on one point")
    return value


def _centroids(u: Floats, label: Ints) -> Floats:
    return np.stack([u[label == c].mean(0) for c in np.unique(label)])


def _distances(a: Floats, b: Floats) -> Floats:
    distance: Floats = np.linalg.norm(a[:, None] - b[None], axis=2)
    return distance
