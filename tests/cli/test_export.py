"""`lethe export`: the bytes that a page offers, written whole or not at all."""

import json
from pathlib import Path

import pytest

from cu_core.cli import main
from cu_core.stage.export import ExportFormat, formats
from cu_core.store import Store
from tests.pages.fabricate import finished
from tests.store.samples import REQUEST

# Those that need no torch to be made ready: a page offers the same bytes.
AT_ONCE = [kind for kind in formats().values() if kind.prepare is None]


@pytest.mark.parametrize("kind", AT_ONCE, ids=lambda kind: kind.key)
def test_a_run_is_written_as_the_page_would_give_it(
    kind: ExportFormat,
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_id, file = finished(store), tmp_path / f"run{kind.ending}"
    words = ["export", run_id, f"--{kind.key}", str(file), "--home", str(store.home)]
    assert main(words) == 0
    assert file.read_bytes() == kind.make(store, store.run(run_id))
    assert capsys.readouterr().out == f"{file}: {file.stat().st_size:,} bytes\n"
    assert main([*words, "--json"]) == 0
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
