"""The owner of a sweep: every fault it must survive, with runs that are made up."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import delete

from cu_core.errors import Diverged, StoreError
from cu_core.files import CONFINED
from cu_core.spec import (
    GP_TRIALS,
    REPORTED,
    TUNING,
    SweepProgress,
    SweepRequest,
    Trial,
    UnlearnRequest,
    fronts,
    trial_of,
)
from cu_core.store import Store
from cu_core.store.appdb import RUN
from cu_core.store.begun import begun
from cu_core.sweeps import leading
from cu_core.sweeps.designs import spread
from cu_core.sweeps.owner import lead
from tests.pages.fabricate import CATALOG
from tests.sweeps.made_up import request
from tests.sweeps.places import MadeUpPlace, summary_of

KNOBS = {"contrast_weight", "temperature"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.save_catalog(CATALOG)
    return store


def begin(store: Store, trials: int = 6, **changes: object) -> str:
    return store.new_sweep(request(trials, **{"sampler": "qmc", **changes}))


def led(store: Store, sweep_id: str, end=None, slots: int = 2) -> SweepProgress:
    lead(store, sweep_id, MadeUpPlace(store, end, slots), poll_s=0.001)
    return store.sweep(sweep_id).progress


def once(state: str, message: str = "", number: int = 1):
    """An end for the first run of a trial, the first time: all others are done."""
    met: set[str] = set()

    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        if asked.trial and asked.trial.endswith(f"/{number}") and not met:
            met.add(run_id)
            place.write(run_id, state, message)
        else:
            place.done(run_id, asked)

    return end


def always(state: str, message: str):
    return lambda place, run_id, asked: place.write(run_id, state, message)


def idle(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
    """The run waits in the queue, as if all workers were at something else."""


class Killed(BaseException):
    """The owner's end at an arbitrary point: nothing after it is done."""


def test_a_sweep_runs_to_its_end(store):
    sweep_id = begin(store)
    place = MadeUpPlace(store)
    lead(store, sweep_id, place, poll_s=0.001)
    said = store.sweep(sweep_id).progress
    assert (said.state, said.wanted, place.closed) == ("done", 6, True), said.message
    assert [trial.number for trial in said.trials] == list(range(6))
    for trial in said.trials:
        asked = store.run(trial.run_id).request
        assert trial.state == "done" and trial.seconds == 0.75 and trial.knobs.keys() == KNOBS
        assert isinstance(asked, UnlearnRequest) and asked.hparams == trial.knobs
        assert asked.trial == f"{sweep_id}/{trial.number}"
        whole = summary_of(asked)
        gap = abs(whole.metrics[TUNING] - 92.0)
        assert trial.values == {"forget_gap": whole.metrics["ua"], "ta_gap": gap}
        assert trial.reported["ta_gap"] == abs(whole.metrics[REPORTED] - 91.0)
        assert trial.weights_sha256 == whole.weights_sha256
    assert place.begun == [trial.run_id for trial in said.trials]
    best = fronts(said.trials, ("forget_gap", "ta_gap"))
    assert best and {trial.number for trial in said.trials if trial.front} == best
    assert said.band == {"forget_gap": 0.5, "ta_gap": 1.0}
    assert any("one half of the test set" in note for note in said.notes)


def test_the_trials_may_read_what_whoever_began_the_sweep_might(store, monkeypatch):
    monkeypatch.setenv(CONFINED, "/srv/visitors")
    sweep_id = begin(store)
    monkeypatch.delenv(CONFINED)
    lead(store, sweep_id, MadeUpPlace(store), poll_s=0.001)
    for trial in store.sweep(sweep_id).progress.trials:
        assert begun(store.paths.run(trial.run_id)).within == "/srv/visitors"


def test_a_worker_that_dies_is_begun_once_more(store):
    said = led(store, begin(store), once("lost"))
    assert said.state == "done" and {trial.state for trial in said.trials} == {"done"}
    assert len(store.runs()) == 6


