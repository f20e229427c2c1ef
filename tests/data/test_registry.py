"""Keys, discovery and the sentences of a wrong key."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cu_core import data
from cu_core.errors import BadRequest


def test_every_promised_source_is_there() -> None:
    found = {source.key: source for source in data.sources()}
    assert {
        "digits",
        "folder",
        "parquet",
        "npz",
        "csv",
        "cifar10py",
        "cifar10",
        "cifar100",
        "svhn",
        "mnist",
    } <= set(found)
    assert {"fashion-mnist", "stl10"} <= set(found)
    assert found["folder"].needs_path and not found["digits"].needs_path
    assert found["cifar10"].needs_download and not found["parquet"].needs_download
    assert all(source.title and source.help for source in found.values())


def test_digits_are_the_fixed_split() -> None:
    digits = data.load("digits")
    assert digits.train_x.shape == (1347, 1, 8, 8) and digits.test_x.shape == (450, 1, 8, 8)
    assert digits.train_x.dtype == np.uint8 and digits.train_x.max() == 255
    assert digits.class_names == tuple("0123456789")
    assert digits.hash == data.load(" digits ").hash
    for y, n in ((digits.train_y, 1347), (digits.test_y, 450)):
        assert abs(np.bincount(y) - n / 10).max() < 0.05 * n  # stratified


def test_digits_keep_the_ink_levels() -> None:
    levels = np.unique(data.load("digits").train_x)
    assert levels.tolist() == [int(np.rint(ink * 255 / 16)) for ink in range(17)]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("cifra10", "No data source is called 'cifra10'; there are cifar10,"),
        ("", "No data source is called ''"),
        ("folder", "folder needs a path: write folder:PATH"),
        ("parquet: ", "parquet needs a path"),
        ("digits:8", "digits takes no path"),
    ],
)
def test_a_wrong_key_is_a_sentence(key: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        data.load(key)


def test_a_path_alone_says_how_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "pets").mkdir()
    (tmp_path / "a.tsv").write_text("")
    for path, key in (("pets", "folder"), ("a.tsv", "csv")):
        with pytest.raises(BadRequest, match=f"is a path; say how to read it, as in {key}:/"):
            data.load(str(tmp_path / path))


def test_only_what_can_be_downloaded_is_fetched(tmp_path: Path) -> None:
    assert data.downloaded("digits", tmp_path)
    assert not data.downloaded("mnist", tmp_path)
    with pytest.raises(BadRequest, match="digits needs no download"):
        data.fetch("digits", tmp_path, lambda *_: None)


def test_a_new_file_is_a_new_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _add(tmp_path, monkeypatch, "moons", 'SOURCES = (Source("moons", "Moons", "two", load),)')
    assert data.load("moons").key == "made"


def test_a_file_that_fails_to_import_is_loud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _add(tmp_path, monkeypatch, "broken", "SOURCES = 1 / 0")
    with pytest.raises(ZeroDivisionError):
        data.sources()


def test_two_files_cannot_claim_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _add(tmp_path, monkeypatch, "second", 'SOURCES = (Source("digits", "", "", load),)')
    with pytest.raises(ImportError, match=r"second\.py declares .*'digits' a second time"):
        data.sources()


def _add(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, declaration: str) -> None:
    header = (
        "import numpy as np\n"
        "from cu_core.data.source import Source\n"
        "from cu_core.spec import Dataset\n"
        "def load(argument, home):\n"
        "    x, y = np.zeros((2, 3), np.float32), np.array([0, 1])\n"
        "    return Dataset('made', x, y, x, y, ('a', 'b'))\n"
    )
    (folder / f"{name}.py").write_text(header + declaration + "\n")
    monkeypatch.setattr(data, "__path__", [*data.__path__, str(folder)])
    monkeypatch.delitem(sys.modules, f"cu_core.data.{name}", raising=False)


def test_listing_needs_no_torch() -> None:
    code = "import sys; from cu_core import data; data.sources(); sys.exit('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
