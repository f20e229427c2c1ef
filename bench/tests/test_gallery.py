"""The bench that makes the gallery: by the commands of its stories, whole or not at all."""

import gzip
import json
import shlex
import subprocess
from pathlib import Path

import pytest

from bench import gallery as bench
from bench.__main__ import main
from cu_core.stage import gallery, pack

STORY = """order = 1
title = "A story"
words = "What is seen."
figure = "ta"
reads = "{unlearned} %"
commands = ["lethe unlearn --dataset digits"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    there = tmp_path / "gallery"
    there.mkdir()
    (there / "ada.toml").write_text(STORY)
    monkeypatch.setattr(gallery, "FOLDER", there)
    return there


def plays(monkeypatch: pytest.MonkeyPatch, code: int = 0) -> list[list[str]]:
    """In place of the command line; what it was asked."""
    heard: list[list[str]] = []

    def run(command: str, home: Path) -> subprocess.CompletedProcess[str]:
        words = shlex.split(command)
        heard.append(words)
        if "--recording" in words:
            summary = {"metrics": {"ta": 99.2}}
            home.mkdir(parents=True, exist_ok=True)
            Path(words[-1]).write_bytes(pack({"summary": summary, "run": "r", "total": 3}, {}))
        return subprocess.CompletedProcess(words, code, json.dumps({"run_id": "r"}), "Too large.")

    monkeypatch.setattr(bench, "_lethe", run)
    return heard


def test_a_story_is_made_by_its_own_command_and_packed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = plays(monkeypatch)
    assert main(["gallery"]) == 0
    assert heard[0] == ["lethe", "unlearn", "--dataset", "digits"]
    assert heard[1][:4] == ["lethe", "export", "r", "--recording"]
    assert gzip.decompress((folder / "ada.lethe").read_bytes())
    assert "| ada | 3 | 0.00 |" in capsys.readouterr().out


def test_a_command_that_fails_leaves_what_was_there_and_says_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ada.lethe").write_bytes(b"as before")
    plays(monkeypatch, code=2)
    assert main(["gallery"]) == 1
    assert (folder / "ada.lethe").read_bytes() == b"as before"
    assert "ada: Too large." in capsys.readouterr().out


def test_what_is_too_large_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plays(monkeypatch)
    monkeypatch.setattr(bench, "MOST_TOGETHER", 0.0)
    (folder / "other.lethe").write_bytes(bytes(2000))
    assert main(["gallery"]) == 1


def test_a_name_that_is_none_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "--only", "eve"]) == 2
    assert "there are: ada" in capsys.readouterr().err
