"""What ``lethe cluster`` refuses before it starts anything."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from cu_core.cli import main

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `cluster`")


@needs_ray
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("start", "--interface", "0.0.0.0"), "0.0.0.0 is open to everyone"),
        (("join",), "lethe cluster join HOST"),
        (("start", "10.0.0.5"), "only join has one"),
        (("join", "127.0.0.1:1", "--token", "none"), "There is no token in none"),
        (("doctor",), "Run `lethe cluster start`"),
        (("stop",), "No cluster was started from"),
    ],
)
def test_refusals_are_sentences(
    home: Path,
    words: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LETHE_CLUSTER", raising=False)
    assert main(["cluster", *words, "--home", str(home)]) == 2
    assert said in capsys.readouterr().err
    assert not (home / "cluster.json").exists()


@needs_ray
def test_nobody_at_the_address_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir()
    token = home / "cluster.token"
    token.write_text("x" * 64)
    token.chmod(0o600)
    words = ["cluster", "join", "127.0.0.1:1", "--home", str(home), "--json"]
    assert main(words) == 2
    assert "Nobody answers at 127.0.0.1:1" in capsys.readouterr().err


def test_without_ray_it_says_what_to_install(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cu_core.sweeps.cluster.membership.find_spec", lambda name: None)
    assert main(["cluster", "start", "--home", str(home)]) == 2
    assert 'pip install "lethe-unlearn[cluster]"' in capsys.readouterr().err
