"""A kill at each moment that no other test has, and that a loss would be seen."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bench import kills
from bench.kills_place import Witness
from bench.runs import asked
from cu_core.store import Store


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_once_at_each_moment_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kills, "DROP_CACHES", tmp_path / "cache")  # others use this machine's
    moments = ["training", "final measures", "map question", "power"]
    code = kills.main(["--each", "1", "--power", "1", "--json", "--moments", *moments])
    found = json.loads(capsys.readouterr().out)
    assert (code, found["faults"]) == (0, [])
    assert [row["moment"] for row in found["rows"]] == moments
    for row in found["rows"]:
        assert (row["kills"], row["well"]) == (1, 1)
        assert (row["rows_lost"], row["snapshots_lost"]) == (0, 0)
    assert "No fault." in kills.text(found)


def test_whoever_saw_a_row_or_a_picture_misses_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run_id = store.enqueue(asked())
    with store.claim_run(run_id), closing(store.writer(run_id)) as writer:
        for step in range(3):
            writer.metrics(step, {"ua": float("nan"), "ra": step / 3})
            made = {name: np.full((4, 2), step, np.float32) for name in ("z", "logits", "xy")}
            writer.snapshot(step, **made, test_logits=made["logits"], quality={})
    seen = Witness(store, run_id)
    seen.look()
    assert (len(seen.rows), len(seen.snapshots), seen.lost()) == (6, 3, (0, 0))
    with sqlite3.connect(store.paths.run(run_id) / "run.db") as connection:
        connection.execute("DELETE FROM metric WHERE step = 0 AND name = 'ua'")
        connection.execute("UPDATE metric SET value = 0.5 WHERE step = 1 AND name = 'ra'")
    (store.paths.run(run_id) / "snapshots/000002.safetensors").unlink()
    assert seen.lost() == (2, 1)
