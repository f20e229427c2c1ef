"""Runs of a sweep on this machine: one process for many, the bits of a single run, kill -9."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cu_core.errors import StoreError
from cu_core.runs.execute import execute
from cu_core.service import spawn
from cu_core.spec import (
    LAST_ONLY,
    Axis,
    ComputePlan,
    SweepRequest,
    UnlearnRequest,
)
from cu_core.store import Slot, Store
from cu_core.sweeps.executors import Place, executors
from cu_core.sweeps.executors.local import Local, shares

LONG_S = 300.0  # a shared machine
BASE = UnlearnRequest(
    dataset="digits", model="mlp", train_epochs=2, method="gradient-ascent", every=LAST_ONLY,
    max_steps=8, reference=False, probe_size=200,
)  # fmt: skip
GB = 1 << 30


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Process ids of all workers that were started."""
    real, found = spawn.trials, []

    def trials(*words: Any) -> subprocess.Popen[bytes]:
        process = real(*words)
        found.append(process.pid)
        return process

    monkeypatch.setattr(spawn, "trials", trials)
    return found


def sweep(store: Store) -> tuple[str, Place]:
    asked = SweepRequest(base=BASE, axes={"lr": Axis(low=1e-4, high=1e-2)}, slots=1)
    sweep_id = store.new_sweep(asked)
    return sweep_id, executors()["local"].open(store, sweep_id, asked)


def trial(store: Store, sweep_id: str, number: int, **changes: Any) -> str:
    own = {"trial": f"{sweep_id}/{number}", "hparams": {"lr": 1e-3 * (1 + number)}}
    return store.enqueue(BASE.model_copy(update={**own, **changes}))


def until(place: Place, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        place.look()
        time.sleep(0.05)


@pytest.mark.timeout(400)
def test_one_process_makes_them_all_each_as_a_single_run_would_be(
    store: Store, begun: list[int]
) -> None:
    sweep_id, place = sweep(store)
    with store.owned(sweep_id):
        wrong = trial(store, sweep_id, 0, hparams={"lr": "much"})
        ids = [trial(store, sweep_id, number) for number in (1, 2)]
        unwanted = trial(store, sweep_id, 3)
        place.stop(unwanted)
        for run_id in (wrong, *ids):
            place.begin(run_id)
        until(place, lambda: all(store.run(i).state == "done" for i in ids))
        assert len(begun) == 1 and place.slots == 1
        said = store.slot("0")
        assert said is not None and said.pid == begun[0] and said.plan == ComputePlan(threads=1)
        assert said.device == "cpu" and said.peak > 0
    states = {run_id: store.run(run_id).state for run_id in (wrong, unwanted)}
    assert states == {wrong: "failed", unwanted: "stopped"}
    assert "lr" in (store.home / "runs" / wrong / "worker.log").read_text()
    place.close()
    until(place, lambda: store.slot("0") is None)  # nobody leads the sweep: it goes
    for run_id, number in zip(ids, (1, 2), strict=True):
        alone = BASE.model_copy(update={"hparams": {"lr": 1e-3 * (1 + number)}})
        single = execute(store, store.claim_new(alone))
        assert store.run(run_id).summary.weights_sha256 == single.weights_sha256


@pytest.mark.timeout(400)
def test_a_killed_process_is_followed_by_another_that_goes_on(
    store: Store, begun: list[int]
) -> None:
    sweep_id, place = sweep(store)
    with store.owned(sweep_id):
        run_id = trial(store, sweep_id, 0, every=1, max_steps=400)
        place.begin(run_id)
        until(place, lambda: store.run(run_id).step > 0)
        os.kill(begun[0], signal.SIGKILL)
        until(place, lambda: store.run(run_id).state == "lost")
        assert store.requeue(run_id)
        place.begin(run_id)
        until(place, lambda: len(begun) == 2 and store.slot("0") is not None)
        until(place, lambda: store.run(run_id).state in ("running", "done"))
        place.stop(run_id)
        until(place, lambda: store.run(run_id).state in ("stopped", "done"))
    until(place, lambda: store.slot("0") is None)


@pytest.mark.parametrize(
    ("said", "wanted", "found"),
    [
        (None, 4, [None]),  # the first is made alone
        (Slot(sweep="s", pid=1), 4, [None]),
        (Slot(plan=ComputePlan(threads=1), device="cpu", peak=GB), None, [None] * 8),
        (Slot(plan=ComputePlan(threads=4), device="cpu", peak=GB), None, [None] * 2),
        (Slot(plan=ComputePlan(threads=0), device="cpu", peak=GB), None, [None]),
        (Slot(plan=ComputePlan(threads=1), device="cpu", peak=4 * GB), None, [None] * 3),
        (Slot(plan=ComputePlan(threads=1), device="cpu", peak=99 * GB), None, [None]),
        (Slot(plan=ComputePlan(threads=1), device="cpu", peak=4 * GB), 5, [None] * 5),
        (Slot(plan=ComputePlan(), device="mps", peak=GB), None, [None]),
        (Slot(plan=ComputePlan(), device="cuda", devices=1, peak=GB), None, [None]),
        (Slot(plan=ComputePlan(), device="cuda", devices=3, peak=GB), None, [None, 1, 2]),
        (Slot(plan=ComputePlan(), device="cuda", devices=2, peak=GB), 4, [None, 1, None, 1]),
    ],
)
def test_as_many_at_once_as_have_cores_memory_or_a_gpu(
    said: Slot | None, wanted: int | None, found: list[int | None]
) -> None:
    assert shares(said, wanted, cores=8, free=10 * GB) == found


def test_a_gpu_is_called_as_this_process_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(spawn.VISIBLE, raising=False)
    assert spawn._gpu(1) == "1"
    monkeypatch.setenv(spawn.VISIBLE, "4,GPU-7f")
    assert [spawn._gpu(0), spawn._gpu(1)] == ["4", "GPU-7f"]


def test_two_sweeps_share_no_slot(store: Store, begun: list[int]) -> None:
    (_, first), (other, _) = sweep(store), sweep(store)
    assert first.slots == 1
    lock = store.take_slot("0", other)
    assert lock is not None and store.take_slot("0", "mine") is None
    assert first.slots == 0
    first.look()
    assert not begun
    lock.release()
    assert first.slots == 1 and store.slot("0") is None


def test_processes_that_never_begin_are_not_started_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(spawn, "trials", lambda *words: subprocess.Popen(command))
    sweep_id, place = sweep(store)
    trial(store, sweep_id, 0)
    assert isinstance(place, Local)
    with pytest.raises(StoreError, match=r"exit code 3.*worker\.log"):
        until(place, lambda: False)
