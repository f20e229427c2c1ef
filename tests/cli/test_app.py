"""``lethe app`` where no browser is needed: what it refuses, and the words it gives Streamlit."""

import os
import runpy
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from cu_core.cli import main
from cu_core.files import ROOT


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been run, instead of running it."""
    calls: list[Any] = []
    monkeypatch.setattr(runpy, "run_module", lambda name, **_: calls.append((name, sys.argv)))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["lethe"])
    monkeypatch.setenv("LETHE_HOME", "as it was")
    return calls


def test_it_is_streamlit_on_our_script(started: list[Any]) -> None:
    """Without --port Streamlit takes the first free one; the settings lie beside the script."""
    assert main(["app"]) == 0
    assert started == [("streamlit", ["streamlit", "run", str(ROOT / "app.py")])]
    assert (ROOT / ".streamlit/config.toml").is_file()
    assert os.environ["LETHE_HOME"] == "as it was"


def test_port_and_home_are_handed_on(
    started: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert main(["app", "--port", str(port), "--home", "mine"]) == 0
    assert started[0][1][-2:] == ["--server.port", str(port)]
    assert os.environ["LETHE_HOME"] == str(tmp_path / "mine")


def test_a_port_that_cannot_be_had_is_refused_in_a_sentence(
    started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["app", "--port", str(port)]) == 2
    assert capsys.readouterr().err.startswith(f"Port {port} cannot be used (")
    for wrong in ("0", "65536"):
        assert main(["app", "--port", wrong]) == 2
        assert f"from 1 to 65535, got {wrong}." in capsys.readouterr().err
    assert not started
