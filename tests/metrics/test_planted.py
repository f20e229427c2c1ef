"""Home and trigger success against what can be counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from cu_core import metrics
from cu_core.metrics.planted import planted_counts
from cu_core.spec import ModelOutputs, NotComputed, Probe
from tests.metrics.scenes import CLASSES, DIM, model

METRICS = metrics.all_metrics()


def home(scene: ModelOutputs) -> float:
    return float(METRICS["planted_home"].compute(scene))  # type: ignore[arg-type]


def spoilt(at_home: int, away: int, near: int = 60) -> ModelOutputs:
    """Samples of class 0 that were taught class 1: ``at_home`` of them lie among class 0, the
    others among class 1, each class ``near`` samples around an axis of its own."""
    rng, n = np.random.default_rng(0), 2 * near
    true = np.repeat([0, 1, 0], [near, near, at_home + away])
    label = np.where(np.arange(len(true)) < n, true, 1)
    lies = np.repeat([0, 1, 0, 1], [near, near, at_home, away])
    z = 5 * np.eye(2, DIM)[lies] + rng.normal(size=(len(true), DIM)) * 0.1
    whole = model()
    return replace(
        whole,
        z=z.astype(np.float32),
        logits=np.zeros((len(true), CLASSES), np.float32),
        label=label,
        true_label=true,
        is_forget=np.arange(len(true)) >= n,
        forget_classes=(),
    )


@pytest.mark.parametrize(("at_home", "away"), [(10, 0), (0, 10), (3, 9)])
def test_home_counts_those_that_lie_among_their_true_class(at_home: int, away: int) -> None:
    assert home(spoilt(at_home, away)) == pytest.approx(100 * at_home / (at_home + away))


def test_only_what_was_taught_a_wrong_class_is_asked() -> None:
    """A sample that is forgotten but has its true label has no way home to go."""
    scene = spoilt(4, 4)
    everything = replace(scene, is_forget=np.ones(len(scene.label), bool))
    assert home(everything) == home(scene) == 50.0


def test_home_without_anything_planted_says_why() -> None:
    for scene, said in (
        (model(), "nothing is planted"),
        (replace(spoilt(4, 4), is_forget=spoilt(4, 4).label < 0), "no forget sample was taught"),
        (replace(spoilt(4, 4), z=np.full((128, DIM), np.nan, np.float32)), "no numbers"),
    ):
        with pytest.raises(NotComputed, match=said):
            home(scene)


def test_trigger_success_is_the_share_of_answers_for_the_marks_class() -> None:
    logits = np.eye(CLASSES, dtype=np.float32)[[2, 2, 1, 0, 2]]
    scene = replace(model(), trigger_logits=logits, trigger_label=2)
    assert METRICS["planted_trigger"].compute(scene) == pytest.approx(60.0)
    with pytest.raises(NotComputed, match="no mark is planted"):
        METRICS["planted_trigger"].compute(model())
    with pytest.raises(NotComputed, match="no test images of other classes"):
        METRICS["planted_trigger"].compute(replace(scene, trigger_logits=logits[:0]))


def test_a_run_without_a_plant_has_reasons_and_tables_leave_them_out() -> None:
    values, reasons = metrics.measure(model())
    for key in ("planted_home", "planted_trigger"):
        assert values[key] is None and reasons[key].startswith("not computed: ")
        assert METRICS[key].quiet


def test_the_counts_are_of_those_that_are_asked() -> None:
    """Of six forget samples two were taught their true class; of five test images two are of the
    mark's class."""
    index, label = np.arange(8), np.zeros(8, np.int64)
    true = np.array([1, 1, 2, 2, 0, 0, 1, 0])
    probe = Probe(index, label, index < 6, index[:5], np.array([2, 2, 0, 1, 1]), true, 2)
    assert planted_counts(probe) == {"planted_home": 4, "planted_trigger": 3}
    assert planted_counts(replace(probe, true_label=None, trigger_label=None)) == {}
