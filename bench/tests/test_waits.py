"""The waits around a run: real commands on digits, and the arithmetic of the table."""

import json
from pathlib import Path

import pytest

from bench import reference, waits


@pytest.mark.long
@pytest.mark.timeout(400)
def test_commands_are_timed_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    assert waits.main(["--rows", "cached", "reference", "--rounds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row["value"] for row in found["rows"]}
    first, whole = (
        rows[f"digits, cached: command to {what}, s"] for what in ("first picture", "verdict")
    )
    assert 0 < first < whole and not found["faults"]
    assert rows["final measures, references cached, s"] < whole
    assert rows["reference map, first in a process, s"] > 0
    assert "Yardsticks: torch" in waits.text(found)


def test_a_row_tells_its_spread_and_its_yardsticks() -> None:
    made = waits.row("a wait, s", [3.0, 1.0, 2.0], 2.5, {"torch": 0.5}, note="and so on")
    assert made["value"] == 2.0 and made["met"] is True
    assert made["note"] == "n = 3, 1.00 to 3.00; 4.0 x torch; and so on"
    assert waits.row("a wait, s", [3.0], 2.5, {})["met"] is False


def test_a_row_that_fails_takes_no_other_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> list[waits.Found]:
        raise RuntimeError("there is nothing to measure")

    there = [waits.row("a wait, s", [1.0], None, {})]
    monkeypatch.setattr(waits, "ROWS", {"one": fails, "other": lambda *_: there})
    monkeypatch.setattr(waits, "import_torch", lambda: 1.0)
    options = waits._options(["--rounds", "1"])
    found = waits.measure(options, tmp_path)
    assert found["rows"] == there and found["faults"] == ["one: there is nothing to measure"]


@pytest.mark.long
@pytest.mark.timeout(400)
def test_reference_maps_are_compared_in_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main(["--sets", "1", "--seeds", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (pair,) = found["pairs"]
    assert {"trustworthiness", "group_order", "reach", "triplets"} <= pair["apart"].keys()
    assert "| trustworthiness |" in reference.text(found)
