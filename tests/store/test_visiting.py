"""The store as visitors of a served app have it: for looking alone, and within limits."""

import inspect
from pathlib import Path

import pytest

from cu_core.errors import BadData, RunBusy, StoreError
from cu_core.files import CONFINED, confined, given_path
from cu_core.service import spawn
from cu_core.spec import DescribeDataset, ExactMap, Export, SweepRequest, UnlearnRequest
from cu_core.store import Store
from cu_core.store.visiting import LOOKING, ONLY_LOOKING, Limited, Limits, ReadOnly
from tests.store.samples import REQUEST

SWEEP = SweepRequest(base=UnlearnRequest(), axes={"lr": {"low": 0.01, "high": 0.1}})
CHANGES = ("enqueue", "delete", "rename", "command", "requeue", "move", "label", "receive",
           "new_sweep", "sweep_command", "delete_sweep", "delete_model", "save_story",
           "delete_story", "change_choice", "keep_choice", "rename_choice", "drop_choice",
           "open_choice", "writer", "claim", "save_handout")  # fmt: skip


def test_all_that_changes_a_home_is_refused_and_so_is_what_is_new(store: Store) -> None:
    looks = ReadOnly(store)
    public = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if name[0] != "_"}
    assert public >= LOOKING and public & set(CHANGES) == set(CHANGES)
    for name in public - LOOKING - {"ask"}:
        with pytest.raises(StoreError, match="for looking"):
            getattr(looks, name)()


def test_looking_itself_is_not_refused(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    given = {"run_id": run_id, "code": 1, "key": "digits", "name": "a name"}
    for looks in (ReadOnly(store), visit(store, runs=1)):
        for name in LOOKING & {
            "ahead",
            "failed_starts",
            "is_known",
            "is_ready",
            "start_failed",
            "news",
            "runs",
            "sweeps",
            "workers",
            "catalog",
            "pending",
        }:
            wanted = inspect.signature(getattr(Store, name)).parameters
            getattr(looks, name)(*(given[p] for p in wanted if p in given))


def test_a_visitor_may_stop_what_waits(store: Store) -> None:
    ann = visit(store, runs=1)
    assert ann.move(ann.enqueue(REQUEST), "queued", "stopped", "Stopped before it began.")
    assert ann.enqueue(REQUEST)


def test_what_is_there_is_seen_and_only_what_is_on_record_may_be_asked(store: Store) -> None:
    run_id, looks = store.enqueue(REQUEST), ReadOnly(store)
    assert looks.run(run_id) == store.run(run_id) and looks.runs() == store.runs()
    assert looks.home == store.home and looks.story_names() == []
    for asked in (DescribeDataset(key="digits"), ExactMap(run=run_id, step=0)):
        with pytest.raises(StoreError, match="for looking"):
            looks.ask(asked)
    number = looks.ask(Export(run=run_id, format="gif"))
    assert looks.answer(number) is not None and looks.cancel(number)


@pytest.mark.parametrize("start", [spawn.settle, spawn.lead])
def test_no_process_is_started_that_computes(store: Store, start: object) -> None:
    run_id = store.enqueue(REQUEST)
    with pytest.raises(StoreError) as refusal:
        start(ReadOnly(store), run_id)  # type: ignore[operator]
    assert str(refusal.value) == ONLY_LOOKING


def visit(store: Store, who: str = "ann", **limits: float) -> Limited:
    return Limited(store, lambda: who, Limits(**limits))  # type: ignore[arg-type]


def test_a_visitor_has_so_many_runs_at_once_and_others_have_theirs(store: Store) -> None:
    ann, bob = visit(store, runs=2), visit(store, "bob", runs=2)
    first, _ = ann.enqueue(REQUEST), ann.enqueue(REQUEST)
    with pytest.raises(
        StoreError, match=r"2 of the 2 runs .*'contrastive, class 5.*stop one.*SESSION_RUNS"
    ):
        ann.enqueue(REQUEST)
    assert len(store.runs()) == 2
    store.enqueue(REQUEST), bob.enqueue(REQUEST)  # nobody's, and another's
    store.move(first, "queued", "stopped")
    with pytest.raises(StoreError, match="2 of the 2"):
        (ann.enqueue(REQUEST), ann.requeue(first))
    again = visit(Store(store.home, bundled=None), runs=2)  # the server was started anew
    with pytest.raises(StoreError, match="2 of the 2"):
        again.enqueue(REQUEST)


def test_who_takes_a_run_up_has_it_from_then_on(store: Store) -> None:
    ann, bob = visit(store, runs=1), visit(store, "bob", runs=1)
    run_id = ann.enqueue(REQUEST)
    store.move(run_id, "queued", "stopped")
    assert bob.requeue(run_id)
    with pytest.raises(StoreError, match="1 of the 1"):
        bob.enqueue(REQUEST)
    assert ann.enqueue(REQUEST)


def test_a_sweep_counts_as_a_run_and_may_be_stopped_at_the_limit(store: Store) -> None:
    ann = visit(store, runs=1)
    sweep = ann.new_sweep(SWEEP)
    with pytest.raises(StoreError, match="1 of the 1"):
        ann.enqueue(REQUEST)
    with pytest.raises(StoreError, match="1 of the 1"):
        ann.new_sweep(SWEEP)
    assert ann.sweep_command(sweep, "stop") and ann.sweep_command(sweep, "more", 1)


def test_a_visitor_has_so_much_of_the_disk(store: Store) -> None:
    ann = visit(store, gb=1e-3)
    run_id = ann.enqueue(REQUEST)
    (store.paths.run(run_id) / "snapshots" / "big").write_bytes(bytes(1_100_000))
    with pytest.raises(StoreError, match=r"0\.00 GB on the disk.*0\.001 GB.*LETHE_SESSION_GB"):
        ann.enqueue(REQUEST)
    assert visit(store, "bob", gb=1e-3).enqueue(REQUEST)
    ann.delete(run_id)
    assert ann.enqueue(REQUEST)


def test_two_tabs_of_a_visitor_take_no_place_twice(store: Store) -> None:
    ann, beside = visit(store, runs=9), visit(store, runs=9)
    with ann._room(), pytest.raises(StoreError, match="just starting"):
        beside.enqueue(REQUEST)
    assert beside.enqueue(REQUEST)


def test_what_confines_who_asks_confines_whoever_answers(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The worker that takes it may be of another app on the same home, which is not confined."""
    monkeypatch.setenv(CONFINED, str(tmp_path))
    run_id, asked = store.enqueue(REQUEST), DescribeDataset(key="npz:/etc/passwd")
    number = store.ask(asked)
    assert store.open_question(asked) == number
    monkeypatch.delenv(CONFINED)
    taken, claimed = store.next_question(), store.claim_run(run_id)
    assert taken is not None and taken.payload == asked.model_dump()
    assert taken.within == claimed.within == str(tmp_path)
    with confined(claimed.within), pytest.raises(BadData, match="outside"):
        given_path("/etc/passwd")
    assert given_path("/etc/passwd") == Path("/etc/passwd")
    claimed.release()
    store.move(run_id, "starting", "stopped")
    visit(store, runs=9).requeue(run_id)
    assert store.claim_run(run_id).within == str(tmp_path)  # taken up by another: as it was


def test_a_run_whose_confines_cannot_be_read_does_not_run(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    (store.paths.run(run_id) / "begun.json").write_text("{")
    assert store.claim() is None
    record = store.run(run_id)
    assert record.state == "failed" and "what this run may read" in record.message
    with pytest.raises(RunBusy), store.ended(run_id), store.ended(run_id):
        pass
