"""The bench of what is handed out runs through, small, and says seconds and bytes."""

import json

import pytest

from bench import handout
from cu_core.errors import BadRequest


def test_what_it_measures_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--json", "--quick", "--only", "svg", "gif", "--times", "2", "--steps", "2"]
    assert handout.main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["frames"] == 3
    assert [row["format"] for row in found["rows"]] == ["svg", "gif"]
    assert all(row["bytes"] > 1000 and len(row["seconds"]) == 2 for row in found["rows"])
    assert [one["name"] for one in found["targets"]] == ["seconds of gif", "MB of gif"]
    told = handout.text(found)
    assert "3 frames, each format made 2 times." in told and "| svg |" in told


def test_a_format_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="No format is tape; there are: html"):
        handout.main(["--only", "tape"])
