"""The worker's end of the commands: who paused, what changes nothing, what it is to pause at."""

import shutil
import threading
import time
from collections.abc import Iterator

import pytest

from cu_core.events import Course, happened
from cu_core.runs.commands import Commands
from cu_core.runs.execute import execute
from cu_core.spec import ACTIVE, FINAL, RunProgress, UnlearnRequest
from cu_core.store import FolderGone, Store

ADA, BOB = "ada", "bob"


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def worker(store: Store) -> Iterator[Commands]:
    claimed = store.claim_new(UnlearnRequest())
    writer = store.writer(claimed.run_id)
    writer.move("starting", "running")
    with claimed:
        yield Commands(store, claimed.run_id, writer)
        writer.close()


def say(worker: Commands, verb: str, by: str = "", value: object = None) -> str:
    """Gives a command and lets the worker look; its answer."""
    given = worker.store.command(worker.run_id, verb, value, by)  # type: ignore[arg-type]
    worker.obey(24)
    note = worker.store.acknowledged(given)
    assert note is not None
    return note


def state(worker: Commands) -> tuple[str, str]:
    progress = worker.store.reader(worker.run_id).progress()
    return worker.store.run(worker.run_id).state, progress.paused_by


def test_two_sessions_that_pause_leave_it_paused_and_the_second_is_told(worker: Commands) -> None:
    assert say(worker, "pause", ADA) == "pause at 24"
    assert state(worker) == ("paused", ADA)
    assert say(worker, "pause", BOB) == "Already paused by another session."
    assert say(worker, "pause", ADA) == "Already paused by you."
    assert say(worker, "pause") == "Already paused by another session."
    assert state(worker) == ("paused", ADA)  # it is still whose it was


def test_two_pauses_taken_up_in_one_look_are_told_apart(worker: Commands) -> None:
    given = [worker.store.command(worker.run_id, "pause", None, by) for by in (ADA, BOB)]
    worker.obey(3)
    notes = [worker.store.acknowledged(id) for id in given]
    assert notes == ["pause at 3", "Already paused by another session."]


def test_two_sessions_that_resume_leave_it_running(worker: Commands) -> None:
    assert say(worker, "resume", ADA) == "Already running."
    say(worker, "pause", ADA)
    assert say(worker, "resume", BOB) == "resume at 24"
    assert say(worker, "resume", ADA) == "Already resumed by another session."
    assert say(worker, "resume", BOB) == "Already resumed by you."
    assert state(worker) == ("running", "")


def test_a_pause_ends_the_steps_that_are_under_way(worker: Commands) -> None:
    say(worker, "step", ADA, 5)
    say(worker, "step", BOB, 2)
    assert worker.paused and worker.allowance == 7
    assert say(worker, "pause", ADA) == "pause at 24"
    assert worker.allowance == 0
    assert say(worker, "pause", BOB) == "Already paused by another session."


def test_a_pause_at_an_event_says_what_happened(worker: Commands) -> None:
    worker.pause(why="the retain accuracy has fallen by 7 points, to 91 %")
    progress = worker.store.reader(worker.run_id).progress()
    assert progress.paused_for.startswith("the retain accuracy") and progress.paused_by == ""
    assert say(worker, "pause", ADA).startswith("Already paused: the retain accuracy has fallen")
    say(worker, "resume", ADA)
    assert worker.store.reader(worker.run_id).progress().paused_for == ""


