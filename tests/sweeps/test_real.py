"""Six real trials on this machine: their owner and a worker are killed, and nothing shows of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cu_core import methods
from cu_core.runs.execute import execute
from cu_core.service.catalog import catalog
from cu_core.spec import ACTIVE, Axis, SweepRequest, UnlearnRequest
from cu_core.store import Store
from cu_core.sweeps.axes import check
from cu_core.sweeps.executors import executors

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240.0  # on a machine that does much else


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif("local" not in executors(), reason="no executor makes runs here")
@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_killed_owner_and_a_killed_worker_change_no_weight(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save_catalog(catalog(store.home))
    request = SweepRequest(
        base=UnlearnRequest(
            model="mlp", train_epochs=2, max_steps=30, probe_size=60, reference=False
        ),
        axes={
            "temperature": Axis(low=0.1, high=1, log=True),
            "epochs": Axis(low=8, high=12),
        },
        objectives=("ta", "seconds"),
        sampler="qmc",
        trials=6,
        floor=1.0,
    )
    check(request, methods.cards())
    sweep_id = store.new_sweep(request)
    command = [sys.executable, "-m", "cu_core.sweeps.owner", "--home", str(store.home)]
    command += ["--sweep", sweep_id]

    def states() -> list[str]:
        return [record.state for record in store.trial_runs(sweep_id)]

    with (tmp_path / "owner.log").open("ab") as log:
        first = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        wait_for(lambda: "done" in states() and any(state in ACTIVE for state in states()))
        worker = store.slot("0")
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert worker is not None and worker.sweep == sweep_id
        os.kill(worker.pid, signal.SIGKILL)
        wait_for(lambda: store.sweep(sweep_id).state == "lost")
        second = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        assert second.wait(PATIENCE_S) == 0
    record = store.sweep(sweep_id)
    assert record.state == "done", record.message
    assert [trial.number for trial in record.progress.trials] == list(range(6))
    assert {trial.state for trial in record.progress.trials} == {"done"}
    assert len(states()) == 6 and sorted(store.pictures(sweep_id)) == list(range(6))
    for trial in record.progress.trials[:2]:  # the one that was done, and the one that was killed
        asked = store.run(trial.run_id).request
        assert isinstance(asked, UnlearnRequest)
        alone = execute(store, store.claim_new(asked.model_copy(update={"trial": None})))
        assert alone.weights_sha256 == trial.weights_sha256 != ""
