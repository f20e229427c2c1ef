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

from cu_core.service import spawn, worker
from cu_core.spec import UnlearnRequest
from cu_core.store import Store

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
