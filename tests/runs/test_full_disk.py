"""A run whose disk fills: pictures are skipped, rows are waited with, and no bit of it is lost."""

import errno
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from cu_core.errors import Cancelled, DiskFull
from cu_core.runs import loop, waiting
from cu_core.runs import progress as reports
from cu_core.runs.execute import execute
from cu_core.spec import RunProgress, UnlearnRequest
from cu_core.spec.phases import UNLEARNING
from cu_core.store import RESUMABLE, Store, sql
from cu_core.store.mailbox import UNLISTED
from cu_core.store.patience import STOP, WAITS
from cu_core.store.sealed import WEIGHTS

REQUEST = UnlearnRequest(forget="class:5", reference=False, probe_size=300, max_steps=8, every=2)
Record = tuple[str, dict[str, Any]]


def record(store: Store, run_id: str) -> Record:
    """The weights of a run, and all its rows."""
    return store.run(run_id).summary.weights_sha256, store.reader(run_id).metrics()


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Of a run whose disk was never full."""
    store = Store(tmp_path_factory.mktemp("home"))
    claimed = store.claim_new(REQUEST)
    execute(store, claimed)
    return record(store, claimed.run_id)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(waiting, "AGAIN_S", 0.0)
    monkeypatch.setattr(reports, "REPORT_S", 0.0)
    return Store(tmp_path)


class Disk:
    """``is_full_for``: whether what is written now, a file or a transaction on a database, finds
    no room; ``by_looking``: so does whoever reads a database, as in WAL."""

    def __init__(self) -> None:
        self.is_full_for: Callable[[Path], bool] = lambda path: False
        self.by_looking = False


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made, replace, transaction = Disk(), os.replace, sql.transaction
    reading = sql.reading

    def put(source: Path, target: Path) -> None:
        if made.is_full_for(Path(target)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    @contextmanager
    def within(connection: Connection) -> Iterator[None]:
        with transaction(connection):
            yield
            path = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
            if made.is_full_for(Path(path)):
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise OperationalError("COMMIT", None, error)

    @contextmanager
    def looking(path: Path, mode: sql.Mode = "ro") -> Iterator[Connection]:
        if made.by_looking and made.is_full_for(path):
            raise DiskFull(f"{path} could not be read.")
        with reading(path, mode) as connection:
            yield connection

    monkeypatch.setattr(os, "replace", put)
    monkeypatch.setattr(sql, "reading", looking)
    monkeypatch.setattr(sql, "transaction", within)
    return made


def test_pictures_without_room_are_skipped_and_nothing_else_is(
    store: Store, disk: Disk, unbroken: Record
) -> None:
    claimed = store.claim_new(REQUEST)
    folder = store.paths.run(claimed.run_id)
    disk.is_full_for = lambda path: path.parent.name == "snapshots" and path.stem != "000000"
    assert execute(store, claimed).steps == 8
    assert record(store, claimed.run_id) == unbroken
    reader = store.reader(claimed.run_id)
    assert reader.frames().steps == [0] and reader.frames().damaged == 0
    assert [path.name for path in (folder / "snapshots").iterdir()] == ["000000.safetensors"]
    skipped = [event for event in reader.events() if event.kind == "skipped"]
    assert [event.step for event in skipped] == [2, 4, 6, 8]
    assert "MB are free" in skipped[0].text and "lethe gc" in skipped[0].text


def test_a_run_waits_with_every_row_until_there_is_room(
    store: Store, disk: Disk, unbroken: Record
) -> None:
    """Every transaction on either database is refused twice, then kept."""
    claimed = store.claim_new(REQUEST)
    folder, tries, said = store.paths.run(claimed.run_id), 0, set()

    def is_full_for(path: Path) -> bool:
        nonlocal tries
        if path.suffix != ".db" or not (folder / "run.db").exists():
            return False
        tries += 1
        if (folder / WAITS).exists():
            said.add(store.run(claimed.run_id).message.partition(", ")[2])
        return tries % 3 != 0

    disk.is_full_for = is_full_for
    assert execute(store, claimed).steps == 8
    disk.is_full_for = lambda path: False
    assert tries > 60 and record(store, claimed.run_id) == unbroken
    said.discard("")  # with its very last row it is done by the index
    assert len(said) == 1 and "goes on by itself" in said.pop()
    assert not (folder / WAITS).exists() and store.run(claimed.run_id).message == ""


@pytest.mark.parametrize("by_looking", [False, True])
def test_a_run_that_waits_can_be_stopped_and_resumed(
    store: Store, disk: Disk, unbroken: Record, by_looking: bool
) -> None:
    """Neither database takes a word, the person's Stop included."""
    claimed = store.claim_new(REQUEST)
    run_id, given = claimed.run_id, []

    def tell(progress: RunProgress) -> None:
        if progress.phase == UNLEARNING.key and progress.phase_done >= 5 and not given:
            disk.is_full_for, disk.by_looking = lambda path: path.suffix == ".db", by_looking
            given.append(store.command(run_id, "stop"))

    with pytest.raises(Cancelled, match="while the disk was full"):
        execute(store, claimed, tell)
    disk.by_looking = False
    assert given == [UNLISTED] and store.run(run_id).state == "lost"
    with pytest.raises(DiskFull, match="Free some space"):
        store.command(run_id, "resume")
    disk.is_full_for = lambda path: False
    assert execute(store, store.claim_run(run_id, RESUMABLE)).steps == 8
    assert record(store, run_id) == unbroken


