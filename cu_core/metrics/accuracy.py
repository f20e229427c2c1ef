"""Accuracies in percent, and UA, the unlearning accuracy of arXiv:2304.04934 (Unlearn-Sparse).

A sample is right when its largest logit is that of its true label; one whose logits are no numbers
is wrong. In a run these come from the probe and are estimates; over whole sets (``over="all"``)
they are exact.
"""

import numpy as np
from numpy.typing import NDArray

from cu_core.spec import ModelOutputs, NotComputed, metric

PERCENT = (0.0, 100.0)


def percent_right(logits: NDArray[np.float32], label: NDArray[np.int64], what: str) -> float:
    """Percent of rows of ``logits`` (N, C) that are right. NotComputed when N = 0."""
    if len(label) == 0:
        raise NotComputed(f"there are no {what}")
    right = (logits.argmax(1) == label) & ~np.isnan(logits).any(1)  # argmax takes NaN for a largest
    return 100.0 * float(np.mean(right))


def forget_accuracy(scene: ModelOutputs) -> float:
    """Percent of the forget samples that are right."""
    f = scene.is_forget
    return percent_right(scene.logits[f], scene.label[f], "forget samples")


@metric(
    title="Forget accuracy (training)", unit="%", range=PERCENT, better="retrained", of="forget"
)
def forget_acc_train(scene: ModelOutputs) -> float:
    """Accuracy on the forget samples themselves, which the original model was trained on."""
    return forget_accuracy(scene)


@metric(
    title="Forget accuracy (test)",
    unit="%",
    range=PERCENT,
    better="retrained",
    of="forgotten test",
)
def forget_acc_test(scene: ModelOutputs) -> float:
    """Accuracy on test samples of the forgotten classes. A sample task has none."""
    if not scene.forget_classes:
        raise NotComputed("random forget samples have no counterpart in the test set")
    f = np.isin(scene.test_label, scene.forget_classes)
    return percent_right(
        scene.test_logits[f], scene.test_label[f], "test samples of the forgotten classes"
    )


@metric(title="UA, unlearning accuracy", unit="%", range=PERCENT, better="retrained", of="forget")
def ua(scene: ModelOutputs) -> float:
    """100 minus the accuracy on the forget samples (arXiv:2304.04934). Compare with retrained."""
    return 100.0 - forget_accuracy(scene)


@metric(title="RA, retain accuracy", unit="%", range=PERCENT, better="high", of="retain")
def ra(scene: ModelOutputs) -> float:
    """Accuracy on the retain samples."""
    r = ~scene.is_forget
    return percent_right(scene.logits[r], scene.label[r], "retain samples")


@metric(title="TA, test accuracy", unit="%", range=PERCENT, better="high", of="kept test")
def ta(scene: ModelOutputs) -> float:
    """Accuracy on the test set, in a class task without the forgotten classes."""
    kept = ~np.isin(scene.test_label, scene.forget_classes)
    return percent_right(scene.test_logits[kept], scene.test_label[kept], "test samples to keep")


@metric(title="Test accuracy, all classes", unit="%", range=PERCENT, better="retrained", of="test")
def test_acc(scene: ModelOutputs) -> float:
    """Accuracy on the whole test set, the forgotten classes included: what a training reports and
    the list of models shows."""
    return percent_right(scene.test_logits, scene.test_label, "test samples")
