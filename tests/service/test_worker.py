"""However many ask for a worker, one waits; beside another it leaves; none starts beside a run."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from cu_core.errors import Cancelled, StoreError
from cu_core.service import catalog, spawn, worker
from cu_core.spec import Catalog, DescribeDataset, UnlearnRequest
from cu_core.store import Store
from cu_core.store.workers import MOST_STARTS

LONG_S = 120.0  # a shared machine
ASK = (
    "import sys; from cu_core.service.spawn import ensure_worker; from cu_core.store import Store;"
    "store = Store(sys.argv[1]); [ensure_worker(store, int(sys.argv[2])) for _ in range(3)]"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    for one in made.workers():
        if one.pid != os.getpid():
            os.kill(one.pid, signal.SIGTERM)
            psutil.wait_procs([psutil.Process(one.pid)] if psutil.pid_exists(one.pid) else [], 10)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def test_several_processes_that_ask_at_once_have_one_worker(store: Store) -> None:
    command = [sys.executable, "-c", ASK, str(store.home), str(os.getpid())]
    asking = [subprocess.Popen(command) for _ in range(4)]
    assert [one.wait(LONG_S) for one in asking] == [0] * 4
    assert [one.role for one in store.workers()] == ["idle"]
    started = [p for p in psutil.process_iter(["cmdline"]) if _serves(p, store)]
    assert [p.pid for p in started] == [store.workers()[0].pid]


def _serves(process: psutil.Process, store: Store) -> bool:
    words = process.info["cmdline"] or []
    return spawn.WORKER in words and str(store.home) in words


def test_a_worker_that_waits_beside_another_leaves(store: Store) -> None:
    for _ in range(2):  # as if the two had been started before either was on the list
        spawn._start(store, os.getpid())
    until(lambda: store.idle_workers() == 2)
    until(lambda: store.idle_workers() == 1)
    (left,) = store.workers()
    until(lambda: store.catalog() is not None)
    assert [one.pid for one in store.workers()] == [left.pid]


def test_of_two_idle_ones_exactly_one_is_spare(store: Store) -> None:
    places = [store.register_worker(pid) for pid in (11, 22)]
    assert [worker._is_spare(store, place) for place in places] == [False, True]
    store.set_role(places[0], "busy", "some-run")
    assert not worker._is_spare(store, places[1])
    for place in places:
        place.release()


@pytest.mark.parametrize(("at_once", "starts"), [(1, 0), (2, 1)])
def test_none_starts_beside_a_busy_one_where_runs_go_one_by_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int, starts: int
) -> None:
    begun: list[Store] = []
    monkeypatch.setattr(spawn, "slots", lambda: at_once)
    monkeypatch.setattr(spawn, "ensure_worker", lambda it, app: begun.append(it) or True)
    place = store.register_worker(os.getpid())
    store.set_role(place, "busy", "some-run")
    assert spawn.see_to_runs(store) is bool(starts)
    assert len(begun) == starts
    place.release()
    assert spawn.see_to_runs(store)  # nobody is there


def test_whoever_makes_a_file_keeps_no_run_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Store] = []
    monkeypatch.setattr(spawn, "slots", lambda: 1)
    monkeypatch.setattr(spawn, "ensure_worker", lambda it, app: begun.append(it) or True)
    place = store.register_worker(os.getpid(), "busy")  # with no run
    assert spawn.see_to_runs(store) and begun == [store]
    place.release()


def test_an_answer_that_nobody_wants_any_more_ends(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TELL_S", 0.0)
    number = store.ask(DescribeDataset(key="digits"))
    question = store.next_question()
    assert question is not None
    tell = worker._teller(store, question)
    tell(1_000, 50_000)
    answer = store.answer(number)
    assert answer is not None and answer.doing == "Reading 50,000 images: 1,000"
    store.cancel(number)
    with pytest.raises(Cancelled):
        tell(2_000, 50_000)


@pytest.mark.parametrize(("at_once", "state", "starts"), [(1, "paused", 1), (2, "running", 1)])
def test_the_next_one_starts_when_the_run_waits_or_there_is_room(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int, state: str, starts: int
) -> None:
    begun: list[Store] = []
    monkeypatch.setattr(worker, "NEXT_S", 0.01)
    monkeypatch.setattr(worker, "slots", lambda: at_once)
    monkeypatch.setattr(worker, "ensure_worker", lambda it, app: begun.append(it))
    run_id = store.enqueue(UnlearnRequest())
    with store.claim_run(run_id), closing(store.writer(run_id)):
        assert store.move(run_id, "starting", "running")
        ended = threading.Event()
        following = threading.Thread(target=worker._succeed, args=(store, None, run_id, ended))
        following.start()
        if at_once == 1:
            time.sleep(0.2)
            assert not begun  # it runs, and there is no room
            assert store.move(run_id, "running", state)
        following.join(LONG_S)
        ended.set()
    assert len(begun) == starts


def test_a_process_that_ends_leaves_no_zombie(store: Store) -> None:
    """Nobody polls it: a page starts it and forgets it."""
    pid = spawn._process(store, spawn.PACKAGE.parent, "cu_core.no_such_module").pid
    until(lambda: not psutil.pid_exists(pid))


def test_workers_that_end_at_once_are_not_started_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawn, "WORKER", "cu_core.no_such_module")
    run_id = store.enqueue(UnlearnRequest())
    for number in range(1, MOST_STARTS + 1):
        assert spawn.see_to_runs(store)
        until(lambda number=number: store.failed_starts().count == number)  # type: ignore[misc]
    assert not spawn.see_to_runs(store) and not spawn.ensure_worker(store)
    assert "exit code 1" in store.failed_starts().words(store.home)
    assert store.run(run_id).state == "queued"


def test_a_worker_that_cannot_keep_the_catalog_was_never_ready(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.paths.catalog.mkdir()  # where the file belongs
    store.start_failed(1)
    monkeypatch.setattr(catalog, "catalog", lambda home: Catalog())
    place = store.register_worker(os.getpid())
    with pytest.raises(StoreError):
        worker._wait(store, place, 1)
    assert store.failed_starts().count == 1
    store.paths.catalog.rmdir()
    monkeypatch.setattr(worker, "_wanted", lambda app: False)
    worker._wait(store, place, 1)
    assert store.failed_starts().count == 0
    place.release()


def test_a_worker_on_its_way_out_takes_what_was_queued_while_it_was_counted_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two apps on one home the one that started it ends; the other sees an idle worker."""
    queued: list[str] = []

    def ends(app: int | None) -> bool:
        assert not spawn.ensure_worker(store)  # nobody else is started beside it
        queued.append(store.enqueue(UnlearnRequest()))
        return False

    monkeypatch.setattr(catalog, "catalog", lambda home: Catalog())
    monkeypatch.setattr(worker, "_wanted", ends)
    place = store.register_worker(os.getpid())
    claimed = worker._warm(store, place, 1)
    assert claimed is not None and [claimed.run_id] == queued
    assert store.idle_workers() == 0  # whoever looks from now on starts another one
    claimed.release()
    place.release()
