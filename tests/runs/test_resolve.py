"""Plans are measured once and kept to; snapshots are as many as the run can afford."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cu_core import data, methods
from cu_core.models import calibrate
from cu_core.runs.cadence import usual_every
from cu_core.runs.reference_models import model_id, original_id
from cu_core.runs.resolve import Setup, method_of
from cu_core.spec import ComputePlan, Provenance, TrainRequest, UnlearnRequest
from cu_core.store import Store, plans
from tests.pages.fabricate import cached_model


@pytest.fixture
def images(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 4
    x = rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    path = tmp_path / "images.npz"
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    return f"npz:{path}"


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every measurement asked for; each answers bfloat16 unless another precision is wanted."""
    asked: list[Any] = []

    def fastest(model: Any, wanted: Any = None) -> ComputePlan:
        asked.append(model.architecture)
        return ComputePlan(precision=wanted or "bfloat16", threads=1)

    monkeypatch.setattr(calibrate, "fastest", fastest)
    monkeypatch.setattr(calibrate, "busy", lambda: False)
    return asked


def test_a_plan_is_measured_once_a_model_and_kept(
    images: str, tmp_path: Path, measured: list[Any]
) -> None:
    home = tmp_path / "home"
    Store(home)
    request = TrainRequest(dataset=images)
    assert Setup(request, home).plan == Setup(request, home).plan == ComputePlan(
        precision="bfloat16", threads=1
    )  # fmt: skip
    Setup(request.model_copy(update={"model": "resnet20"}), home).plan  # noqa: B018
    assert measured == ["small-cnn", "resnet20"]
    (home / plans.FILE).write_text("{")  # damaged: measured again
    assert Setup(request, home).plan.precision == "bfloat16" and len(measured) == 3


def test_a_busy_machine_is_not_measured(
    images: str, tmp_path: Path, measured: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path)
    monkeypatch.setattr(calibrate, "busy", lambda: True)
    assert Setup(TrainRequest(dataset=images), tmp_path).plan == ComputePlan(threads=calibrate.ALL)
    monkeypatch.setattr(calibrate, "busy", lambda: False)
    assert Setup(TrainRequest(dataset=images), tmp_path).plan.precision == "bfloat16"


def test_a_model_trained_in_bfloat16_is_another_model(
    images: str, tmp_path: Path, measured: list[Any]
) -> None:
    home = tmp_path / "home"
    Store(home)
    ids = {
        precision: model_id(Setup(TrainRequest(dataset=images, precision=precision), home), None)
        for precision in ("auto", "float32", "bfloat16")
    }
    assert ids["auto"] == ids["bfloat16"] != ids["float32"]


def test_an_original_in_float32_will_do_where_the_precision_is_left_to_the_machine(
    images: str, tmp_path: Path, measured: list[Any]
) -> None:
    """The models that come with Lethe were trained in float32, and a first click must not wait."""
    store = Store(tmp_path)
    plain = Setup(TrainRequest(dataset=images, precision="float32"), tmp_path)
    asked = Setup(TrainRequest(dataset=images), tmp_path)
    assert original_id(store, asked) == model_id(asked, None) != model_id(plain, None)
    cached_model(store, model_id(plain, None))
    assert original_id(store, asked) == model_id(plain, None)
    wanted = Setup(TrainRequest(dataset=images, precision="bfloat16"), tmp_path)
    assert original_id(store, wanted) == model_id(wanted, None)
    cached_model(store, model_id(asked, None))
    assert original_id(store, asked) == model_id(asked, None)


def test_a_run_that_is_taken_up_keeps_the_plan_it_began_with(images: str, tmp_path: Path) -> None:
    setup = Setup(TrainRequest(dataset=images), tmp_path)
    before = torch.get_num_threads()
    setup.keep_to(ComputePlan(layout="contiguous", threads=before + 1))
    assert setup.plan == ComputePlan(layout="contiguous", threads=before + 1)
    assert not (tmp_path / plans.FILE).exists() and torch.get_num_threads() == before
    with setup.computing():  # threads are the process's: the run's only while it computes
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_a_run_that_is_taken_up_keeps_the_recipe_and_knobs_it_began_with(
    images: str, tmp_path: Path
) -> None:
    """Whatever a preset, a default or a recipe has become since."""
    setup = Setup(UnlearnRequest(dataset=images, forget="class:1"), tmp_path)
    assert setup.forget is not None
    recipe = setup.recipe.model_copy(update={"epochs": 77})
    knobs = method_of(setup.request, setup.forget).model_dump() | {"temperature": 0.123}
    began = Provenance(method="contrastive", knobs=knobs, recipe=recipe.model_dump())
    setup.keep_to(None, began)
    assert setup.recipe.epochs == 77
    assert method_of(setup.request, setup.forget, began).model_dump() == knobs


@pytest.mark.parametrize(
    "shape,steps,looked_at,frames",
    [
        ((1, 8, 8), 60, 1700, 30),  # small samples: always so many
        ((3, 32, 32), 40, 4000, 5),  # at least so many
        ((3, 32, 32), 157, 3000, 20),  # 157 x 64 x 6 passes of an image, by 3000
        ((3, 32, 32), 9000, 3000, 60),
        ((3, 32, 32), 5, 3000, 5),
    ],
)
def test_snapshots_are_as_many_as_cost_what_the_updates_do(
    shape: tuple[int, ...], steps: int, looked_at: int, frames: int
) -> None:
    method = methods.get("contrastive").make(epochs=1, retain_batches=1)
    every = usual_every(method, steps, shape, looked_at)
    assert abs(-(-steps // every) - frames) <= max(1, frames // 10)


def test_another_method_or_knob_retrains_nothing(tmp_path: Path) -> None:
    Store(tmp_path)
    requests = (
        UnlearnRequest(),
        UnlearnRequest(hparams={"temperature": 0.2}, seed=7),
        UnlearnRequest(method="scrub", max_steps=3, probe_size=100),
    )
    setups = [Setup(request, tmp_path) for request in requests]
    assert len({model_id(setup, None) for setup in setups}) == 1
    assert len({model_id(setup, setup.forget) for setup in setups}) == 1


def test_data_are_read_once_for_requests_that_follow_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Setup(UnlearnRequest(dataset="digits", model="mlp"), tmp_path)
    there = first.resident
    with monkeypatch.context() as unread:
        unread.setattr(data, "load", lambda *_: pytest.fail("the data were read again"))
        next_one = UnlearnRequest(dataset="digits", model="mlp", forget="class:3")
        after = Setup(next_one, tmp_path, first)
    assert after.dataset is first.dataset and after.resident is there
    assert after.forget is not None and after.forget.classes == (3,)
    planted = UnlearnRequest(dataset="digits", plant="wrong-labels:0.1", forget="planted")
    other = Setup(planted, tmp_path, first)
    assert other.dataset.key != first.dataset.key and other.resident is not there
