"""The models that come with Lethe: found by the first click on each set, so that nobody waits."""

from pathlib import Path

import pytest

from cu_core.runs.reference_models import original_id
from cu_core.runs.resolve import Setup
from cu_core.spec import UnlearnRequest
from cu_core.store import BUNDLED, Store

MOST = 2_000_000  # bytes, of all of them
SETS = (
    ("digits", "", "class:5"),
    ("digits", "wrong-labels:0.1", "planted"),
    ("signs", "", "class:yield"),
    ("signs", "trigger:0.05", "planted"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize(("dataset", "plant", "forget"), SETS)
def test_a_first_click_trains_nothing(store: Store, dataset: str, plant: str, forget: str) -> None:
    setup = Setup(UnlearnRequest(dataset=dataset, plant=plant, forget=forget), store.home)
    found = original_id(store, setup)
    assert store.has_model(found), f"{found} does not come with Lethe"
    record = store.model(found)
    assert store.weights(found).is_relative_to(BUNDLED)
    assert (record.dataset, record.dataset_hash) == (setup.dataset.key, setup.dataset.hash)
    assert record.class_names == setup.dataset.class_names


def test_no_other_comes_with_it(store: Store) -> None:
    assert len(store.models()) == len(SETS)


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in Path(BUNDLED).rglob("*") if path.is_file()) <= MOST
