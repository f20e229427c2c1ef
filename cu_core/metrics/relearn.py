"""How fast the forget set is learned again: what was only hidden comes back in a few updates.

The updates are those of the scene: the same optimizer, rate and batches for every model. Ratio to
the retrained model after the anamnesis index of arXiv:2205.08096, ideally 1.
"""

from functools import lru_cache

import numpy as np

from cu_core.metrics._compare import original_of, retrained_of
from cu_core.metrics.accuracy import forget_accuracy
from cu_core.spec import ModelOutputs, NotComputed, metric

REGAINED = 0.95  # of the original's forget accuracy
KEPT = 8  # models whose time is remembered: each is read by itself and as a reference
MOST = 1000.0


@metric(
    title="Relearn time", unit="updates", range=(0.0, MOST), better="retrained", over="references"
)
def relearn_time(scene: ModelOutputs) -> float:
    """Updates on the forget set until 95 % of the original model's forget accuracy is back: fewer
    than the retrained model needs means that something was left."""
    return float(updates(scene, _target(scene)))


@metric(
    title="Relearn time, of retrained",
    unit="x retrained",
    range=(0.0, MOST),
    better="retrained",
    over="references",
)
def ain(scene: ModelOutputs) -> float:
    """Relearn time divided by the retrained model's (anamnesis index): 1 is ideal, near 0 means
    that the model forgot on the surface only."""
    target = _target(scene)
    usual = float(np.mean([updates(other, target) for other in retrained_of(scene)]))
    if usual == 0:
        raise NotComputed("the retrained model recognises the forget samples from the start")
    return updates(scene, target) / usual


@lru_cache(KEPT)
def updates(scene: ModelOutputs, target: float) -> int:
    """Updates until the forget accuracy is ``target`` percent; 0 when it is from the start."""
    if forget_accuracy(scene) >= target:
        return 0
    if scene.relearn is None:
        raise NotComputed("the forget set was not learned again")
    update = 0
    for update, accuracy in enumerate(scene.relearn(), 1):
        if accuracy >= target:
            return update
    raise NotComputed(f"not learned again within {update} updates")


def _target(scene: ModelOutputs) -> float:
    return REGAINED * forget_accuracy(original_of(scene))
