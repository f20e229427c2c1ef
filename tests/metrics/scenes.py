"""Scenes with references, made of noise: a retrained model is one that never saw class 1."""

from dataclasses import replace

import numpy as np

from cu_core.spec import ModelOutputs

CLASSES, DIM = 4, 6


def model(
    seed: int = 0, p: int = 240, q: int = 200, knows: bool = True, kind: str = "class"
) -> ModelOutputs:
    """Classes of a Gaussian each; a model that does not know class 1 sees it among class 2."""
    fixed, rng = np.random.default_rng(0), np.random.default_rng(seed + 1)
    label, test_label = fixed.integers(0, CLASSES, p), fixed.integers(0, CLASSES, q)
    forget = label == 1 if kind == "class" else fixed.random(p) < 0.3
    centre = 4 * np.eye(CLASSES, DIM)
    if not knows:
        centre[1] = centre[2]
    z, test_z = (centre[y] + rng.normal(size=(len(y), DIM)) for y in (label, test_label))
    head = np.eye(DIM, CLASSES)
    return ModelOutputs(
        z.astype(np.float32),
        (z @ head).astype(np.float32),
        label,
        forget,
        (test_z @ head).astype(np.float32),
        test_label,
        (1,) if kind == "class" else (),
        test_z.astype(np.float32),
        layers={"first": z[:, :2].astype(np.float32), "last": z.astype(np.float32)},
    )


def beside(
    scene: ModelOutputs, original: ModelOutputs | None = None, *retrained: ModelOutputs
) -> ModelOutputs:
    return replace(scene, original=original, retrained=retrained)


def remembered(seed: int, gap: float, n: int = 400) -> ModelOutputs:
    """A sample task whose forget samples lie ``gap`` logits higher than others in the true class,
    and as far off along one axis of the embedding."""
    rng = np.random.default_rng(seed)
    label, test_label = rng.integers(0, CLASSES, 2 * n), rng.integers(0, CLASSES, 2 * n)
    forget = np.arange(2 * n) < n
    logits, test_logits = (rng.normal(size=(2 * n, CLASSES)) for _ in range(2))
    logits[np.flatnonzero(forget), label[forget]] += gap
    z, test_z = (rng.normal(size=(2 * n, DIM)) for _ in range(2))
    z[forget, 0] += gap
    arrays = (a.astype(np.float32) for a in (z, logits, test_logits, test_z))
    z32, logits32, test32, test_z32 = arrays
    return ModelOutputs(z32, logits32, label, forget, test32, test_label, (), test_z32)
