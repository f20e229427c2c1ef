"""The bench of a real size runs through, small, and says what it measured."""

import json

import pytest

from bench import size
from cu_core.data import memory


@pytest.mark.timeout(400)
def test_what_it_measures_is_there_and_streaming_reads_from_disk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SHARE", memory.SHARE)  # put back afterwards
    words = ["--json", "--quick", "--streamed", "--images", "40", "--steps", "2", "--classes", "4"]
    assert size.main([*words, "--model", "small-cnn", "--batch", "8"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in found["rows"]}
    assert all(row["value"] > 0 for row in rows.values())
    assert rows["seconds of reading it again"]["note"] == "on disk, uint8"
    assert rows["MB of the cards' pictures"]["note"] in ("tiles of 64 pixels", "tiles of 96 pixels")
    assert "| wanted | measured |" in size.text(found)
