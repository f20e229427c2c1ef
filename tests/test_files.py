"""Paths that people write, and files that would unpack to more than there is room for."""

import os
from pathlib import Path

import pytest

from cu_core import data
from cu_core.errors import BadData, LetheError
from cu_core.files import CONFINED, MOST_RATIO, MOST_UNPACKED, given_path, refuse_bomb

SOURCES = [source.key for source in data.sources() if source.needs_path]


@pytest.mark.parametrize("path", ["a" * 256, "/" + "b/" * 3000, "no\0where", "~nobody-here/x"])
@pytest.mark.parametrize("source", SOURCES)
def test_a_path_that_no_file_has_is_a_sentence(source: str, path: str) -> None:
    with pytest.raises(LetheError) as refusal:
        data.load(f"{source}:{path}")
    assert len(str(refusal.value)) < 300


def test_home_is_meant_by_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert given_path("~/data") == tmp_path / "data" and given_path("data") == Path("data")


def test_confined_paths_tell_nothing_of_what_lies_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inside, second, outside = tmp_path / "in", tmp_path / "also", tmp_path / "out"
    for folder in (inside, second, outside):
        folder.mkdir()
    (outside / "there.npz").write_bytes(b"secret")
    (inside / "link").symlink_to(outside, target_is_directory=True)
    monkeypatch.setenv(CONFINED, os.pathsep.join(map(str, (inside, second))))
    assert given_path("a.npz") == inside / "a.npz"
    assert given_path(str(second / "b")) == second / "b"
    refused = [str(outside / "there.npz"), str(outside / "none.npz"), "../out/there.npz",
               "link/there.npz", "/etc/passwd"]  # fmt: skip
    said = set()
    for text in refused:
        with pytest.raises(BadData, match="lies outside") as refusal:
            given_path(text)
        said.add(str(refusal.value).replace(repr(text), "PATH"))
    assert len(said) == 1
    with pytest.raises(LetheError, match="lies outside"):
        data.load("npz:/etc/passwd")


def test_a_bomb_is_both_large_and_far_larger_than_its_file() -> None:
    refuse_bomb("zeros.npz", 10, MOST_UNPACKED)
    refuse_bomb("real.npz", MOST_UNPACKED // 2, 20 * MOST_UNPACKED)
    with pytest.raises(BadData, match=r"zeros.npz is 3.9 MB and would unpack to 4.0 GB"):
        refuse_bomb("zeros.npz", 3_900_000, 4_000_000_000)
    assert MOST_RATIO * 3_900_000 < MOST_UNPACKED
