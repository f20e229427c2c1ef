"""Can what was forgotten be read from the embeddings again? Probes, and how much came off.

A model that never saw a class still separates it in part, so the raw accuracy of a probe says
little. Recoverability sets it between the retrained and the original model,
``(unlearned - retrained) / (original - retrained)``: 1 = nothing was removed from the features,
0 = as if never seen, below 0 = removed more than that. Every probe reads embeddings alone, so a
method that only edits the last layer reads exactly 1.

After arXiv:2405.17878 (linear probe), the prototypical relearning of Ha et al., PMLR 306, and
arXiv:2503.06991 (nearest neighbours).
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from cu_core.metrics._compare import (
    forget_mask,
    numbers,
    original_of,
    retrained_of,
    standard_error,
)
from cu_core.metrics.knn_probe import percent_found, unit
from cu_core.spec import Floats, Ints, ModelOutputs, NotComputed, metric

PERCENT = (0.0, 100.0)
RECOVERED = (-100.0, 100.0)  # references within a point of each other have no ratio
SHOTS = 5
DRAWS = 20  # of SHOTS samples of each forgotten class
KEPT = 8  # models whose probes are remembered: each is read by itself and as a reference
NEAR = 1.0  # percentage points


@metric(
    title="Linear probe",
    unit="%",
    range=PERCENT,
    better="retrained",
    over="references",
    of="forgotten test",
)
def linear_probe_forget(scene: ModelOutputs) -> float:
    """Percent of test samples of the forgotten classes that a new last layer gets right: a logistic
    regression on the embeddings of the probe, all classes labelled and of equal weight."""
    return _linear(scene)


@metric(
    title="5-shot probe",
    unit="%",
    range=PERCENT,
    better="retrained",
    over="references",
    of="forgotten test",
)
def prototype_probe_forget(scene: ModelOutputs) -> float:
    """Percent of test samples of the forgotten classes that lie nearest to the mean of 5 forget
    samples of their class, among the means of all classes (cosine, mean of 20 draws)."""
    return _prototype(scene)


@metric(
    title="Recovered by a linear probe",
    unit="of original",
    range=RECOVERED,
    better="retrained",
    over="references",
)
def rho_linear(scene: ModelOutputs) -> float:
    """What the linear probe still reads, on a scale from 0 = retrained to 1 = original."""
    return recovered(scene, _linear, len(_asked(scene)[1]))


@metric(
    title="Recovered by a 5-shot probe",
    unit="of original",
    range=RECOVERED,
    better="retrained",
    over="references",
)
def rho_prototype(scene: ModelOutputs) -> float:
    """What the 5-shot probe still reads, on a scale from 0 = retrained to 1 = original."""
    return recovered(scene, _prototype, len(_asked(scene)[1]))


@metric(
    title="Recovered by the 15-neighbour probe",
    unit="of original",
    range=RECOVERED,
    better="retrained",
    over="references",
)
def rho_knn(scene: ModelOutputs) -> float:
    """What the 15-neighbour probe still reads, on a scale from 0 = retrained to 1 = original."""
    return recovered(scene, _neighbours, int(forget_mask(scene).sum()))


def recovered(scene: ModelOutputs, probe: Callable[[ModelOutputs], float], n: int) -> float:
    """(probe of this model - retrained) / (original - retrained), of probes in percent over ``n``
    samples; of several retrained models the mean. NotComputed when the two hardly differ."""
    original = probe(original_of(scene))
    models = scene.retrained or retrained_of(scene)  # itself too: the only one there is reads 0
    seeds = [probe(one) for one in models]
    retrained = float(np.mean(seeds))
    sampling = np.hypot(standard_error(original, n), standard_error(retrained, n))
    noise = max(NEAR, max(seeds) - min(seeds), 2 * sampling)
    if abs(original - retrained) <= noise:
        raise NotComputed(
            f"original ({original:.1f} %) and retrained ({retrained:.1f} %) do not differ by more "
            f"than their noise ({noise:.1f} points)"
        )
    return (probe(scene) - retrained) / (original - retrained)


# --- the probes ---------------------------------------------------------------------------------


def _on_record(
    metric: str,
) -> Callable[[Callable[[ModelOutputs], float]], Callable[[ModelOutputs], float]]:
    """What a probe reads is the value of ``metric``: taken from the record where it is there, and
    computed once a model where it is not. Remembered by what the model was looked at with, since a
    scene with other references is the same model; nothing else of a scene is kept alive."""

    def declare(probe: Callable[[ModelOutputs], float]) -> Callable[[ModelOutputs], float]:
        seen: OrderedDict[Any, tuple[Any, float]] = OrderedDict()

        def read(scene: ModelOutputs) -> float:
            if (known := scene.known.get(metric)) is not None:
                return known
            looked_at = (scene.z, scene.label, scene.is_forget, scene.test_z, scene.test_label)
            key = (*map(id, looked_at), scene.forget_classes)
            if key not in seen:
                seen[key] = looked_at, probe(scene)  # the arrays too, so that no other has their id
                if len(seen) > KEPT:
                    seen.popitem(last=False)
            return seen[key][1]

        return read

    return declare


def _asked(scene: ModelOutputs) -> tuple[Floats, Ints]:
    """Embeddings (N, D) and labels (N,) of the test samples of the forgotten classes."""
    if not scene.forget_classes:
        raise NotComputed("random forget samples have no counterpart in the test set")
    if scene.test_z is None:
        raise NotComputed("no test embeddings were taken")
    asked = np.isin(scene.test_label, scene.forget_classes)
    if not asked.any():
        raise NotComputed("there are no test samples of the forgotten classes")
    numbers("embeddings", scene.z, scene.test_z)
    return scene.test_z[asked], scene.test_label[asked]


@_on_record("linear_probe_forget")
def _linear(scene: ModelOutputs) -> float:
    from sklearn.linear_model import LogisticRegression

    z, label = _asked(scene)
    forget_mask(scene)
    if len(np.unique(scene.label)) < 2:
        raise NotComputed("the probe holds a single class")
    mean, spread = scene.z.mean(0, np.float64), scene.z.std(0, np.float64)
    spread = np.where(spread > 0, spread, 1.0)
    layer = LogisticRegression(class_weight="balanced", tol=1e-3, max_iter=200)
    with threadpool_limits(1):  # its products are thin: two threads take twice as long
        layer.fit((scene.z - mean) / spread, scene.label)
    return 100.0 * float(np.mean(layer.predict((z - mean) / spread) == label))


@_on_record("prototype_probe_forget")
def _prototype(scene: ModelOutputs) -> float:
    z, label = _asked(scene)
    asked, u, retain = unit(z), unit(scene.z), ~scene.is_forget
    kept = [
        c
        for c in range(scene.n_classes)
        if c not in scene.forget_classes and (retain & (scene.label == c)).any()
    ]
    classes = np.array([*kept, *scene.forget_classes])
    fixed = [u[retain & (scene.label == c)].mean(0) for c in kept]  # (K, D)
    drawn = _drawn(scene, u)  # (DRAWS, F, D)
    known = asked @ unit(np.stack(fixed)).T if fixed else np.zeros((len(z), 0))  # (N, K)
    new = asked @ unit(drawn.reshape(-1, z.shape[1])).T  # (N, DRAWS F)
    shares = [
        np.mean(classes[np.concatenate([known, part], 1).argmax(1)] == label)
        for part in np.split(new, DRAWS, 1)
    ]
    return 100.0 * float(np.mean(shares))


def _drawn(scene: ModelOutputs, u: Floats) -> Floats:
    """(DRAWS, F, D): means of SHOTS forget samples, fewer where there are, of the F forgotten
    classes."""
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(scene.is_forget & (scene.label == c)) for c in scene.forget_classes]
    if not all(len(own) for own in rows):
        raise NotComputed("the probe lacks forget samples of a forgotten class")
    return np.stack(
        [[u[rng.permutation(own)[:SHOTS]].mean(0) for own in rows] for _ in range(DRAWS)]
    )


@_on_record("knn_probe_forget")
def _neighbours(scene: ModelOutputs) -> float:
    return percent_found(scene)
