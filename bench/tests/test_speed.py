"""The bench that measures every target of speed runs through, small, and says what it measured."""

import argparse
import json

import pytest

from bench import speed, waits


@pytest.mark.long
@pytest.mark.timeout(400)
def test_every_target_has_a_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = {"rows": [waits.row("a wait, s", [1.0], 2.0, {})], "faults": []}
    monkeypatch.setattr(waits, "measure", lambda *_: waited)  # has a test of its own
    words = ["--json", "--rounds", "1", "--points", "200", "400", "--device", "cpu"]
    assert speed.main(words) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in found["rows"]}
    titles = [t[0] for t in (speed.RUN_S, speed.REFERENCE_S, speed.ACCURACY, speed.WORKER_GB)]
    assert {*titles, "ms a frame of the map, 200 points"} <= set(rows)
    assert any("released code" in name for name in rows)
    assert rows["a wait, s"]["met"] and 0 < rows[speed.LOOKING[0]]["value"] < 100
    assert all(row["value"] >= 0 for name, row in rows.items() if "TA under" not in name)
    assert rows[speed.ACCURACY[0]]["value"] > 90 and rows[speed.RUN_S[0]]["met"] is None
    assert rows["accuracy on the class after it, test, %"]["met"]
    assert "frames" in rows[speed.RUN_S[0]]["note"]
    assert "| wanted | measured |" in speed.text(found)


def test_a_target_is_for_the_device_it_is_set_for() -> None:
    cpu, gpu = (argparse.Namespace(device=name) for name in ("cpu", "cuda"))
    assert speed.row(cpu, speed.REFERENCE_S, 999.0)["met"] is None
    assert speed.row(gpu, speed.REFERENCE_S, 61.0)["met"] is False
    assert speed.row(gpu, speed.ACCURACY, 93.5, least=True)["met"] is True
    assert speed.row(cpu, speed.WORKER_GB, 2.4)["met"] is True
