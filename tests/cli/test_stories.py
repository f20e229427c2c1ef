"""``lethe stories``: a list, and what is wrong with a file."""

import json
from pathlib import Path

import pytest

from cu_core.cli import main
from cu_core.stories import library


def test_the_stories_are_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stories", "--home", str(home)]) == 0
    assert "the-mask" in capsys.readouterr().out
    assert main(["stories", "--home", str(home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["stories"]) == 5 and told["refused"] == []


def test_a_file_is_checked_with_every_figure_that_it_names(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (library.FOLDER / "the-mask.md").read_text(encoding="utf-8")
    mine = tmp_path / "mine.md"
    words = ["stories", "check", str(mine), "--home", str(home)]
    for said, named in (
        (text, "mine.md plays. Stops: 6, questions: 1."),
        (text.replace("{forget_acc_test}", "{forget_acc}"), "names {forget_acc}"),
        (text.replace("metric=knn_probe_forget", "metric=none"), "asks for 'none'"),
        (text.replace("runs: [the-mask]", "runs: [gone]"), "tells the run 'gone'"),
        (text.replace("view=both", "sight=both"), "'sight' is no part of a moment"),
        ("", "does not begin with a header"),
    ):
        mine.write_text(said, encoding="utf-8")
        code = main(words)
        told = capsys.readouterr()
        assert named in told.out + told.err and (code == 0) == (said == text)


def test_a_file_that_is_none_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stories", "check", "--home", str(home)]) == 2
    assert main(["stories", "check", "none.md", "--home", str(home)]) == 2
    assert "none.md cannot be read as a story" in capsys.readouterr().err
