"""Who gets a run: compare-and-swap, locks, two claimers, and every order of events."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from cu_core.errors import RunBusy, StoreError
from cu_core.spec import ACTIVE
from cu_core.store import RESUMABLE, ClaimedRun, RunWriter, Store
from tests.store.samples import IN_MEMORY, REQUEST, child, running

CLAIM_ALL = """
import sys
from cu_core.store import RunWriter, Store
store, kept = Store(sys.argv[1], bundled=None), []
print("ready", flush=True)
sys.stdin.readline()
while claimed := store.claim(slots=1000):
    kept.append(claimed)
    print(claimed.run_id, flush=True)
"""
HOLD_ONE = """
import sys, time
from cu_core.store import RunWriter, Store
store = Store(sys.argv[1], bundled=None)
claimed = store.claim_run(sys.argv[2])
print("held", flush=True)
time.sleep(60)
"""


def test_the_oldest_queued_run_goes_first_and_slots_are_kept(store: Store) -> None:
    ids = [store.enqueue(REQUEST) for _ in range(3)]
    first = store.claim()
    assert first is not None and first.run_id == ids[0] and first.request == REQUEST
    assert store.run(ids[0]).state == "starting"
    assert store.claim() is None  # one slot, and it is taken
    second = store.claim(slots=2)
    assert second is not None and second.run_id == ids[1]
    store.move(ids[0], "starting", "done")
    first.release()
    third = store.claim(slots=2)
    assert third is not None and third.run_id == ids[2]


def test_a_sweeps_runs_are_for_its_own_workers_and_take_no_slot(store: Store) -> None:
    trial, other = (
        store.enqueue(REQUEST.model_copy(update={"trial": f"{sweep}/0"}))
        for sweep in ("20261129-120000-000-aaaaaa", "20261129-120000-000-bbbbbb")
    )
    assert store.claim() is None  # there is nothing for a worker behind a page
    own = store.enqueue(REQUEST)
    assert store.queued_trials("20261129-120000-000-aaaaaa") == [trial]
    claimed = store.claim_trial("20261129-120000-000-aaaaaa")
    assert claimed is not None and claimed.run_id == trial
    assert store.claim_trial("20261129-120000-000-aaaaaa") is None  # the other sweep's is not ours
    beside = store.claim()  # one slot, which the trial at work does not take
    assert beside is not None and beside.run_id == own
    assert store.run(other).state == "queued"


def test_a_move_happens_once(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    assert store.move(run_id, "queued", "stopped", "Stopped by you.")
    assert not store.move(run_id, "queued", "stopped")
    assert (store.run(run_id).state, store.run(run_id).message) == ("stopped", "Stopped by you.")
    assert store.move(run_id, ("failed", "stopped"), "queued")
    with pytest.raises(StoreError, match="lost"):
        store.move(run_id, "queued", "lost")


def test_a_second_worker_is_refused_and_writes_nothing(store: Store) -> None:
    claimed, _ = running(store)
    before = (store.home / "app.db").read_bytes()
    for states in (("queued",), RESUMABLE):
        with pytest.raises(RunBusy, match="held by another"):
            store.claim_run(claimed.run_id, states)
    with pytest.raises(RunBusy):
        store.requeue(claimed.run_id)
    assert (store.home / "app.db").read_bytes() == before


def test_two_processes_share_the_queue_without_a_run_twice(store: Store) -> None:
    ids = {store.enqueue(REQUEST) for _ in range(12)}
    workers = [child(CLAIM_ALL, store.home) for _ in range(2)]
    assert [w.stdout.readline() for w in workers if w.stdout] == ["ready\n"] * 2
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    taken = [line for w in workers for line in w.communicate(timeout=300)[0].split()]
    assert sorted(taken) == sorted(ids)


def test_lost_is_known_at_once_and_resumed_without_the_old_commands(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    worker = child(HOLD_ONE, store.home, run_id)
    assert worker.stdout is not None and worker.stdout.readline() == "held\n"
    assert store.run(run_id).state == "starting"
    with pytest.raises(RunBusy):
        store.claim_run(run_id, RESUMABLE)
    stop = store.command(run_id, "stop")
    worker.kill()
    worker.wait()
    assert store.run(run_id).state == "lost" and "Resume" in store.run(run_id).message
    assert store.acknowledged(stop) is None
    with store.claim_run(run_id, RESUMABLE):
        assert store.pending(run_id) == []  # a stop meant for the life before
        assert store.acknowledged(stop) == "The run was taken up again."
        assert store.run(run_id).state == "starting"
    assert store.requeue(run_id)
    back = store.command(run_id, "rewind", 10)
    with store.claim_run(run_id):
        assert [c.id for c in store.pending(run_id)] == [back]


def test_a_queued_run_that_cannot_be_read_does_not_block_the_queue(store: Store) -> None:
    bad, good = store.enqueue(REQUEST), store.enqueue(REQUEST)
    (store.home / "runs" / bad / "config.yaml").write_text("{")
    claimed = store.claim()
    assert claimed is not None and claimed.run_id == good
    assert store.run(bad).state == "damaged"


class RunLives(RuleBasedStateMachine):
    """Runs, workers that hold them and die, and any number of stores, against a dict."""

    ids = Bundle("ids")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(dir=IN_MEMORY))
        self.store = Store(self.home, bundled=None)
        self.state: dict[str, str] = {}  # as stored, oldest first
        self.held: dict[str, ClaimedRun] = {}

    def teardown(self) -> None:
        for claimed in self.held.values():
            claimed.release()
        shutil.rmtree(self.home)

    def shown(self, run_id: str) -> str:
        state = self.state[run_id]
        return "lost" if state in ACTIVE and run_id not in self.held else state

    @rule(target=ids)
    def enqueue(self) -> str:
        run_id = self.store.enqueue(REQUEST)
        RunWriter(self.store, run_id).close()
        self.state[run_id] = "queued"
        return run_id

    @rule(target=claims)
    def claim_new(self) -> str:
        claimed = self.store.claim_new(REQUEST)
        assert claimed.request == REQUEST
        RunWriter(self.store, claimed.run_id).close()
        return self.took(claimed)

    @rule(target=claims, slots=st.integers(1, 2))
    def claim(self, slots: int):  # type: ignore[no-untyped-def]
        alive = [i for i in self.held if self.state[i] in ACTIVE]
        free = [i for i, s in self.state.items() if s == "queued" and i not in self.held]
        claimed = self.store.claim(slots)
        expected = free[0] if free and len(alive) < slots else None
        assert (claimed.run_id if claimed else None) == expected
        return multiple() if claimed is None else self.took(claimed)

    @rule(target=claims, run_id=ids, froms=st.sampled_from([("queued",), RESUMABLE, ("lost",)]))
    def claim_run(self, run_id: str, froms):  # type: ignore[no-untyped-def]
        if run_id not in self.state:
            return multiple()
        fits = self.shown(run_id) in froms
        try:
            claimed = self.store.claim_run(run_id, froms)
        except RunBusy:
            assert run_id in self.held
        except StoreError:
            assert not fits and run_id not in self.held
        else:
            assert fits and run_id not in self.held
            return self.took(claimed)
        return multiple()

    def took(self, claimed: ClaimedRun) -> str:
        self.held[claimed.run_id] = claimed
        self.state[claimed.run_id] = "starting"
        return claimed.run_id

    @rule(
        run_id=ids,
        old=st.sampled_from(["queued", "starting", "running", "paused", "lost", "done", "stopped"]),
        new=st.sampled_from(["running", "paused", "done", "stopped", "failed", "queued"]),
    )
    def move(self, run_id: str, old, new) -> None:  # type: ignore[no-untyped-def]
        if run_id not in self.state:
            return
        was = self.state[run_id]
        fits = was == old or (old == "lost" == self.shown(run_id))
        legal = was != "done" and (was not in ("stopped", "failed") or new == "queued")
        assert self.store.move(run_id, old, new) == (fits and legal)
        if fits and legal:
            self.state[run_id] = new

    @rule(run_id=consumes(claims))
    def die(self, run_id: str) -> None:
        if run_id in self.held:
            self.held.pop(run_id).release()

    @rule(run_id=ids)
    def requeue(self, run_id: str) -> None:
        if run_id not in self.state or run_id in self.held:
            return
        fits = self.shown(run_id) in RESUMABLE
        assert self.store.requeue(run_id) == fits
        if fits:
            self.state[run_id] = "queued"

    @rule(run_id=consumes(ids))
    def delete(self, run_id: str) -> None:
        if run_id in self.held:
            with pytest.raises(RunBusy):
                self.store.delete(run_id)
        else:
            self.store.delete(run_id)
            del self.state[run_id]

    @rule()
    def reopen(self) -> None:
        self.store = Store(self.home, bundled=None)

    @invariant()
    def shown_as_expected(self) -> None:
        listed = {r.run_id: r for r in self.store.runs()}
        assert list(listed) == list(self.state)[::-1]
        for run_id, record in listed.items():
            assert record.state == self.shown(run_id)


RunLives.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRunLives = RunLives.TestCase
