"""Which run comes from which, and the request of a branch from what is on record."""

import pytest

from cu_core.errors import BadRequest, UnknownRun
from cu_core.spec import Leg, Provenance, RunProgress, TrainRequest, UnlearnRequest
from cu_core.store import Store
from tests.store.samples import REQUEST, running

KNOBS = {"temperature": 0.7, "lr": 0.1}


def made(store: Store, steps: int = 20, **request: object) -> str:
    """A run with so many steps and its knobs on record, that nobody holds any more."""
    claimed, writer = running(store, **request)
    known = Provenance(method="contrastive", knobs=KNOBS)
    writer.put(RunProgress(step=steps, total=steps, every=5, provenance=known))
    assert writer.move("running", "stopped")
    writer.close()
    claimed.release()
    return claimed.run_id


def test_a_branch_repeats_its_parent_from_its_own_request(store: Store) -> None:
    run_id = made(store)
    branch = store.branch(run_id, 8, hparams={"lr": 0.5})
    assert branch.first == (Leg(until=8, method="contrastive", knobs=KNOBS),)
    assert branch.hparams == KNOBS | {"lr": 0.5} and branch.parent == run_id
    assert (branch.every, branch.forget, branch.branched_at) == (5, REQUEST.forget, 8)
    start = store.branch(run_id, 0)
    assert start.first == () and start.hparams == KNOBS


def test_from_the_middle_of_an_earlier_leg_it_goes_on_by_that_leg(store: Store) -> None:
    legs = (Leg(until=4, method="scrub", knobs={"a": 1}), Leg(until=9, method="coun", knobs={}))
    run_id = made(store, first=legs)
    assert store.branch(run_id, 2).first == (Leg(until=2, method="scrub", knobs={"a": 1}),)
    assert store.branch(run_id, 2).method == "scrub"
    at_turn = store.branch(run_id, 4)
    assert at_turn.first == legs[:1] and at_turn.method == "coun"
    assert store.branch(run_id, 9).first == legs
    assert store.branch(run_id, 9).method == "contrastive"
    other = store.branch(run_id, 12, method="scrub", preset="fast", hparams={"b": 2})
    assert other.first == (*legs, Leg(until=12, method="contrastive", knobs=KNOBS))
    assert (other.method, other.preset, other.hparams) == ("scrub", "fast", {"b": 2})


def test_what_has_no_such_step_is_refused(store: Store) -> None:
    run_id = made(store)
    for step in (-1, 21):
        with pytest.raises(BadRequest, match=rf"has made 20 steps.*got {step}"):
            store.branch(run_id, step)
    with pytest.raises(BadRequest, match="has not begun"):
        store.branch(store.enqueue(REQUEST), 0)
    with pytest.raises(BadRequest, match="forgets nothing"):
        store.branch(store.enqueue(TrainRequest()), 0)
    with pytest.raises(UnknownRun):
        store.branch("20260101-000000-000-abcdef", 0)


def test_a_family_is_listed_from_its_root_each_after_its_parent(store: Store) -> None:
    root = made(store)
    a, b = (made(store, parent=root) for _ in range(2))
    of_a, other = made(store, parent=a), made(store)
    for run_id in (root, a, b, of_a):
        assert [r.run_id for r in store.family(run_id)] == [root, a, of_a, b]
    assert [r.run_id for r in store.family(other)] == [other]
    store.delete(root)
    assert [r.run_id for r in store.family(of_a)] == [a, of_a]


def test_a_run_that_rests_does_not_keep_its_branch_waiting(store: Store) -> None:
    claimed, writer = running(store)
    store.enqueue(REQUEST)
    assert store.claim() is None
    assert writer.move("running", "paused")
    with store.claim() or pytest.fail("a paused run holds the only slot") as taken:
        assert taken.run_id != claimed.run_id
    writer.close()


def test_legs_are_in_order() -> None:
    with pytest.raises(ValueError, match="each leg must end after the one before it"):
        UnlearnRequest(first=(Leg(until=4, method="coun"), Leg(until=4, method="coun")))
