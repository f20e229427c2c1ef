"""The scale bench from end to end on small sizes: what it measures is there and adds up."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from bench import report, scale
from bench.__main__ import main

# fourteen processes one after the other, and an app
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

SMALL = "--quick --train 300 600 --streamed 500 1000 --probe 100 200 --frames 5 15"
SMALL += " --points 100 --steps 4 --looks 4 --device cpu --json"


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["scale", *SMALL.split()]) == 0
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def rows(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    table = next(table for table in found["tables"] if table["name"] == name)
    return list(table["rows"])


def test_every_table_is_measured(found: dict[str, Any]) -> None:
    assert [table["name"] for table in found["tables"]] == list(scale.TABLES)
    assert found["faults"] == 0 and found["machine"]["torch"] and found["command"] and found["date"]
    for table in found["tables"]:
        for row in table["rows"]:
            numbers = {k: v for k, v in row.items() if k != "process"}
            assert all(isinstance(v, int | float) and v >= 0 for v in numbers.values()), row
            assert row.get("peak MB", 1e9) >= row.get("own MB", 0)
            assert all(value > 0 for name, value in numbers.items() if name.endswith("ms"))


def test_what_is_counted_is_what_was_asked_for(found: dict[str, Any]) -> None:
    small, large = rows(found, "train")
    assert (small["images"], large["images"]) == (300, 600)
    pixels = 3 * 32 * 32 / 1e6
    assert small["disk MB"] == pytest.approx(360 * pixels, rel=0.05)
    assert large["disk MB"] == pytest.approx(720 * pixels, rel=0.05)
    small, large = rows(found, "streamed")
    assert large["file MB"] == pytest.approx(1000 * 3 * 64 * 64 / 1e6)
    small, large = rows(found, "probe")
    assert 1.8 < large["kept kB a frame"] / small["kept kB a frame"] < 2.1
    few, many = rows(found, "classes")
    assert many["kept kB a frame"] > few["kept kB a frame"]


def test_a_page_is_sent_the_frames_and_then_only_new_ones(found: dict[str, Any]) -> None:
    few, many = rows(found, "frames")
    assert many["disk MB"] > 2 * few["disk MB"]
    assert few["known frames"] == 5 and many["known frames"] == 15
    assert 0 < many["sent frames"] <= many["known frames"]
    assert many["look kB"] < 1.5 * few["look kB"]  # a look does not send the run again


def test_processes_and_targets(found: dict[str, Any]) -> None:
    closed, opened, worker = rows(found, "processes")
    assert 30 < closed["MB"] <= opened["MB"] + 1
    assert opened["MB"] < worker["MB"]  # the app loads no torch
    (target,) = found["targets"]
    assert target["met"] == (opened["MB"] <= scale.APP_MB)
    assert "no parquet files given" in found["not_run"][0]


def test_exponents_are_those_of_the_rows(found: dict[str, Any]) -> None:
    train = found["tables"][0]
    assert train["exponents"]["disk MB"]["all"] == pytest.approx(1, abs=0.03)
    assert "error" not in train["exponents"] and "images" not in train["exponents"]


def test_the_text_says_the_same(found: dict[str, Any]) -> None:
    said = scale.text(found)
    assert said.count("| exponent, all |") == len(scale.TABLES) - 1
    for table in found["tables"]:
        assert f"## {table['title']}" in said
    assert "the app, a page opened, no run" in said and "≤ 250" in said


# --- arithmetic -------------------------------------------------------------------------------


def test_exponent() -> None:
    assert report.exponent([1, 10, 100], [5, 50, 500]) == pytest.approx(1)
    assert report.exponent([2, 4, 8], [3, 12, 48]) == pytest.approx(2)
    assert report.exponent([1, 10], [7, 7]) == pytest.approx(0)
    assert report.exponent([10], [1]) is None
    assert report.exponent([1, 10], [0, 1]) is None


def test_a_fault_is_a_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    options = scale.read(["--quick"])
    bench = scale.Bench(options, tmp_path)
    row = bench.cell("train", source="parquet:/nowhere", home=str(tmp_path), steps=1, device="cpu")
    assert "There is no parquet file" in row["error"] and bench.faults == 1
    table = scale.table("a", "A", "n", [{"n": 1, "x": 2.0}, {"n": 2, **row}])
    assert table["exponents"] == {"x": {"all": None, "last two": None}}
    found = {
        "command": "c", "date": "d", "seconds": {}, "machine": {}, "not_run": [], "targets": [],
    }  # fmt: skip
    assert "There is no parquet file" in scale.text({**found, "tables": [table]})
