"""What two pictures in a row say of one another, by construction and on the record of a run."""

from pathlib import Path

import numpy as np
import pytest

from cu_core.runs.execute import events, execute
from cu_core.runs.successive import Successive
from cu_core.spec import ModelOutputs, Snapshot, UnlearnRequest
from cu_core.store import Store

SURE = 1.0  # a logit above all others


def scene(z: np.ndarray, answer: np.ndarray, sure: np.ndarray, label: np.ndarray) -> ModelOutputs:
    """Four samples are to be forgotten, all of class 1; the others are kept."""
    logits = np.zeros((len(label), 3), np.float32)
    logits[np.arange(len(label)), answer] = sure
    is_forget = np.arange(len(label)) >= len(label) - 4
    none = np.zeros((0, 3), np.float32)
    return ModelOutputs(z, logits, label, is_forget, none, np.zeros(0, np.int64), (1,))


@pytest.fixture
def empty(tmp_path: Path) -> Successive:
    store = Store(tmp_path, bundled=None)
    return Successive(store.reader(store.enqueue(UnlearnRequest())))


LABEL = np.array([0] * 6 + [2] * 6 + [1] * 4)
HOME = np.eye(3, dtype=np.float32)[LABEL]
ANGLES = np.array([0.5, 0.5, 0.5, 1.2])  # of the forget samples away from their class's direction


def turned(angles: np.ndarray) -> np.ndarray:
    z = HOME.copy()
    z[-4:] = np.stack([np.zeros(4), np.cos(angles), np.sin(angles)], 1)
    return z


def test_the_first_picture_has_neither(empty: Successive) -> None:
    assert empty.values(0, scene(HOME, LABEL, np.full(16, SURE), LABEL)) == {}


def test_answers_that_changed_are_counted_among_all_samples(empty: Successive) -> None:
    sure, other = np.full(16, SURE), LABEL.copy()
    other[:2], other[-1] = 2, 0
    empty.values(0, scene(HOME, LABEL, sure, LABEL))
    assert empty.values(4, scene(HOME, other, sure, LABEL))["changed"] == 100 * 3 / 16
    assert empty.values(8, scene(HOME, other, sure, LABEL))["changed"] == 0.0


@pytest.mark.parametrize(
    ("last_goes", "last_is_surer", "share"),
    [
        (0.8, 1.0, 25.0),  # farther from its class, and better recognised
        (-0.8, -1.0, 25.0),  # nearer, and worse
        (0.8, -1.0, 0.0),  # farther and worse: as it is meant
        (-0.8, 1.0, 0.0),
        (0.8, 0.0, 0.0),  # its loss stays
        (0.0, 1.0, 0.0),  # it stays
        (0.8, 0.001, 0.0),  # within the noise
    ],
)
def test_a_sample_moves_against_its_loss_when_the_two_part(
    empty: Successive, last_goes: float, last_is_surer: float, share: float
) -> None:
    sure, angles = np.full(16, SURE), ANGLES.copy()
    angles[-1] = 1.2 if last_goes <= 0 else 0.6
    empty.values(0, scene(turned(angles), LABEL, sure, LABEL))
    sure, angles = sure.copy(), angles.copy()
    sure[-1] += last_is_surer
    angles[-1] += last_goes
    assert empty.values(1, scene(turned(angles), LABEL, sure, LABEL))["against"] == share


def test_where_all_that_is_kept_moves_as_far_nothing_stands_out(empty: Successive) -> None:
    """Noise is what the retain samples do, which nothing is to move."""
    sure, angles = np.full(16, SURE), ANGLES.copy()
    angles[-1] = 0.6
    empty.values(0, scene(turned(angles), LABEL, sure, LABEL))
    sure[-1], sure[:-4] = SURE + 1, SURE - 2
    angles[-1] = 1.4
    assert empty.values(1, scene(turned(angles), LABEL, sure, LABEL))["against"] == 0.0


def test_a_run_has_them_from_its_second_picture_on_also_where_it_was_taken_up(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    request = UnlearnRequest(max_steps=6, every=2, probe_size=200, reference=False)
    whole, broken = store.claim_new(request), store.claim_new(request)
    execute(store, whole)
    curves = store.reader(whole.run_id).metrics()
    assert curves["changed"][0] == curves["against"][0] == [2, 4, 6]
    frames = store.reader(whole.run_id).frames()
    flips = (frames.pred[1:] != frames.pred[:-1]).mean(1)
    np.testing.assert_allclose(curves["changed"][1], 100 * flips)

    course = events(store, broken)
    for event in course:
        if isinstance(event, Snapshot) and event.step == 4:
            break
    course.close()
    execute(store, store.claim_run(broken.run_id, ("stopped",)))
    again = store.reader(broken.run_id).metrics()
    assert (again["changed"], again["against"]) == (curves["changed"], curves["against"])
