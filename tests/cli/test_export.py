"""`lethe export`: the bytes that a page offers, written whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cu_core.cli import main
from cu_core.spec import RunRecord
from cu_core.stage.export import ExportFormat, Order, formats
from cu_core.store import Store
from tests.pages.fabricate import finished
from tests.store.samples import REQUEST

# Those that need no torch to be made ready: a page offers the same bytes. Films take their time and
# are made of the same pictures.
AT_ONCE = [kind for kind in formats().values() if kind.prepare is None and not kind.slow]


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


def test_a_moment_is_what_a_file_that_shows_the_run_opens_on(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id, file, kind = finished(store), tmp_path / "run.svg", formats()["svg"]
    words = ["export", run_id, "--svg", str(file), "--home", str(store.home), "--moment"]
    assert main([*words, "step=4 colour=true"]) == 0
    opens = {"step": 4, "colour": "true"}
    assert file.read_bytes() == kind.make(store, store.run(run_id), Order(opens))
    assert main([*words, "speed=4"]) == 2
    assert "'speed' is no part of a moment" in capsys.readouterr().err


def test_how_far_a_film_is_is_told_to_a_terminal_and_ctrl_c_leaves_no_file(
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    def make(store: Store, record: RunRecord, order: Order) -> bytes:
        order.tick(1, 2000)
        raise KeyboardInterrupt

    film = replace(formats()["mp4"], make=make)
    monkeypatch.setitem(formats(), "mp4", film)
    files = ["--svg", str(tmp_path / "run.svg"), "--mp4", str(tmp_path / "run.mp4")]
    assert main(["export", finished(store), *files, "--home", str(store.home)]) == 1
    told = capsys.readouterr().err
    assert "film: frame 1 of 2,000\n" in told and "nothing was written" in told
    assert list(tmp_path.glob("run*")) == []
    words = ["--zip", str(tmp_path / "run.zip"), "--home", str(store.home)]
    assert main(["export", finished(store), *words]) == 0
    assert "\rzip: file 1 of " in capsys.readouterr().err


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
