"""What became of samples that were spoilt on purpose, so that it is known which they are.

Wrong labels that a network has learned hold a sample among the class it was taught. Once they are
forgotten it should go home, to what it really looks like. A mark that was learned as a class (a
backdoor, arXiv:1708.06733) should mean nothing any more.
"""

import numpy as np
from numpy.typing import NDArray

from cu_core.metrics.knn_probe import K, unit
from cu_core.spec import Floats, Ints, ModelOutputs, NotComputed, Probe, metric

PERCENT = (0.0, 100.0)
ROWS = 1000  # samples compared at a time


@metric(
    title="Planted samples at home",
    unit="%",
    range=PERCENT,
    better="retrained",
    over="probe",
    quiet=True,
)
def planted_home(scene: ModelOutputs) -> float:
    """Percent of the forget samples that were taught a wrong class which lie at home: more than
    half of their 15 nearest neighbours in the embedding (cosine, over the whole probe) are truly of
    the class that they truly are."""
    if scene.true_label is None:
        raise NotComputed("nothing is planted in this data")
    asked = scene.is_forget & (scene.true_label != scene.label)
    if not asked.any():
        raise NotComputed("no forget sample was taught a wrong class")
    if not np.isfinite(scene.z).all():
        raise NotComputed("some embeddings are no numbers")
    alike = _alike(scene.z, scene.true_label, np.flatnonzero(asked))
    return 100.0 * float(np.mean(alike > 0.5))


@metric(
    title="Trigger success",
    unit="%",
    range=PERCENT,
    better="retrained",
    over="probe",
    quiet=True,
)
def planted_trigger(scene: ModelOutputs) -> float:
    """Percent of test images of other classes that are answered as the mark's class once the mark
    is drawn on them. A model that never saw the mark answers so by mistake alone."""
    if scene.trigger_logits is None:
        raise NotComputed("no mark is planted in this data")
    if not len(scene.trigger_logits):
        raise NotComputed("there are no test images of other classes than the mark's")
    return 100.0 * float(np.mean(scene.trigger_logits.argmax(1) == scene.trigger_label))


def planted_counts(probe: Probe) -> dict[str, int]:
    """Of how many samples each of the two is a share, by key; none where it has no value."""
    found = {}
    if probe.true_label is not None:
        found[planted_home.key] = int((probe.is_forget & (probe.true_label != probe.label)).sum())
    if probe.trigger_label is not None:
        found[planted_trigger.key] = int((probe.test_label != probe.trigger_label).sum())
    return {key: n for key, n in found.items() if n}


def _alike(z: Floats, label: Ints, rows: Ints) -> NDArray[np.float64]:
    """Of each of ``rows`` (M,) the share of its K nearest others that have its label: (M,). In
    double precision: where a cluster has contracted, float32 cosines are all the same."""
    u, k = unit(z.astype(np.float64)), min(K, len(z) - 1)
    found = []
    for part in np.array_split(rows, -(-len(rows) // ROWS)):
        similarity = u[part] @ u.T  # (M, P)
        similarity[np.arange(len(part)), part] = -np.inf
        near = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        found.append(np.mean(label[near] == label[part, None], axis=1))
    return np.concatenate(found)