def test_a_run_that_looks_for_commands_waits_for_the_room_that_takes(
    store: Store, disk: Disk, unbroken: Record
) -> None:
    claimed, refused, disk.by_looking = store.claim_new(REQUEST), 0, True

    def is_full_for(path: Path) -> bool:
        nonlocal refused
        refused += path.name == "app.db"
        return path.name == "app.db" and refused <= 5

    def tell(progress: RunProgress) -> None:
        if progress.phase == UNLEARNING.key:
            disk.is_full_for = is_full_for

    assert execute(store, claimed, tell).steps == 8
    assert refused > 5 and record(store, claimed.run_id) == unbroken


def test_a_run_that_waits_to_keep_its_weights_can_be_stopped_and_resumed(
    store: Store, disk: Disk, unbroken: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "SAVE_COSTS", 0.0)
    claimed = store.claim_new(REQUEST)
    run_id, folder = claimed.run_id, store.paths.run(claimed.run_id)

    def is_full_for(path: Path) -> bool:
        if full := path.name == WEIGHTS and path.parent == folder:
            (folder / STOP).touch()
        return full

    disk.is_full_for = is_full_for
    with pytest.raises(Cancelled, match="while the disk was full"):
        execute(store, claimed)
    assert (folder / "ckpt/last.pt").exists() and not (folder / WEIGHTS).exists()
    disk.is_full_for = lambda path: False
    assert execute(store, store.claim_run(run_id, RESUMABLE)).steps == 8
    assert record(store, run_id) == unbroken and not (folder / "ckpt/last.pt").exists()


def test_a_run_whose_record_has_no_room_is_let_go_when_it_is_stopped(
    store: Store, disk: Disk
) -> None:
    claimed = store.claim_new(REQUEST)
    folder = store.paths.run(claimed.run_id)

    def is_full_for(path: Path) -> bool:
        if full := path.name in ("run.db", ".making-run.db"):
            (folder / STOP).touch()
        return full

    disk.is_full_for = is_full_for
    with pytest.raises(Cancelled, match="while the disk was full"):
        execute(store, claimed)
    assert store.run(claimed.run_id).state == "lost"  # nobody holds it: it can be resumed


def test_a_run_that_is_taken_up_says_no_more_that_it_waits(store: Store) -> None:
    claimed = store.claim_new(REQUEST)
    mark = store.paths.run(claimed.run_id) / WAITS
    mark.touch()  # by a process that was killed while it waited
    with claimed, closing(store.writer(claimed.run_id)):
        assert not mark.exists()


def test_a_run_that_is_copied_in_waits_for_room_in_the_index(store: Store, disk: Disk) -> None:
    run_id = store.enqueue(REQUEST)
    with store.db.write() as connection:
        connection.exec_driver_sql("DELETE FROM run")
    disk.is_full_for = lambda path: path.name == "app.db"
    assert store.runs() == []
    disk.is_full_for = lambda path: False
    assert [one.run_id for one in store.runs()] == [run_id]


def test_a_run_can_be_deleted_where_the_index_has_no_room(store: Store, disk: Disk) -> None:
    run_id = store.enqueue(REQUEST)
    folder = store.paths.run(run_id)
    disk.is_full_for = lambda path: path.name == "app.db" and folder.exists()
    store.delete(run_id)
    assert store.runs() == [] and not any(store.paths.runs.iterdir())


def test_a_small_disk_that_fills_and_is_cleared(
    tmp_path: Path, unbroken: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "lethe", str(tmp_path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk to fill")
    monkeypatch.setattr(waiting, "AGAIN_S", 0.02)
    monkeypatch.setattr(reports, "REPORT_S", 0.0)
    try:
        store = Store(tmp_path / "home")
        claimed = store.claim_new(REQUEST)
        filler, mark = tmp_path / "filler", store.paths.run(claimed.run_id) / WAITS
        ended = threading.Event()

        def clear() -> None:
            while not mark.exists() and not ended.is_set():
                time.sleep(0.01)
            filler.unlink()

        def tell(progress: RunProgress) -> None:
            forgets = progress.phase == UNLEARNING.key and progress.phase_done >= 3
            if forgets and clears.ident is None:
                with suppress(OSError), filler.open("wb", buffering=0) as file:
                    while file.write(bytes(4096)):
                        pass
                clears.start()

        clears = threading.Thread(target=clear, daemon=True)
        try:
            assert execute(store, claimed, tell).steps == 8
        finally:
            ended.set()
            clears.join()
        assert record(store, claimed.run_id) == unbroken
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
