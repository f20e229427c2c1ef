"""What the measures that compare models share: probabilities, and the references or a reason."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from cu_core.spec import Floats, Ints, ModelOutputs, NotComputed

Doubles = NDArray[np.float64]


def numbers(what: str, *arrays: Floats | Doubles) -> None:
    """NotComputed where a value is NaN or infinite: comparing it would give a number of its own."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise NotComputed(f"some {what} are no numbers")


def standard_error(percent: float, n: int) -> float:
    """In points, of a percentage over n samples, by Agresti and Coull: not 0 at 0 and 100 %."""
    p = (percent / 100 * n + 2) / (n + 4)
    return 100.0 * float(np.sqrt(p * (1 - p) / (n + 4)))


def probabilities(logits: Floats) -> Doubles:
    """Softmax of the rows (N, C), in double precision."""
    p: Doubles = softmax(logits.astype(np.float64), axis=1)
    return p


def losses(logits: Floats, label: Ints) -> Doubles:
    """Cross-entropy in nats of each sample: (N,)."""
    log_p = log_softmax(logits.astype(np.float64), axis=1)  # (N, C)
    loss: Doubles = -log_p[np.arange(len(label)), label]
    return loss


def forget_mask(scene: ModelOutputs) -> NDArray[np.bool_]:
    """``scene.is_forget``; NotComputed when the probe holds no forget sample."""
    if not scene.is_forget.any():
        raise NotComputed("the probe holds no forget samples")
    return scene.is_forget


def retrained_of(scene: ModelOutputs) -> tuple[ModelOutputs, ...]:
    """The retrained models to compare with, never the model itself. NotComputed without any."""
    if not scene.other_retrained:
        which = "a second" if scene.retrained else "one"
        raise NotComputed(f"{which} retrained seed at least is needed")
    return scene.other_retrained


def original_of(scene: ModelOutputs) -> ModelOutputs:
    """The model before unlearning. NotComputed where it was not looked at."""
    if scene.original is None:
        raise NotComputed("there is no original model to compare with")
    return scene.original
