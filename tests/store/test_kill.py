"""kill -9 in the middle of writing: nothing that was acknowledged is lost, and it is known."""

import signal
import time
from contextlib import closing

import numpy as np
import pytest

from cu_core.store import RESUMABLE, Store
from tests.store.samples import REQUEST, arrays, child

WRITE_FOR_EVER = """
import sys
from cu_core.spec import RunProgress, StepLog
from cu_core.store import RunWriter, Store
from tests.store.samples import arrays
store = Store(sys.argv[1], bundled=None)
with store.claim_run(sys.argv[2], ("queued", "lost")) as claimed:
    writer = RunWriter(store, claimed.run_id)
    writer.move("starting", "running")
    start = int(sys.argv[3])
    writer.truncate(start)
    for step in range(start, 10**6):
        log = StepLog(step, 0.0, {"a": step + 0.5, "b": float("nan")})
        writer.steps([log], RunProgress(step=step))
        if step % 5 == 0:
            writer.snapshot(step, **arrays(step))
        print(step, flush=True)
"""


def test_every_acknowledged_step_outlives_its_writer(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    start = 0
    for round_ in range(3):
        writer = child(WRITE_FOR_EVER, store.home, run_id, start)
        assert writer.stdout is not None
        first = int(writer.stdout.readline())
        time.sleep(0.1 + 0.13 * round_)
        writer.kill()
        acknowledged = [first, *map(int, writer.stdout.read().split())]
        writer.wait()
        last = acknowledged[-1]
        assert acknowledged == list(range(start, last + 1))
        reader = store.reader(run_id)
        steps, values = reader.metrics()["loss/a"]
        assert steps[: last + 1] == list(range(last + 1)) and len(steps) <= last + 2
        assert values == [step + 0.5 for step in steps]
        frames = reader.frames()
        assert frames.damaged == 0
        assert frames.steps[: last // 5 + 1] == list(range(0, last + 1, 5))
        for step, xy in zip(frames.steps, frames.xy, strict=True):
            np.testing.assert_array_equal(xy, arrays(step)["xy"])
        assert reader.progress().step in (last, last + 1)
        record = store.run(run_id)
        assert (record.state, record.step) == ("lost", reader.progress().step)
        start = last // 2  # resumes from an earlier checkpoint: nothing may double
    with store.claim_run(run_id, RESUMABLE):
        assert store.run(run_id).state == "starting"


KILLED_WHILE_MADE = """
import os, signal, sys
from cu_core.store import RunWriter, Store, sql
store = Store(sys.argv[1], bundled=None)
real = sql.create
def create(connection, tables, wal):
    real(connection, tables, wal)
    # What is half-made here must not be where a reader looks: its journal could not be undone.
    assert not (store.paths.run(sys.argv[2]) / "run.db").exists()
    os.kill(os.getpid(), signal.SIGKILL)
sql.create = create
with store.claim_run(sys.argv[2], ("queued", "lost")) as claimed:
    RunWriter(store, claimed.run_id)
"""


def test_a_run_killed_while_its_database_is_made_is_lost_and_not_damaged(store: Store) -> None:
    run_id = store.enqueue(REQUEST)
    assert child(KILLED_WHILE_MADE, store.home, run_id).wait() == -signal.SIGKILL
    assert store.run(run_id).state == "lost"
    with store.claim_run(run_id, RESUMABLE), closing(store.writer(run_id)) as writer:
        writer.move("starting", "running")
        assert store.run(run_id).state == "running"
    assert not [*store.paths.run(run_id).glob(".making*")]


KILLED_MIDWAY = """
import os, signal, sys
from cu_core.spec import UnlearnRequest
from cu_core.store import RunWriter, Store
import cu_core.store.runs as runs
store = Store(sys.argv[1], bundled=None)
real = os.rename
def rename(a, b):
    if sys.argv[2] == "after":
        real(a, b)
    os.kill(os.getpid(), signal.SIGKILL)
runs.os.rename = rename
if sys.argv[3] == "enqueue":
    store.enqueue(UnlearnRequest())
else:
    store.delete(store.runs()[0].run_id)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("act", ["enqueue", "delete"])
def test_killed_between_the_folder_and_the_row(store: Store, moment: str, act: str) -> None:
    kept = store.enqueue(REQUEST)
    process = child(KILLED_MIDWAY, store.home, moment, act)
    assert process.wait(30) == -9
    states = {r.run_id: r.state for r in store.runs()}
    if act == "enqueue":
        assert states.pop(kept) == "queued"
        assert list(states.values()) == ([] if moment == "before" else ["stopped"])
    else:
        assert states == {kept: "queued" if moment == "before" else "damaged"}
        store.delete(kept)
        assert store.runs() == []
    store.enqueue(REQUEST)
    assert store.runs()[0].state == "queued"
