"""Sweeps on disk: found again whatever became of their owner, deleted whole, never lost."""

import pytest

from cu_core.errors import BadRequest, RunBusy, UnknownRun
from cu_core.spec import TRIAL, SweepProgress, UnlearnRequest
from cu_core.store import Store
from tests.sweeps.made_up import made_up_sweep, request


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_what_was_asked_and_what_is_said_come_back(store):
    sweep_id = made_up_sweep(store, 5)
    record = Store(store.home).sweep(sweep_id)
    assert record.request == request(5) and record.state == "done"
    assert record.name == "contrast weight x temperature, class 5, digits"
    assert [trial.number for trial in record.progress.trials] == [0, 1, 2, 3, 4]
    assert sorted(store.pictures(sweep_id)) == [0, 1, 2, 4]
    assert [one.sweep_id for one in store.sweeps()] == [sweep_id]


def test_one_process_leads_and_one_that_is_gone_is_told(store):
    sweep_id = store.new_sweep(request())
    assert store.sweep(sweep_id).state == "queued"
    with store.owned(sweep_id):
        store.publish(sweep_id, SweepProgress(state="running"))
        assert store.sweep(sweep_id).state == "running" and store.is_owned(sweep_id)
        with pytest.raises(RunBusy), Store(store.home).owned(sweep_id):
            pass
    lost = store.sweep(sweep_id)
    assert lost.state == "lost" and lost.message.endswith("its runs are kept.")


def test_the_runs_of_a_sweep_are_in_no_other_list(store):
    sweep_id = store.new_sweep(request())
    own = store.enqueue(UnlearnRequest(trial=f"{sweep_id}/0"))
    other = store.enqueue(UnlearnRequest())
    assert [record.run_id for record in store.runs("unlearn")] == [other]
    assert [record.run_id for record in store.trial_runs(sweep_id)] == [own]
    assert len(store.runs()) == 2 and len(store.runs(TRIAL)) == 1
    (store.home / "app.db").unlink()  # the index is made anew from the folders
    assert [record.run_id for record in Store(store.home).runs("unlearn")] == [other]
    store.delete_sweep(sweep_id)
    assert [record.run_id for record in store.runs()] == [other] and not store.sweeps()


def test_a_damaged_record_hides_no_other_and_unknown_ones_are_refused(store):
    first, second = (made_up_sweep(store, 2) for _ in range(2))
    (store.home / "sweeps" / first / "request.json").write_text("{")
    assert {one.state for one in store.sweeps()} == {"damaged", "done"}
    with pytest.raises(UnknownRun, match="no sweep"):
        store.sweep("20200101-000000-000-abcdef")
    with pytest.raises(BadRequest, match="a sweep knows stop"):
        store.sweep_command(second, "jump")
    given = store.sweep_command(second, "more", 50, by="tab")
    assert [(c.id, c.verb, c.value, c.by) for c in store.pending(second)] == [
        (given, "more", 50, "tab")
    ]


def test_a_study_that_ships_is_read_and_never_led(store, tmp_path, monkeypatch):
    shipped = Store(tmp_path / "elsewhere")
    made = made_up_sweep(shipped, 4)
    (shipped.home / "sweeps" / made).rename(shipped.home / "sweeps" / "two-losses")
    monkeypatch.setattr("cu_core.store.sweeps.STUDIES", shipped.home / "sweeps")
    assert [one.sweep_id for one in store.studies()] == ["two-losses"] and not store.sweeps()
    assert store.sweep("two-losses").state == "done" and len(store.pictures("two-losses")) == 3
    with pytest.raises(BadRequest, match="recorded elsewhere"):
        store.sweep_command("two-losses", "more", 50)
    with pytest.raises(UnknownRun), store.owned("two-losses"):
        pass


def test_the_studies_that_ship_are_whole(store):
    """Every trial that ended has its picture."""
    for record in store.studies():
        trials = record.progress.trials
        done = {trial.number for trial in trials if trial.state == "done"}
        assert record.request and len(trials) == record.request.trials
        assert done == set(store.pictures(record.sweep_id)) and record.request.seeds == 3
