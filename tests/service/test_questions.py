"""What a worker tells a page: images of each class, and a wait that is 0 for what is there."""

import pytest

from cu_core.service.looking import SAMPLES, describe
from cu_core.service.questions import preflight
from cu_core.spec import DescribeDataset, Preflight, UnlearnRequest
from cu_core.store import Store


@pytest.fixture
def store(tmp_path) -> Store:  # type: ignore[no-untyped-def]
    return Store(tmp_path)


def test_a_data_set_is_told_with_a_few_images_of_each_class(store: Store) -> None:
    told = describe(store, DescribeDataset(key="digits"))
    assert [len(one.samples) for one in told.classes] == [SAMPLES] * 10
    assert all(it.startswith("data:image/png;base64,") for it in told.classes[3].samples)


def test_the_wait_has_three_parts_and_what_comes_with_lethe_takes_none(store: Store) -> None:
    told = preflight(store, Preflight(request=UnlearnRequest()))
    waits = told.waits
    assert [*waits] == ["learn", "forget", "compare"]
    assert waits["learn"].left == 0 and told.original == "ready"  # bundled with its map
    forget, compare = waits["forget"].left, waits["compare"].left
    assert forget and compare and told.verdict == pytest.approx(forget + compare)
    assert told.guess and told.first_picture is not None


def test_a_run_without_a_reference_waits_for_no_retrained_model(store: Store) -> None:
    asked = UnlearnRequest()
    whole = preflight(store, Preflight(request=asked)).waits["compare"].left
    alone = (
        preflight(store, Preflight(request=asked.model_copy(update={"reference": False})))
        .waits["compare"]
        .left
    )
    assert whole is not None and alone is not None
    assert alone < whole


def test_a_model_that_is_to_be_trained_is_in_the_wait(store: Store) -> None:
    told = preflight(store, Preflight(request=UnlearnRequest(model_seed=7)))
    assert told.waits["learn"].left and told.waits["learn"].guess
    assert told.original == "to be trained first"
