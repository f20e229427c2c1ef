"""Do the forget samples get the answers that the retrained model gives?

Equal accuracies can hide different answers: where a forgotten class goes is what a retrained model
decides by likeness (the "Avg. Diff." of CoUn, arXiv:2509.16391, generalised). Jensen-Shannon
divergences are the true ones, in bits: 0 = equal, 1 = no common answer. With several retrained
seeds, the mean over them.
"""

import numpy as np
from scipy.special import rel_entr

from cu_core.metrics._compare import Doubles, forget_mask, probabilities, retrained_of
from cu_core.metrics.prediction_share import prediction_share
from cu_core.spec import ModelOutputs, NotComputed, metric

BITS = (0.0, 1.0)


def jensen_shannon(p: Doubles, q: Doubles) -> Doubles:
    """Divergence in bits, 0 to 1, of distributions along the last axis: (..., C) -> (...)."""
    both = p + q  # twice the middle: half of the least number there is would be 0
    nats = (rel_entr(2 * p, both) + rel_entr(2 * q, both)).sum(-1) / 4
    bits: Doubles = np.clip(nats / np.log(2), *BITS)
    return bits


@metric(
    title="Prediction profile, divergence",
    unit="bits",
    range=BITS,
    better="low",
    over="references",
)
def profile_js(scene: ModelOutputs) -> float:
    """Jensen-Shannon divergence between the shares of classes predicted for the forget samples by
    this model and by the retrained one."""
    own = _profile(scene)
    far = [jensen_shannon(own, _profile(other)) for other in retrained_of(scene)]
    return float(np.mean(far))


@metric(
    title="Prediction profile, moved share",
    unit="%",
    range=(0.0, 100.0),
    better="low",
    over="references",
)
def profile_tv(scene: ModelOutputs) -> float:
    """Percent of forget samples that would need another predicted class for the shares of classes
    to be the retrained model's (total variation)."""
    own = _profile(scene)
    far = [np.abs(own - _profile(other)).sum() / 2 for other in retrained_of(scene)]
    return float(np.clip(100.0 * np.mean(far), 0.0, 100.0))


@metric(title="Divergence from retrained", unit="bits", range=BITS, better="low", over="references")
def js_retrained(scene: ModelOutputs) -> float:
    """Mean Jensen-Shannon divergence, over the forget samples, between the answers (softmax) of
    this model and of the retrained one."""
    own = _answers(scene)
    return float(np.mean([jensen_shannon(own, _answers(o)).mean() for o in retrained_of(scene)]))


@metric(
    title="Activation distance",
    unit="L2",
    range=(0.0, float(np.sqrt(2))),
    better="low",
    over="references",
)
def activation_distance(scene: ModelOutputs) -> float:
    """Mean Euclidean distance, over the forget samples, between the answers (softmax) of this model
    and of the retrained one (arXiv:2205.08096)."""
    own = _answers(scene)
    far = [np.linalg.norm(own - _answers(o), axis=1).mean() for o in retrained_of(scene)]
    return float(np.clip(np.mean(far), 0.0, np.sqrt(2)))


@metric(
    title="ZRF, likeness to an untrained model",
    unit="1 - bits",
    range=BITS,
    better="retrained",
    over="references",
)
def zrf(scene: ModelOutputs) -> float:
    """1 minus the mean Jensen-Shannon divergence, over the forget samples, from a model with random
    weights (arXiv:2205.08096); compare with retrained, 1 is not the aim."""
    if scene.untrained is None:
        raise NotComputed("no untrained model was looked at")
    return float(1 - jensen_shannon(_answers(scene), _answers(scene.untrained)).mean())


def _answers(scene: ModelOutputs) -> Doubles:
    """Softmax of the forget samples: (F, C)."""
    return probabilities(scene.logits[forget_mask(scene)])


def _profile(scene: ModelOutputs) -> Doubles:
    """Share of forget samples predicted as each class: (C,), sums to 1."""
    share = np.asarray(prediction_share.compute(scene), np.float64)
    profile: Doubles = share / share.sum()
    return profile
