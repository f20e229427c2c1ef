"""A model that is seen to learn: the same weights, a picture that is whole, a training that goes on
whatever becomes of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core import engine
from cu_core.data.probe import make_probe
from cu_core.errors import StoreError
from cu_core.runs import learning as module
from cu_core.runs import reference_models
from cu_core.runs.learning import Learning
from cu_core.runs.resolve import Setup
from cu_core.spec import UnlearnRequest
from cu_core.store import Store
from cu_core.store.views import LEARNING


class Stopped(Exception):
    pass


class Training:
    """The original of a small request, in a home of its own."""

    def __init__(self, home: Path, model: str = "mlp") -> None:
        rng = np.random.default_rng(0)
        y = np.arange(60) % 3
        x = (rng.normal(size=(60, 6)) + 2 * y[:, None]).astype(np.float32)
        if model != "mlp":  # pictures, for a network with statistics of its own
            x = rng.integers(0, 99, (60, 8, 8), np.uint8) + 50 * y[:, None, None].astype(np.uint8)
        home.mkdir(exist_ok=True)
        np.savez(home / "rows.npz", x_train=x, y_train=y, x_test=x, y_test=y)
        request = UnlearnRequest(dataset=f"npz:{home / 'rows.npz'}", model=model, forget="class:1")
        self.store = Store(home, bundled=None)
        self.run_id = self.store.enqueue(request)
        self.claimed = self.store.claim_run(self.run_id)
        self.store.writer(self.run_id).close()
        self.setup = Setup(request, home)
        assert self.setup.forget is not None
        self.probe = make_probe(self.setup.dataset, self.setup.forget)

    def looker(self) -> Learning:
        observer = engine.Observer(self.setup.resident, self.probe)
        return Learning(self.store, self.run_id, self.probe, observer)

    def train(self, learning: Learning | None, stop_at: int = 0) -> bytes:
        """The trained model's file."""

        def tick(phase: str, done: int, total: int, values: Any) -> None:
            if done == stop_at:
                raise Stopped

        with self.setup.computing():
            made = reference_models.ensure(self.store, self.setup, None, tick, learning)
        return self.store.weights(made).read_bytes()

    def picture(self) -> tuple[dict[str, Any], dict[str, Any]]:
        found = self.store.reader(self.run_id).view(LEARNING)
        assert found is not None
        return found


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many looks as there may be, whatever they cost here."""
    monkeypatch.setattr(module, "SHARE", 1e6)
    monkeypatch.setattr(module, "MOST", 8)
    monkeypatch.setattr(module, "PACED", 0.0)


def weights(data: bytes) -> dict[str, Any]:
    from safetensors.numpy import load

    return {name: value.tobytes() for name, value in load(data).items()}


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("model", ["mlp", "small-cnn"])
def test_looking_leaves_the_trained_weights_as_they_are(tmp_path: Path, model: str) -> None:
    alone, watched = Training(tmp_path / "a", model), Training(tmp_path / "b", model)
    assert weights(watched.train(watched.looker())) == weights(alone.train(None))
    arrays, facts = watched.picture()
    steps = facts["steps"]
    assert steps[0] == 0 and steps == sorted(set(steps)) and len(steps) == module.MOST + 1
    assert arrays["xy"].shape == (len(steps), len(watched.probe.index), 2)
    assert arrays["pred"].shape == (len(steps), len(watched.probe.index))
    assert np.isfinite(arrays["xy"]).all()
    assert facts["accuracy"][-1] > facts["accuracy"][0]
    assert watched.store.reader(watched.run_id).snapshots() == []


def test_what_looks_would_cost_too_much_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE", 0.0)
    training = Training(tmp_path / "home")
    training.train(training.looker())
    assert training.picture()[1]["steps"] == [0]


def test_a_training_taken_up_goes_on_with_its_picture(
    tmp_path: Path, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_models, "SAVE_EVERY_S", 0.0)  # its state is kept at each update
    training = Training(tmp_path / "home")
    with pytest.raises(Stopped):
        training.train(training.looker(), stop_at=30)
    before = training.picture()
    training.train(training.looker())
    arrays, facts = training.picture()
    kept = sum(step < 30 for step in before[1]["steps"])
    assert kept > 1 and facts["steps"][:kept] == before[1]["steps"][:kept]
    assert np.array_equal(arrays["xy"][:kept], before[0]["xy"][:kept])
    assert len(facts["steps"]) > kept and facts["steps"] == sorted(set(facts["steps"]))


def test_a_picture_that_cannot_be_kept_costs_the_picture_alone(
    tmp_path: Path, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path / "home")
    asked = []

    def full(*given: Any) -> None:
        asked.append(given)
        raise StoreError("No space is left.")

    monkeypatch.setattr(training.store, "save_view", full)
    assert training.train(training.looker()) and len(asked) == 1
