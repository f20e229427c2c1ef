"""`lethe export`: the bytes that the page offers, written whole or not at all."""

import json
from pathlib import Path

import pytest

from cu_core.cli import main
from cu_core.stage import export
from cu_core.store import Store
from tests.store.samples import REQUEST, finished


def test_a_run_is_written_as_the_page_would_give_it(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id, file = finished(store), tmp_path / "run.html"
    assert main(["export", run_id, "--html", str(file), "--home", str(store.home)]) == 0
    assert file.read_bytes() == export.page(store, run_id)
    assert capsys.readouterr().out == f"{file}: {file.stat().st_size:,} bytes\n"
    words = ["export", run_id, "--html", str(file), "--json", "--home", str(store.home)]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {str(file): file.stat().st_size}


def test_what_cannot_be_exported_is_refused_and_leaves_no_file(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id, home = store.enqueue(REQUEST), ["--home", str(store.home)]
    file = tmp_path / "run.html"
    for words, sentence in (
        (["--html", str(file)], "has no frame"),
        ([], "Say what to write the run to: --html FILE"),
    ):
        assert main(["export", run_id, *words, *home]) == 2
        assert sentence in capsys.readouterr().err
    known = finished(store)
    assert main(["export", known, "--html", str(tmp_path / "none" / "x.html"), *home]) == 2
    assert "could not be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
