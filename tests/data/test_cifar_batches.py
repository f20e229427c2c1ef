"""CIFAR as its makers give it: pickles of Python 2, read without running any."""

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core import data
from cu_core.errors import BadData

NAMES = [b"airplane", b"automobile", b"bird", b"cat"]
RNG = np.random.default_rng(0)


def python_2(value: Any) -> bytes:
    """A value as Python 2's pickle wrote it, protocol 2: texts are bytes without a code."""

    def text(raw: bytes) -> bytes:
        if len(raw) < 256:
            return b"U" + bytes([len(raw)]) + raw
        return b"T" + struct.pack("<i", len(raw)) + raw

    def one(value: Any) -> bytes:
        if isinstance(value, bytes):
            return text(value)
        if isinstance(value, int):
            return b"J" + struct.pack("<i", value)
        if isinstance(value, list):
            return b"](" + b"".join(map(one, value)) + b"e"
        if isinstance(value, dict):
            return b"}(" + b"".join(one(k) + one(v) for k, v in value.items()) + b"u"
        shape = b"".join(map(one, value.shape)) + b"\x86"
        dtype = b"cnumpy\ndtype\n" + text(b"u1") + one(0) + one(1) + b"\x87R("
        dtype += one(3) + text(b"|") + b"NNN" + one(-1) + one(-1) + one(0) + b"tb"
        made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + one(0) + b"\x85"
        made += text(b"b") + b"\x87R(" + one(1) + shape + dtype + b"\x89"
        return made + text(value.tobytes()) + b"tb"

    return b"\x80\x02" + one(value) + b"."


def batch(n: int, name: str, labels: str = "labels", **more: Any) -> dict[bytes, Any]:
    return {
        b"data": RNG.integers(0, 256, (n, 3072), dtype=np.uint8),
        labels.encode(): [i % 4 for i in range(n)],
        b"filenames": [f"{name}_{i}.png".encode() for i in range(n)],
        b"batch_label": b"batch",
        **{key.encode(): value for key, value in more.items()},
    }


def write(folder: Path, dump: Any = python_2, numbers: tuple[int, ...] = (1, 2)) -> list[Any]:
    folder.mkdir(parents=True, exist_ok=True)
    made = [batch(8, f"b{k}") for k in numbers]
    for k, held in zip(numbers, made, strict=True):
        (folder / f"data_batch_{k}").write_bytes(dump(held))
    made.append(batch(6, "t"))
    (folder / "test_batch").write_bytes(dump(made[-1]))
    (folder / "batches.meta").write_bytes(dump({b"label_names": NAMES, b"num_vis": 3072}))
    return made


@pytest.mark.parametrize("dump", [python_2, pickle.dumps, lambda v: pickle.dumps(v, 2)])
@pytest.mark.parametrize("source", ["cifar10py", "folder"])
def test_all_pickles_of_the_set(tmp_path: Path, dump: Any, source: str) -> None:
    made = write(tmp_path / "cifar-10-batches-py", dump)
    for folder in (tmp_path / "cifar-10-batches-py", tmp_path):
        found = data.load(f"{source}:{folder}")
        x = np.concatenate([held[b"data"] for held in made]).reshape(-1, 3, 32, 32)
        assert np.array_equal(found.train_x, x[:16]) and np.array_equal(found.test_x, x[16:])
        assert found.class_names == ("airplane", "automobile", "bird", "cat")
        assert found.train_y.tolist() == [0, 1, 2, 3] * 4
        assert found.notes == ("read from data_batch_1, data_batch_2, test_batch",)
        origin = found.train_origin
        assert origin is not None and origin.row.tolist() == list(range(16))
        assert origin.of == "the training files" and origin.file[8] == "b2_0.png"


def test_cifar_100_has_fine_labels(tmp_path: Path) -> None:
    for name in ("train", "test"):
        held = batch(8, name, "fine_labels", coarse_labels=[0] * 8)
        (tmp_path / name).write_bytes(python_2(held))
    meta = {b"fine_label_names": NAMES, b"coarse_label_names": [b"all"]}
    (tmp_path / "meta").write_bytes(python_2(meta))
    found = data.load(f"cifar10py:{tmp_path}", tmp_path / "home", size=8)
    assert found.class_names[2] == "bird" and found.shape == (3, 8, 8)
    assert found.notes[0] == "read from train, test; coarse_labels left aside"


def test_a_missing_batch_is_said(tmp_path: Path) -> None:
    write(tmp_path, numbers=(1, 3))
    found = data.load(f"cifar10py:{tmp_path}")
    assert found.notes[0].endswith("test_batch; of 3 batches 1 are missing")


class Touch:
    """Unpickled by pickle, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no pickle", "cannot be read as a batch of CIFAR"),
        (python_2(batch(8, "a"))[:-400], "cannot be read as a batch of CIFAR: it ends in the mid"),
        (pickle.dumps([1, 2]), "it holds a list"),
        (pickle.dumps({b"x": 1}), "needs data .* and holds x"),
        (pickle.dumps({"data": np.zeros((2, 3072)), "labels": [0, 1]}), "data is float64 of shape"),
        (pickle.dumps({"data": np.zeros((2, 3072), "u1"), "labels": [0]}), "beside 1 labels"),
    ],
)
def test_files_that_are_no_batches(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(BadData, match=said):
        data.load(f"cifar10py:{tmp_path}")


def test_nothing_in_a_batch_is_run(tmp_path: Path) -> None:
    write(tmp_path)
    mark = tmp_path / "made"
    held = {**batch(8, "a"), b"extra": Touch(mark)}
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(held))
    assert len(data.load(f"cifar10py:{tmp_path}").train_y) == 16
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({b"data": Touch(mark), b"labels": [1]}))
    with pytest.raises(BadData, match="needs data"):
        data.load(f"cifar10py:{tmp_path}")
    assert not mark.exists()


def test_folders_without_the_set(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="holds no data_batch_1 and no train"):
        data.load(f"cifar10py:{tmp_path}")
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"")
    with pytest.raises(BadData, match=r"is a file, and no folder\. Give .* its archive unpacks"):
        data.load(f"cifar10py:{tmp_path / 'cifar-10-python.tar.gz'}")
    for name in ("a", "b"):
        write(tmp_path / name)
    with pytest.raises(BadData, match="holds a, b; give one of them"):
        data.load(f"cifar10py:{tmp_path}")
