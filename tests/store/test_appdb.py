"""app.db is an index: damaged, lost or newer, the runs are all still there."""

import multiprocessing
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cu_core.errors import StoreError
from cu_core.spec import SCHEMA_VERSION, DescribeDataset
from cu_core.store import RunReader, Store
from tests.store.samples import REQUEST, finished, running


def garbage(path: Path) -> None:
    path.write_bytes(b"this was a database once " * 1000)


def torn(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [garbage, torn, emptied, Path.unlink])
@pytest.mark.parametrize("reopen", [True, False])
def test_the_index_is_rebuilt_from_the_run_folders(store: Store, spoil, reopen: bool) -> None:  # type: ignore[no-untyped-def]
    done, queued = finished(store), store.enqueue(REQUEST)
    store.rename(done, "kept name")
    claimed, writer = running(store)
    gone = finished(store)
    (store.home / "runs" / gone / "run.db").unlink()
    spoil(store.home / "app.db")
    if reopen:
        store = Store(store.home, bundled=None)
    else:
        try:
            store.runs()
        except StoreError as error:
            assert "Try again" in str(error)
    records = {r.run_id: r for r in store.runs()}
    assert list(records) == [gone, claimed.run_id, queued, done]  # by id, newest first
    assert [r.state for r in records.values()] == ["stopped", "running", "stopped", "done"]
    assert records[done].name == "kept name" and records[done].summary.metrics == {"ua": 1.0}
    assert "queue it again" in records[queued].message
    assert store.requeue(queued) and store.run(queued).state == "queued"
    assert writer.move("running", "done")  # the live worker noticed nothing
    damaged = list(store.home.glob("app.db.damaged-*"))
    assert len(damaged) == (spoil in (garbage, torn))


def test_a_newer_index_is_read_and_never_written(store: Store) -> None:
    run_id = finished(store)
    with sqlite3.connect(store.home / "app.db") as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    before = (store.home / "app.db").read_bytes()
    newer = Store(store.home, bundled=None)
    assert newer.run(run_id).state == "done" and len(newer.runs()) == 1
    for write in (
        lambda: newer.enqueue(REQUEST),
        lambda: newer.move(run_id, "queued", "stopped"),
        lambda: newer.ask(DescribeDataset(key="digits")),
        lambda: newer.delete(run_id),
    ):
        with pytest.raises(StoreError, match="another version of Lethe"):
            write()
    assert (store.home / "app.db").read_bytes() == before
    assert os.listdir(store.home / "runs") == [run_id]


def test_stores_open_at_the_same_moment(home: Path) -> None:
    def work(i: int) -> str:
        return Store(home, bundled=None).enqueue(REQUEST, f"run {i}")

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(work, range(8)))
    assert {r.run_id for r in Store(home, bundled=None).runs()} == set(ids)


def forked(store: Store, reader: RunReader, run_id: str, queue) -> None:  # type: ignore[no-untyped-def]
    store.command(run_id, "pause")
    queue.put((store.run(run_id).state, reader.frames().steps))


def test_a_store_survives_a_fork(store: Store) -> None:
    run_id = finished(store)
    reader = store.reader(run_id)
    reader.frames()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=forked, args=(store, reader, run_id, queue))
    process.start()
    process.join(30)
    assert process.exitcode == 0 and queue.get() == ("done", [0, 10, 20])
    assert store.run(run_id).state == "done"


def test_opening_and_polling_cost_little(store: Store) -> None:
    claimed, writer = running(store)
    writer.metrics(1, {f"m{i}": 0.5 for i in range(12)})
    reader = store.reader(claimed.run_id)
    polls = {
        "open": (lambda: Store(store.home, bundled=None), 30),
        "progress": (reader.progress, 3),
        "snapshots": (lambda: reader.snapshots(0), 3),
        "metrics": (lambda: reader.metrics(0), 3),
        "pending": (lambda: store.pending(claimed.run_id), 3),
    }
    for name, (call, limit_ms) in polls.items():
        taken = []
        for _ in range(20):
            start = time.process_time()  # not the wall: this machine may be busy with others
            call()
            taken.append(1000 * (time.process_time() - start))
        assert min(taken) < limit_ms, f"{name}: {min(taken):.1f} ms"
