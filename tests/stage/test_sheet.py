"""The sheet of a pinned sample: its neighbours are scikit-learn's, its distances a plain loop's."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neighbors import NearestNeighbors

from cu_core.metrics.centroids import centroid_own
from cu_core.spec import ModelOutputs, Probe, UnlearnRequest
from cu_core.stage.sheet import CLASSES, SNAPSHOTS, Sheets, counted, middles_of
from cu_core.store import RunReader, RunWriter, Store

P, D, C, GONE = 48, 6, 4, 3
STEPS = (0, 10, 20)
INDEX = 5 + 3 * np.arange(P)  # in the data: no row of the probe
LABEL = np.arange(P) % C
FORGET = LABEL == GONE
ROUNDED = 1e-4  # as distances are told


def embeddings(step: int, classes: int = C) -> Any:
    """float16 as on record: each class on a side of its own, the forgotten one on its way."""
    rng = np.random.default_rng(step)
    centre = np.random.default_rng(7).normal(size=(classes, D))
    z = centre[np.arange(P) % classes] + 0.5 * rng.normal(size=(P, D))
    z[FORGET] += step / 20 * (centre[0] - centre[GONE])
    return z.astype(np.float16)


def distances(z: Any, label: Any, kept: Any, n_classes: int) -> Any:
    counts = counted(label, kept)
    return middles_of(z, label, counts, n_classes).away(z, label, counts)


class Written:
    """A run that a test writes on, and its reader."""

    def __init__(self, store: Store) -> None:
        run_id = store.enqueue(UnlearnRequest())
        self.claimed = store.claim_run(run_id)
        self.writer: RunWriter = store.writer(run_id)
        self.writer.move("starting", "running")
        self.writer.probe(Probe(INDEX, LABEL, FORGET, np.arange(4), np.arange(4)))
        self.reader: RunReader = store.reader(run_id)

    def go(self, *steps: int, z: Any = None) -> None:
        for step in steps:
            given = embeddings(step) if z is None else z
            logits, xy = np.zeros((P, C), np.float32), np.zeros((P, 2), np.float32)
            self.writer.snapshot(
                step, z=given, logits=logits, test_logits=logits[:4], xy=xy, quality={}
            )

    def sheets(self) -> Sheets:
        probe = self.reader.probe()
        assert probe is not None
        return Sheets(self.reader, probe)


@pytest.fixture
def run(store: Store) -> Iterator[Written]:
    written = Written(store)
    yield written
    written.writer.close()
    written.claimed.release()


def by_sklearn(z: Any, row: int) -> list[int]:
    model = NearestNeighbors(n_neighbors=16, metric="cosine").fit(z.astype(np.float64))
    (found,) = model.kneighbors(z[row : row + 1].astype(np.float64), return_distance=False)
    return [int(INDEX[other]) for other in found if other != row]


def test_neighbours_are_those_of_scikit_learn_in_every_model(run: Written) -> None:
    run.go(*STEPS)
    retrained = embeddings(99)
    run.writer.probe_extras(ghost=np.zeros((P, 2), np.float32), ghost_z=retrained)
    sheets = run.sheets()
    for row in (0, GONE, P - 1):
        found = sheets.look([int(INDEX[row])], 10)
        assert found["at"] == 10 and found["missing"] == {}
        told = found["of"][str(INDEX[row])]
        assert told["start"] == by_sklearn(embeddings(0), row)
        assert told["now"] == by_sklearn(embeddings(10), row)
        assert told["retrained"] == by_sklearn(retrained, row)


def test_a_step_between_snapshots_is_answered_by_the_one_before(run: Written) -> None:
    run.go(*STEPS)
    sheets = run.sheets()
    assert [sheets.look([], step)["at"] for step in (0, 9, 10, 19, 500)] == [0, 0, 10, 10, 20]


def test_distances_are_those_of_a_plain_loop(run: Written) -> None:
    run.go(*STEPS)
    found = run.sheets().look([int(i) for i in INDEX], 20)
    assert found["steps"] == list(STEPS) and found["left_out"] == 0
    for t, step in enumerate(STEPS):
        z = embeddings(step).astype(np.float64)
        u = z / np.linalg.norm(z, axis=1, keepdims=True)
        for row in range(P):
            told = found["of"][str(INDEX[row])]
            assert told["classes"][0] == LABEL[row] and sorted(told["classes"]) == list(range(C))
            for c, values in zip(told["classes"], told["away"], strict=True):
                others = [
                    u[k] for k in range(P) if LABEL[k] == c and (c == GONE or not FORGET[k])
                    if k != row
                ]  # fmt: skip
                middle = np.mean(others, 0)
                away = 1 - u[row] @ middle / np.linalg.norm(middle)
                assert values[t] == pytest.approx(away, abs=ROUNDED)


def test_the_mean_of_the_forget_samples_is_the_measure_of_the_run() -> None:
    z = embeddings(10).astype(np.float32)
    scene = ModelOutputs(z, np.zeros((P, C)), LABEL, FORGET, np.zeros((4, C)), LABEL[:4], (GONE,))
    own = distances(z, LABEL, ~FORGET, C)[np.flatnonzero(FORGET), LABEL[FORGET]]
    assert own.mean() == pytest.approx(centroid_own.compute(scene), rel=1e-5)


def test_a_class_with_no_other_sample_has_no_middle() -> None:
    z = embeddings(0).astype(np.float32)
    label = np.where(np.arange(P) == 0, C, LABEL)
    away = distances(z, label, np.ones(P, bool), C + 2)
    assert np.isnan(away[0, C]) and np.isfinite(away[1, C])  # its own, and as seen by others
    assert np.isnan(away[:, C + 1]).all()  # nobody carries it
    assert_allclose(away[:, :C], np.clip(away[:, :C], 0, 2))


def test_a_damaged_snapshot_is_said_and_the_others_stand(run: Written) -> None:
    run.go(*STEPS)
    sheets = run.sheets()
    whole = sheets.look([5], 10)
    file = run.reader.snapshots()[1].path
    *sound, last = file.read_bytes()
    file.write_bytes(bytes([*sound, last ^ 1]))  # after it was read once
    found = sheets.look([5], 10)
    assert "snapshot of step 10 is damaged" in found["missing"]["now"]
    assert "now" not in found["of"]["5"]
    assert found["of"]["5"]["start"] == whole["of"]["5"]["start"]
    assert found["steps"] == [0, 20] and found["left_out"] == 1
    before, after = (
        dict(zip(told["classes"], told["away"], strict=True))
        for told in (whole["of"]["5"], found["of"]["5"])
    )
    assert {c: values[::2] for c, values in before.items()} == after


def test_embeddings_that_are_no_numbers_have_no_neighbours(run: Written) -> None:
    run.go(0)
    run.go(10, z=np.full((P, D), np.nan))
    found = run.sheets().look([5], 10)
    assert "of step 10 are no numbers" in found["missing"]["now"]
    assert len(found["of"]["5"]["start"]) == 15
    assert all(first is not None and then is None for first, then in found["of"]["5"]["away"])
    assert "NaN" not in json.dumps(found)


def test_what_is_not_known_of_the_retrained_model_is_said(run: Written) -> None:
    run.go(0)
    assert "No retrained model is on record" in run.sheets().look([5], 0)["missing"]["retrained"]
    run.writer.probe_extras(ghost=np.zeros((P, 2), np.float32))
    assert "recorded before" in run.sheets().look([5], 0)["missing"]["retrained"]


def test_nothing_is_said_of_what_is_not_there(run: Written) -> None:
    assert run.sheets().look([5], 0)["of"] == {}  # no snapshot yet
    run.go(0)
    assert list(run.sheets().look([5, 6], 0)["of"]) == ["5"]  # the probe has no 6


def test_of_a_long_run_every_so_many_snapshots_and_the_newest(run: Written) -> None:
    run.go(*range(2 * SNAPSHOTS))
    found = run.sheets().look([5], 7)
    gaps = np.diff(found["steps"])
    assert len(found["steps"]) <= SNAPSHOTS and set(gaps[:-1]) == {3}
    assert (found["steps"][0], found["steps"][-1]) == (0, 2 * SNAPSHOTS - 1)
    assert found["at"] == 7  # the neighbours are of any step


def test_a_long_look_goes_on_with_the_next_one(run: Written) -> None:
    run.go(*range(7))
    whole = run.sheets().look([5, 8], 3)
    assert (whole["looked"], whole["snapshots"]) == (7, 7)
    sheets = run.sheets()
    for looked in range(1, 8):
        found = sheets.look([5, 8], 3, seconds=0)
        assert found["looked"] == len(found["steps"]) == looked and found["snapshots"] == 7
        for index, told in found["of"].items():
            assert told["now"] == whole["of"][index]["now"]  # the neighbours are there at once
            lines = dict(
                zip(whole["of"][index]["classes"], whole["of"][index]["away"], strict=True)
            )
            for c, values in zip(told["classes"], told["away"], strict=True):
                assert values == [lines[c][step] for step in found["steps"]]
    assert found == whole


def test_what_a_tab_keeps_is_of_its_pins_alone(run: Written) -> None:
    run.go(*STEPS)
    sheets = run.sheets()
    for k in range(P):
        sheets.look([int(INDEX[k])], 10)
    held = [*sheets._near.values(), *sheets._away.values()]
    assert len(held) == 2 + len(STEPS) and all(list(part or ()) == [P - 1] for part in held)


def test_of_many_classes_the_own_one_and_the_nearest_are_told(store: Store) -> None:
    classes = 3 * CLASSES
    run = Written(store)
    label = np.arange(P) % classes
    run.writer.probe(Probe(INDEX, label, label == 0, np.arange(4), np.arange(4)))
    run.go(0, z=embeddings(0, classes))
    told = run.sheets().look([int(INDEX[2])], 0)["of"][str(INDEX[2])]
    z = embeddings(0, classes).astype(np.float32)
    away = distances(z, label, label != 0, classes)[2]
    away[2] = -1
    assert told["classes"] == np.argsort(away)[:CLASSES].tolist()
    run.writer.close()
    run.claimed.release()