def test_what_crashes_twice_has_failed_and_the_others_go_on(store):
    counted: list[str] = []

    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        if asked.trial and asked.trial.endswith("/1"):
            counted.append(run_id)
            place.write(run_id, "failed", "The worker failed.")
        else:
            place.done(run_id, asked)

    said = led(store, begin(store), end)
    assert [trial.state for trial in said.trials] == ["done", "failed", *["done"] * 4]
    assert said.trials[1].message == "The worker failed." and len(counted) == 2
    assert not said.trials[1].front and said.state == "done"


@pytest.mark.parametrize("led_again", [False, True])
def test_what_is_lost_twice_has_failed_and_says_so_once(store, led_again):
    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        if asked.trial and asked.trial.endswith("/1"):
            place.write(run_id, "lost")
        else:
            place.done(run_id, asked)

    sweep_id = begin(store)
    said = led(store, sweep_id, end)
    if led_again:
        store.sweep_command(sweep_id, "more", 1)
        said = led(store, sweep_id, end)
    lost = said.trials[1]
    assert (lost.state, said.state) == ("failed", "done")
    assert lost.message == store.run(lost.run_id).message != ""
    with sqlite3.connect(store.paths.sweep_folder(sweep_id) / "study.db") as file:
        told = file.execute("SELECT COUNT(*) FROM trials").fetchone()
    assert told == (6 + led_again,)


def test_a_run_that_diverged_is_not_tried_again(store):
    diverged = str(Diverged("loss", 3))
    said = led(store, begin(store), once("failed", diverged))
    assert said.trials[1].state == "failed" and said.trials[1].message == diverged


def test_a_run_below_the_floor_is_done_and_never_on_the_front(store):
    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        if asked.trial and asked.trial.endswith("/1"):
            why = "Floor: test accuracy 12 % is below 50 %."
            best = {"ua": 0.0, "ra": 99.0, TUNING: 92.0, REPORTED: 91.0}
            summary = summary_of(asked).model_copy(
                update={"stopped": True, "stopped_by": why, "metrics": best}
            )
            place.write(run_id, "stopped", why, summary)
        else:
            place.done(run_id, asked)

    said = led(store, begin(store, floor=50.0), end)
    low = said.trials[1]
    assert (low.state, low.below_floor, low.front) == ("done", True, False)
    assert low.message.startswith("Floor:") and low.values == {"forget_gap": 0.0, "ta_gap": 0.0}
    assert any(trial.front for trial in said.trials)
    assert all(store.run(t.run_id).request.floor == 50.0 for t in said.trials)


def test_what_cannot_be_read_fails_with_its_reason(store):
    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        missing = {"rho_linear": None}
        place.done(run_id, asked, metrics=missing, reasons={"rho_linear": "the probe is blind"})

    said = led(store, begin(store, 3, objectives=("rho",)), end)
    assert {trial.state for trial in said.trials} == {"failed"}
    assert said.trials[0].message == (
        "Features left, |rho| could not be read (rho_linear: the probe is blind)."
    )


def test_a_base_that_never_works_ends_the_sweep(store):
    said = led(store, begin(store, 50), always("failed", "The data are gone."), slots=1)
    assert said.state == "failed" and len(said.trials) == leading.HOPELESS
    assert "The data are gone." in said.message


@pytest.mark.parametrize("state", ["done", "queued", "unlisted", "lost", "failed"])
def test_a_new_owner_takes_up_what_the_last_one_left(store, state):
    """The runs of two trials are on record, and nobody has heard of them but the store; of one that
    is unlisted its folder is there, and its owner died before the index knew."""
    sweep_id = begin(store)

    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        if len(place.begun) == 2:
            if state == "done":
                place.done(run_id, asked)
            elif state == "unlisted":
                with store.db.write() as connection:
                    connection.execute(delete(RUN).where(RUN.c.run_id == run_id))
            elif state != "queued":
                place.write(run_id, state, "")
            raise Killed
        place.done(run_id, asked)

    with pytest.raises(Killed):
        led(store, sweep_id, end)
    assert store.sweep(sweep_id).state in ("lost", "queued")
    said = led(store, sweep_id)
    assert said.state == "done" and len(said.trials) == 6 == len(store.runs())
    assert {trial.state for trial in said.trials} == {"done"}


