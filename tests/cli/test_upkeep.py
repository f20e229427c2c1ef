"""doctor, gc, backup and restore, as typed."""

import json
import os
from pathlib import Path

import pytest

from cu_core.cli import main
from cu_core.store import Store
from tests.store.samples import finished


def test_a_home_is_looked_at_backed_up_and_restored(
    home: Path, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = finished(store)
    where, file, again = ["--home", str(home)], tmp_path / "b.tar", tmp_path / "again"
    assert main(["backup", str(file), *where, "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert main(["restore", str(file), "--home", str(again)]) == 0
    assert f"{files:,} files" in capsys.readouterr().out
    assert Store(again).run(run_id).state == "done"
    assert main(["restore", str(file), "--home", str(again)]) == 2
    capsys.readouterr()
    code = main(["doctor", "--home", str(again), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == int(any(one["level"] == "fault" for one in found))
    assert {"Home", "Disk", "Index", "Runs", "GPU"} <= {one["title"] for one in found}


def test_nothing_goes_unasked(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = store.paths.incoming / "old"
    old.write_bytes(b"x")
    os.utime(old, (0, 0))
    where = ["--home", str(home)]
    for answer in ("", "n", "no"):
        monkeypatch.setattr("builtins.input", lambda _, said=answer: said)
        assert main(["gc", *where]) == 0 and old.exists()
    assert main(["gc", *where, "--json"]) == 0 and old.exists()
    assert main(["gc", *where, "--only", "runs"]) == 2
    assert "there are unfinished, uploads" in capsys.readouterr().err
    assert main(["gc", *where, "--yes", "--only", "moved"]) == 0  # there are none today
    assert main(["gc", *where, "--yes", "--only", "uploads"]) == 0 and not old.exists()
    assert main(["gc", *where]) == 0
    assert "Nothing may go." in capsys.readouterr().out
