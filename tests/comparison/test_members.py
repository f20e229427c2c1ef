"""Which of the runs asked for stand side by side, and what is said of the others."""

from pathlib import Path

import pytest

from cu_core.comparison.members import MOST, members
from cu_core.spec import FetchRequest, UnlearnRequest
from cu_core.store import Store
from tests.pages.fabricate import finished


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, bundled=None)


def test_runs_stand_in_the_order_they_were_asked_for_each_once(store: Store) -> None:
    a, b = finished(store), finished(store)
    found = members(store, [b, a, b, ""])
    assert ([one.run_id for one in found.runs], found.said) == ([b, a], ())


def test_the_first_six_of_many_are_taken_and_that_is_said(store: Store) -> None:
    ids = [finished(store, frames=2) for _ in range(MOST)]
    found = members(store, [*ids, *(f"20260101-000000-000-{k:06x}" for k in range(14))])
    assert [one.run_id for one in found.runs] == ids
    assert found.said == ("Six runs at most stand side by side: these are the first six of 20.",)


def test_what_cannot_be_shown_is_named_and_hides_no_other(store: Store) -> None:
    there, unknown = finished(store), "20260101-000000-000-abcdef"
    waiting = store.enqueue(UnlearnRequest(), "mine")
    other = store.enqueue(FetchRequest(dataset="cifar10"), "a download")
    found = members(store, [unknown, "no id", waiting, other, there])
    assert [one.run_id for one in found.runs] == [there]
    assert unknown in found.said[0] and "no id" in found.said[1]
    assert found.said[2:] == (
        "mine is left out: it has no picture yet.",
        "a download is left out: it has no map.",
    )


def test_a_run_that_was_stopped_or_lost_is_shown_as_far_as_it_is(store: Store) -> None:
    ids = [finished(store, end="stopped"), finished(store, end=None)]
    assert [one.run_id for one in members(store, ids).runs] == ids