def test_owners_that_are_killed_lose_and_double_nothing(store):
    """Owners that die in the middle of a begin, before or after the run itself; the settings are
    those of a sweep that nobody disturbed."""
    sweep_id = begin(store, 48)
    for lives, before in ((1, True), (14, False), (20, True)):

        def end(
            place: MadeUpPlace,
            run_id: str,
            asked: UnlearnRequest,
            last: int = lives,
            before: bool = before,
        ) -> None:
            dies = len(place.begun) == last
            if not (dies and before):
                place.done(run_id, asked)
            if dies:
                raise Killed

        with pytest.raises(Killed):
            led(store, sweep_id, end)
    said = led(store, sweep_id)
    assert [trial.number for trial in said.trials] == list(range(48))
    assert {trial.state for trial in said.trials} == {"done"} and len(store.runs()) == 48
    asked = store.sweep(sweep_id).request
    assert isinstance(asked, SweepRequest)
    assert [trial.knobs for trial in said.trials[::5]] == [
        spread(asked, (), number) for number in range(0, 48, 5)
    ]


def test_a_study_that_is_damaged_or_gone_is_rebuilt_from_the_runs(store):
    sweep_id = begin(store, 4, sampler="tpe")
    led(store, sweep_id)
    file = store.paths.sweep_folder(sweep_id) / "study.db"
    first = recorded(file)
    assert sorted(first) == [0, 1, 2, 3]
    file.write_bytes(b"no database" * 1000)
    store.sweep_command(sweep_id, "more", 2)
    said = led(store, sweep_id)
    assert len(said.trials) == 6 and {trial.state for trial in said.trials} == {"done"}
    after = recorded(file)
    assert sorted(after) == list(range(6)) and {n: after[n] for n in first} == first
    assert [*file.parent.glob("study.db.damaged-*")]
    file.unlink()
    led(store, sweep_id)
    assert recorded(file) == after


def recorded(file: Path) -> dict[int, float]:
    """number -> the first objective, as the study's file has it, which is in rollback mode."""
    with sqlite3.connect(file) as there:
        assert there.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        query = (
            "SELECT a.value_json, v.value FROM trial_user_attributes a JOIN trial_values v "
            "ON a.trial_id = v.trial_id WHERE a.key = 'number' AND v.objective = 0"
        )
        return {int(number): value for number, value in there.execute(query)}


def test_a_word_of_the_owner_that_is_damaged_is_said_again(store):
    sweep_id = begin(store, 3)
    before = led(store, sweep_id)
    (store.paths.sweep_folder(sweep_id) / "progress.json").write_text("{")
    after = led(store, sweep_id)
    assert after.trials == before.trials and after.state == "done"


def test_what_is_said_stays_where_what_was_asked_is_damaged(store):
    sweep_id = begin(store, 1)
    led(store, sweep_id)
    folder = store.paths.sweep_folder(sweep_id)
    said = (folder / "progress.json").read_bytes()
    (folder / "request.json").write_text("{")
    given = store.sweep_command(sweep_id, "resume")
    assert led(store, sweep_id).trials == () and "damaged" in (store.acknowledged(given) or "")
    assert (folder / "progress.json").read_bytes() == said


def test_stop_twice_then_resume_then_more(store):
    sweep_id = begin(store)
    stops: list[int] = []

    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        if len(place.begun) < 3:
            return place.done(run_id, asked)
        stops.extend(store.sweep_command(sweep_id, "stop") for _ in range(2))

    said = led(store, sweep_id, end, slots=1)
    assert said.state == "stopped" and len(said.trials) == 3
    assert [trial.state for trial in said.trials] == ["done", "done", "stopped"]
    assert store.acknowledged(stops[0]) == ""
    assert store.acknowledged(stops[1]) == "The sweep is stopped already."
    assert led(store, sweep_id).trials == said.trials  # nobody asked for more
    store.sweep_command(sweep_id, "resume")
    said = led(store, sweep_id)
    assert said.state == "done" and len(said.trials) == 6 == len(store.runs())
    store.sweep_command(sweep_id, "more", 2)
    assert len(led(store, sweep_id).trials) == 8
    refused = store.sweep_command(sweep_id, "more", 0)
    led(store, sweep_id)
    assert store.acknowledged(refused) == "More trials are a whole number of at least 1, got 0."


