"""The bench of a sweep: commands and a sweep, counted from outside, and the arithmetic of both."""

import json
import threading
import time

import pytest

from bench import sweep
from cu_core.service import spawn
from cu_core.spec import FINAL, SweepProgress, Trial
from cu_core.store import Store
from cu_core.sweeps.executors import executors


def leading(store: Store, sweep_id: str) -> None:
    """In the place of a process that leads the sweep: all trials at once, and no sampler."""

    def lead() -> None:
        request = store.sweep(sweep_id).request
        assert request is not None
        with store.owned(sweep_id):
            place = executors()[request.executor].open(store, sweep_id, request)
            own = [sweep.knobbed(request.base, n, request.trials) for n in range(request.trials)]
            ids = [
                store.enqueue(one.model_copy(update={"trial": f"{sweep_id}/{n}"}))
                for n, one in enumerate(own)
            ]
            while not all(store.run(run_id).state in FINAL for run_id in ids):
                place.look()
                time.sleep(0.1)
            done = tuple(Trial(number=n, state="done") for n in range(request.trials))
            said = SweepProgress(state="done", trials=done, slots=place.slots)
            store.publish(sweep_id, said)

    threading.Thread(target=lead, daemon=True).start()


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_sweep_stands_beside_its_commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawn, "lead", leading)
    words = ["--trials", "2", "--commands", "1", "--model", "mlp", "--epochs", "1", "--slots", "1"]
    assert sweep.main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {name: row["n"] for name, row in found["rows"].items()} == {
        "two pictures": 1, "all pictures": 1, "sweep": 2,
    }  # fmt: skip
    assert all(row["wall"] > 0 and row["processor"] > 0 for row in found["rows"].values())
    assert found["slots"] == 1 and not found["faults"]
    assert "1 at once at the end of the sweep." in sweep.text(found)


def test_runs_an_hour_and_how_many_times_as_many() -> None:
    rows = {
        "sweep": {"n": 10, "wall": 20.0, "processor": 30.0},
        "all pictures": {"n": 2, "wall": 12.0, "processor": 12.0},
        "two pictures": {"n": 2, "wall": 8.0, "processor": 9.0},
    }
    assert sweep.rate(rows["sweep"]) == 1800.0
    usual, bare = sweep.targets(rows)
    assert usual["value"] == pytest.approx(3.0) and usual["met"] is True
    assert usual["note"] == "2.0 times by seconds of processor"
    assert bare["value"] == pytest.approx(2.0) and bare["met"] is None
