"""The rows, files, keys and texts by which their owner knows the samples."""

from pathlib import Path
from typing import Any

import numpy as np

from cu_core import data
from cu_core.data import memory
from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.spec import Dataset, Origin


def numbered(n: int = 40, of: str = "x") -> tuple[Any, Any, Origin]:
    """Samples, of which each shows its own row."""
    x = np.arange(n, dtype=np.float32)[:, None]
    names = tuple(f"file {i}" for i in range(n))
    return x, np.arange(n) % 4, Origin(np.arange(n), of, names, names, names)


def check(found: Dataset) -> None:
    for origin, x in ((found.train_origin, found.train_x), (found.test_origin, found.test_x)):
        assert origin is not None and origin.row.tolist() == x[:, 0].astype(int).tolist()
        assert origin.file == tuple(f"file {row}" for row in origin.row)
        assert origin.key == origin.text == origin.file


def test_a_split_of_our_own_keeps_the_rows() -> None:
    x, y, origin = numbered()
    found = assemble("it", x, y, origins=[origin])
    check(found)
    assert found.train_origin is not None and len(found.train_origin.row) == 32
    assert found.train_origin.row.tolist() != list(range(32))


def test_parts_by_lists_leave_the_rest_out() -> None:
    x, y, origin = numbered()
    train, test = np.arange(0, 20, 2), np.arange(1, 20, 2)
    y = np.where(np.arange(40) < 20, np.arange(40) // 2 % 2, 7)  # a class of the rest alone
    found = assemble("it", x, y, (train, test), origins=[origin])
    check(found)
    assert found.class_names == ("0", "1") and found.train_x[:, 0].tolist() == train.tolist()


def test_parts_by_lists_stay_on_disk(tmp_path: Path) -> None:
    x, y, origin = numbered()
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    both = np.arange(0, 40, 2), np.arange(1, 40, 2)
    found = assemble("it", mapped, y // 2, both, origins=[origin])
    assert isinstance(found.train_x, memory.Rows)
    assert found.train_x[:3][:, 0].tolist() == [0, 2, 4]


def test_planting_keeps_them(tmp_path: Path) -> None:
    x, y, _ = numbered()
    np.savez(tmp_path / "d.npz", x=x, y=y)
    plain, planted = (
        data.load(f"npz:{tmp_path / 'd.npz'}", plant=p) for p in ("", "wrong-labels:.2")
    )
    assert planted.train_origin is not None and plain.train_origin is not None
    assert np.array_equal(planted.train_origin.row, plain.train_origin.row)


def test_many_names_are_cached(tmp_path: Path) -> None:
    n = 200_000
    y = np.arange(n) % 2
    names = tuple(f"class {i % 2}/image {i:06d} \udcff.jpg" for i in range(n))
    origin = Origin(np.arange(n)[::-1].copy(), "the training files", names)
    test = Origin(np.arange(2), "the test files")
    x = np.zeros((n, 1), np.float32)
    it = Dataset("it", x, y, x[:2], y[:2], ("a", "b"), train_origin=origin, test_origin=test)
    (tmp_path / "it").touch()
    cached(tmp_path, "it", [tmp_path / "it"], lambda room: it)
    found = cached(tmp_path, "it", [tmp_path / "it"], lambda room: it)
    assert found.train_origin is not None and found.test_origin is not None
    assert found.train_origin.file == names and found.test_origin.row.tolist() == [0, 1]
    assert np.array_equal(found.train_origin.row, origin.row)