class Slow(MadeUpPlace):
    """Its runs are at work until they are told to end, which they do at the look after that."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, idle)
        self.told: list[str] = []

    def begin(self, run_id: str) -> None:
        super().begin(run_id)
        if len(self.begun) == 1:
            place = trial_of(self.store.run(run_id).request)
            assert place is not None
            self.store.sweep_command(place[0], "stop")
            self.store.sweep_command(place[0], "resume")
        else:
            request = self.store.run(run_id).request
            assert isinstance(request, UnlearnRequest)
            self.done(run_id, request)

    def stop(self, run_id: str) -> None:
        self.told.append(run_id)

    def look(self) -> None:
        for run_id in self.told:
            self.write(run_id, "stopped", "Stopped by you.")
        self.told.clear()


def test_what_is_resumed_while_it_is_ending_is_taken_up(store):
    sweep_id = begin(store, 2)
    place = Slow(store)
    place.slots = 1
    lead(store, sweep_id, place, poll_s=0.001)
    said = store.sweep(sweep_id).progress
    assert (said.state, [trial.state for trial in said.trials]) == ("done", ["done", "done"])
    assert place.begun.count(said.trials[0].run_id) == 2 and len(store.runs()) == 2


def test_what_has_failed_goes_on_when_asked_to_and_not_by_itself(store):
    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        if len(place.begun) == 3:
            raise StoreError("The disk cannot be written.")
        place.done(run_id, asked)

    sweep_id = begin(store)
    broken = led(store, sweep_id, end)
    assert (broken.state, broken.message) == ("failed", "The disk cannot be written.")
    store.sweep_command(sweep_id, "confirm")
    again = led(store, sweep_id)
    assert (again.state, again.message) == ("failed", broken.message)
    assert len(again.trials) == 3 and any(trial.confirmed for trial in again.trials)
    store.sweep_command(sweep_id, "resume")
    said = led(store, sweep_id)
    assert (said.state, said.message) == ("done", "")
    assert [trial.state for trial in said.trials] == ["done"] * 6


def test_a_stop_that_its_owner_did_not_live_to_carry_out_is_carried_out(store):
    sweep_id = begin(store)

    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        raise Killed

    with pytest.raises(Killed):
        led(store, sweep_id, end)
    store.sweep_command(sweep_id, "stop")
    said = led(store, sweep_id, idle)
    assert said.state == "stopped" and len(said.trials) == 1
    assert store.run(said.trials[0].run_id).state == "stopped"


def test_three_seeds_of_which_the_worst_counts(store):
    said = led(store, begin(store, 2, seeds=3))
    for trial in said.trials:
        assert len(trial.run_ids) == 3 and trial.confirmed
        runs = [store.run(run_id) for run_id in trial.run_ids]
        assert [run.request.seed for run in runs] == [0, 1, 2]
        assert trial.values["forget_gap"] == max(run.summary.metrics["ua"] for run in runs)


def test_the_front_is_confirmed_by_two_seeds_more(store):
    sweep_id = begin(store)
    before = led(store, sweep_id)
    front = {trial.number for trial in before.trials if trial.front}
    store.sweep_command(sweep_id, "confirm")
    after = led(store, sweep_id)
    assert {trial.number for trial in after.trials if trial.confirmed} == front
    for old, new in zip(before.trials, after.trials, strict=True):
        assert len(new.run_ids) == (3 if old.front else 1)
        raised = 0.2 if old.front else 0.0
        assert new.values["forget_gap"] == pytest.approx(old.values["forget_gap"] + raised)


def test_an_owner_that_is_killed_forgets_no_trial_that_is_to_be_confirmed(store):
    sweep_id = begin(store)
    before = led(store, sweep_id)
    front = {trial.number for trial in before.trials if trial.front}
    assert len(front) > 1
    store.sweep_command(sweep_id, "confirm")

    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        raise Killed

    with pytest.raises(Killed):  # at the first run of all that are to come
        led(store, sweep_id, end, slots=1)
    assert not store.pending(sweep_id)
    after = led(store, sweep_id)
    assert {trial.number for trial in after.trials if trial.confirmed} == front


def test_no_run_is_begun_without_room_and_it_goes_on_once_there_is(store, monkeypatch):
    sweep_id = begin(store)
    said: list[SweepProgress] = []
    monkeypatch.setattr("cu_core.sweeps.owner.LOOK_S", 0.0)

    def free() -> int:
        said.append(store.sweep(sweep_id).progress)
        return 10**6 if len(said) < 4 else 10**12

    monkeypatch.setattr(store, "free_bytes", free)
    ended = led(store, sweep_id)
    assert ended.state == "done" and len(ended.trials) == 6
    paused = next(one for one in said if one.state == "paused")
    assert "has 1 MB free" in paused.message and "needs 839 MB" in paused.message
    assert not paused.trials


def test_no_trial_begins_after_so_many_minutes_unless_more_are_asked_for(store):
    sweep_id = begin(store, 50, minutes=1e-6)
    said = led(store, sweep_id)
    assert said.state == "done" and said.wanted == len(said.trials) < 50
    store.sweep_command(sweep_id, "more", 3)
    assert len(led(store, sweep_id).trials) == said.wanted + 3


def test_a_grid_has_each_setting_once(store):
    axes = {"epochs": {"low": 1, "high": 3, "points": 3}, "variant": {"choices": ["paper"]}}
    sweep_id = begin(store, 30, axes=axes, sampler="grid")
    said = led(store, sweep_id)
    assert said.wanted == 3 and sorted(t.knobs["epochs"] for t in said.trials) == [1, 2, 3]
    more = store.sweep_command(sweep_id, "more", 1)
    led(store, sweep_id)
    assert "all are asked for" in (store.acknowledged(more) or "")


def test_a_gaussian_process_is_asked_for_no_more_than_it_is_for(store):
    sweep_id = begin(store, 1, sampler="gp")
    store.sweep_command(sweep_id, "stop")
    more = store.sweep_command(sweep_id, "more", 100)
    stop = store.sweep_command(sweep_id, "stop")
    assert led(store, sweep_id).wanted == GP_TRIALS - 1
    assert (store.acknowledged(more), store.acknowledged(stop)) == ("", "")


def test_one_owner_at_a_time_and_what_no_executor_makes_is_refused(store):
    sweep_id = begin(store, 2, executor="elsewhere")
    with store.owned(sweep_id):
        assert led(store, sweep_id).state == ""
    given = store.sweep_command(sweep_id, "resume")
    lead(store, sweep_id)
    record = store.sweep(sweep_id)
    assert record.state == "failed" and "No executor is called 'elsewhere'" in record.message
    assert store.acknowledged(given) == record.message


def test_the_picture_of_a_trial_is_its_last_frame(store):
    from cu_core.stage.trials import picture
    from tests.pages.fabricate import _write

    def end(place: MadeUpPlace, run_id: str, asked: UnlearnRequest) -> None:
        with store.claim_run(run_id):
            writer = store.writer(run_id)
            writer.move(("starting",), "running")
            _write(writer, [str(i) for i in range(10)], 60, 2)
            writer.finish(summary_of(asked))
            writer.move(("running",), "done")
            writer.close()

    sweep_id = begin(store, 1)
    trial: Trial = led(store, sweep_id, end).trials[0]
    file = store.pictures(sweep_id)[0]
    assert file.read_bytes() == picture(store.reader(trial.run_id))
