"""What is done beside the training is done in order, whole, and its faults are heard."""

import threading
import time
from functools import partial
from typing import Any

import pytest

from cu_core import unlearning
from cu_core.execute import execute
from cu_core.recorder import WAITING, Recorder
from cu_core.spec import UnlearnRequest
from cu_core.store import Store


def test_at_once_means_at_once() -> None:
    done: list[str] = []
    Recorder("cpu", beside=False).do(lambda: done.append(threading.current_thread().name))
    assert done == [threading.current_thread().name]


def test_beside_the_caller_in_order_and_not_too_far_behind() -> None:
    recorder, done = Recorder("cpu", beside=True), []
    for i in range(6):
        recorder.do(lambda i=i: (time.sleep(0.05), done.append(i)))
        assert len(done) >= i - WAITING
    recorder.drain()
    assert done == [0, 1, 2, 3, 4, 5]
    recorder.close()


def test_a_fault_reaches_the_caller() -> None:
    recorder = Recorder("cpu", beside=True)

    def broken() -> None:
        raise OSError("disk full")

    recorder.do(broken)
    with pytest.raises(OSError, match="disk full"):
        recorder.drain()
    recorder.close()


def test_a_run_recorded_beside_is_the_run_recorded_at_once(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, seen = Store(tmp_path), []
    request = UnlearnRequest(max_steps=8, every=2, probe_size=200, reference=False)
    for beside in (False, True):
        monkeypatch.setattr(
            unlearning, "Recorder", lambda device, beside, b=beside: Recorder(device, b)
        )
        run_id = store.enqueue(request)
        summary = execute(store, store.claim_run(run_id))
        reader = store.reader(run_id)
        steps = [row.step for row in reader.snapshots()]
        frames = [reader.frame(step)["xy"].tobytes() for step in steps]
        seen.append((summary["weights_sha256"], steps, frames, reader.metrics()))
    assert seen[0][1] == [0, 2, 4, 6, 8]
    assert seen[0] == seen[1]


def test_a_stop_rule_reads_the_snapshot_it_follows(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside or not, the run ends at the same step: the rule waits for the measures."""
    store, ended = Store(tmp_path), []
    request = UnlearnRequest(
        every=2, probe_size=200, reference=False, stop_rule="class-accuracy", hparams={"lr": 0.05}
    )
    for beside in (False, True):
        monkeypatch.setattr(unlearning, "Recorder", partial(_slow, beside))
        run_id = store.enqueue(request)
        ended.append(execute(store, store.claim_run(run_id))["steps"])
    assert ended[0] == ended[1] < 60


def _slow(wanted: bool, device: str, beside: bool) -> Recorder:
    recorder = Recorder(device, wanted)
    do = recorder.do
    recorder.do = lambda work: do(lambda: (time.sleep(0.02), work()))  # type: ignore[method-assign]
    return recorder
