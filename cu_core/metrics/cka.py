"""Linear CKA (arXiv:1905.00414): how alike two models arrange the same samples.

1 = the same up to rotation, scale and shift; 0 = nothing in common. Of the embeddings and of each
top-level block (a feature map averaged over its positions), forget and retain samples apart, next
to the original and the retrained model. Two models retrained from different seeds are not at 1
either: where there are two, their own CKA is the level to compare with. It is biased towards 1
where there are hardly more samples than dimensions, and a few outliers can move it
(arXiv:2210.16156).
"""

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cu_core.metrics._compare import forget_mask, numbers, original_of, retrained_of
from cu_core.metrics._roc import Interval
from cu_core.spec import HIGH, LOW, Floats, Metric, ModelOutputs, NotComputed, metric

FEWEST = 3
UNIT = (0.0, 1.0)

Rows = Callable[[ModelOutputs], NDArray[np.bool_]]


def linear_cka(x: Floats, y: Floats) -> float:
    """CKA of x (N, D) and y (N, E), rows of the same samples: 0 to 1. NotComputed for fewer than
    3 rows, when all rows of a side are equal, or where one is not finite."""
    if len(x) < FEWEST:
        raise NotComputed(f"{len(x)} samples are too few")
    numbers("embeddings", x, y)
    a, b = (m.astype(np.float64) - m.mean(0, dtype=np.float64) for m in (x, y))
    size = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    if size <= 1e-300:
        raise NotComputed("a model gives every sample the same embedding")
    return float(np.clip(np.sum((b.T @ a) ** 2) / size, *UNIT))


def _declare(
    title: str, better: Literal["retrained", "high"] = "retrained"
) -> Callable[[Callable[[ModelOutputs], object]], Metric]:
    return metric(title=title, unit="CKA", range=UNIT, better=better, over="references")


def _retain(scene: ModelOutputs) -> NDArray[np.bool_]:
    return ~scene.is_forget


# --- embeddings ---------------------------------------------------------------------------------


@_declare("CKA to original, forget samples")
def cka_forget_original(scene: ModelOutputs) -> float:
    """Likeness of the forget samples' embeddings to the original model's: 1 = unchanged."""
    return _alike(scene, (original_of(scene),), forget_mask)


@_declare("CKA to original, retain samples")
def cka_retain_original(scene: ModelOutputs) -> float:
    """Likeness of the retain samples' embeddings to the original model's: 1 = unchanged."""
    return _alike(scene, (original_of(scene),), _retain)


@_declare("CKA to retrained, forget samples", better="high")
def cka_forget_retrained(scene: ModelOutputs) -> float:
    """Likeness of the forget samples' embeddings to the retrained model's, mean over seeds."""
    return _alike(scene, retrained_of(scene), forget_mask)


@_declare("CKA to retrained, retain samples", better="high")
def cka_retain_retrained(scene: ModelOutputs) -> float:
    """Likeness of the retain samples' embeddings to the retrained model's, mean over seeds."""
    return _alike(scene, retrained_of(scene), _retain)


def _alike(scene: ModelOutputs, others: tuple[ModelOutputs, ...], rows: Rows) -> float:
    mask = rows(scene)
    return float(np.mean([linear_cka(scene.z[mask], other.z[mask]) for other in others]))


# --- retrained to retrained ---------------------------------------------------------------------


@_declare("CKA between retrained seeds, forget samples", better="high")
def cka_forget_seeds(scene: ModelOutputs) -> Interval:
    """Likeness of models retrained from different seeds on the forget samples: the level that a
    perfectly unlearned model would reach; low and high are the least and most alike pair."""
    return _band(scene, forget_mask)


@_declare("CKA between retrained seeds, retain samples", better="high")
def cka_retain_seeds(scene: ModelOutputs) -> Interval:
    """Likeness of models retrained from different seeds on the retain samples: the level that a
    perfectly unlearned model would reach; low and high are the least and most alike pair."""
    return _band(scene, _retain)


def _band(scene: ModelOutputs, rows: Rows) -> Interval:
    if len(scene.retrained) < 2:
        raise NotComputed("two retrained seeds at least are needed")
    mask = rows(scene)
    pairs = [linear_cka(a.z[mask], b.z[mask]) for a, b in combinations(scene.retrained, 2)]
    return {"": float(np.mean(pairs)), LOW: min(pairs), HIGH: max(pairs)}


# --- by layer -----------------------------------------------------------------------------------


@_declare("CKA to original by layer, forget samples")
def cka_layers_forget_original(scene: ModelOutputs) -> dict[str, float]:
    """Likeness of each block's output for the forget samples to the original model's."""
    return _by_layer(scene, (original_of(scene),), forget_mask)


@_declare("CKA to original by layer, retain samples")
def cka_layers_retain_original(scene: ModelOutputs) -> dict[str, float]:
    """Likeness of each block's output for the retain samples to the original model's."""
    return _by_layer(scene, (original_of(scene),), _retain)


@_declare("CKA to retrained by layer, forget samples", better="high")
def cka_layers_forget_retrained(scene: ModelOutputs) -> dict[str, float]:
    """Likeness of each block's output for the forget samples to the retrained model's."""
    return _by_layer(scene, retrained_of(scene), forget_mask)


@_declare("CKA to retrained by layer, retain samples", better="high")
def cka_layers_retain_retrained(scene: ModelOutputs) -> dict[str, float]:
    """Likeness of each block's output for the retain samples to the retrained model's."""
    return _by_layer(scene, retrained_of(scene), _retain)


def _by_layer(
    scene: ModelOutputs, others: tuple[ModelOutputs, ...], rows: Rows
) -> dict[str, float]:
    mask = rows(scene)
    shared = [name for name in scene.layers if all(name in other.layers for other in others)]
    found = {}
    for name in shared:
        pairs = ((scene.layers[name][mask], other.layers[name][mask]) for other in others)
        if (value := _mean(pairs)) is not None:
            found[name] = value
    if not found:
        raise NotComputed("no block's output was taken, or none tells samples apart")
    return found


def _mean(pairs: Iterable[tuple[Floats, Floats]]) -> float | None:
    """Mean CKA; None for a block that has none, so that it costs the others nothing."""
    try:
        return float(np.mean([linear_cka(x, y) for x, y in pairs]))
    except NotComputed:
        return None
