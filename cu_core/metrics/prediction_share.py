"""Where the forget samples went: the model's predictions for them, class by class.

The difference of two such profiles (unlearned and retrained) generalises CoUn's "Avg. Diff."
(arXiv:2509.16391): a model may reach the retrained accuracy by other mistakes.
"""

import numpy as np

from cu_core.spec import Floats, ModelOutputs, NotComputed, metric


@metric(
    title="Forget samples predicted as",
    unit="%",
    range=(0.0, 100.0),
    better="retrained",
    per_class=True,
    of="forget",
)
def prediction_share(scene: ModelOutputs) -> Floats:
    """Percent of forget samples predicted as each class; sums to 100."""
    predicted = scene.logits[scene.is_forget].argmax(1)
    if len(predicted) == 0:
        raise NotComputed("there are no forget samples")
    count = np.bincount(predicted, minlength=scene.n_classes)
    share: Floats = (100.0 * count / len(predicted)).astype(np.float32)
    return share