def test_what_is_watched_for_is_on_record_before_it_is_acknowledged(
    worker: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a page that has the acknowledgement draws the record of before, and the choice back."""
    store, seen = worker.store, []

    def acknowledge(command_id: int, note: str) -> None:
        seen.append(store.reader(worker.run_id).progress().watch_for)
        Store.acknowledge(store, command_id, note)

    monkeypatch.setattr(store, "acknowledge", acknowledge)
    say(worker, "watch-for", ADA, ["mass-change"])
    assert seen == [("mass-change",)]


def test_what_is_watched_for_is_kept_on_record_and_unknown_kinds_are_left_out(
    worker: Commands,
) -> None:
    say(worker, "watch-for", ADA, ["mass-change", "an-event-of-another-version"])
    assert worker.watched == ("mass-change",)
    assert worker.store.reader(worker.run_id).progress().watch_for == ("mass-change",)
    say(worker, "watch-for", BOB, [])
    assert worker.watched == ()


REQUEST = UnlearnRequest(max_steps=16, every=2, probe_size=200, reference=False)


class Onlooker(threading.Thread):
    """A person who notes what a run pauses for, and resumes it."""

    def __init__(self, store: Store, run_id: str) -> None:
        super().__init__(daemon=True)
        self.store, self.run_id = store, run_id
        self.seen: list[tuple[int, str]] = []
        self.start()

    def run(self) -> None:
        while self.store.run(self.run_id).state not in FINAL:
            progress = self.store.reader(self.run_id).progress()
            if progress.state == "paused":
                self.seen.append((progress.step, progress.paused_for))
                given = self.store.command(self.run_id, "resume")
                while self.store.acknowledged(given) is None:
                    time.sleep(0.01)
            time.sleep(0.02)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    """A run that nobody holds."""
    store = Store(tmp_path_factory.mktemp("home"))
    claimed = store.claim_new(REQUEST)
    execute(store, claimed)
    return store, claimed.run_id


@pytest.mark.parametrize("told", ["by a command", "by the record of a run that is taken up"])
def test_a_run_pauses_at_what_it_watches_for_and_only_there(
    plain: tuple[Store, str], told: str
) -> None:
    store, other = plain
    curves = store.reader(other).metrics()
    steps, forget = curves["forget_acc_train"]
    eq9 = next(s for s, f, t in zip(steps, forget, curves["ta"][1], strict=True) if s and f <= t)

    claimed = store.claim_new(REQUEST)
    if told == "by a command":
        store.command(claimed.run_id, "watch-for", ["stop-rule"])
    else:
        writer = store.writer(claimed.run_id)
        writer.put(RunProgress(watch_for=("stop-rule",)))
        writer.close()
    person = Onlooker(store, claimed.run_id)
    execute(store, claimed)
    assert store.run(claimed.run_id).state == "done"
    assert (eq9, "the stopping rule “Stop at test accuracy (Eq. 9)” is met") in person.seen
    marked = {one.step for one in happened(course(store, claimed.run_id), ["stop-rule"])}
    assert {step for step, _ in person.seen} == marked
    weights = [store.run(run).summary.weights_sha256 for run in (other, claimed.run_id)]
    assert weights[0] == weights[1]  # a pause changes nothing


def course(store: Store, run_id: str) -> Course:
    reader = store.reader(run_id)
    return Course.of(reader.metrics(), reader.progress())


def test_a_run_whose_folder_is_taken_away_ends_even_while_it_rests(worker: Commands) -> None:
    """Another run's folder may lie in its place by then; nothing is written there."""
    folder, runs = worker.writer.folder, worker.store.home / "runs"
    say(worker, "pause", ADA)
    folder.rename(runs.parent / "taken-away")
    other = worker.store.enqueue(UnlearnRequest())
    (runs / other).rename(folder)
    for act in (
        lambda: worker.obey(24),
        lambda: worker.writer.put(RunProgress(step=25)),
        lambda: worker.writer.move(ACTIVE, "failed"),
    ):
        with pytest.raises(FolderGone, match="deleted or replaced"):
            act()
    assert not (folder / "run.db").exists()


def test_a_process_whose_run_is_taken_away_says_so_and_leaves_no_word(store: Store) -> None:
    claimed = store.claim_new(UnlearnRequest(reference=False))
    folder = store.home / "runs" / claimed.run_id

    def vanish(progress: RunProgress) -> None:
        if folder.exists():
            shutil.rmtree(folder)

    with pytest.raises(FolderGone, match="Start it anew"):
        execute(store, claimed, vanish)
    assert not folder.exists() and store.run(claimed.run_id).state == "damaged"
    store.delete(claimed.run_id)
    assert store.runs() == []
