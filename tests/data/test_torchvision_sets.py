"""Downloads, served from a folder of this machine with the real file formats."""

import gzip
import hashlib
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from cu_core import data
from cu_core.errors import BadData, Cancelled


def idx(array: np.ndarray) -> bytes:
    """The file format of MNIST: a magic number, the shape, the bytes."""
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return struct.pack(">HBB", 0, 8, array.ndim) + shape + array.tobytes()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of MNIST with 30 training and 20 test images, at a file:// address."""
    from torchvision.datasets import MNIST

    folder = tmp_path / "mirror"
    folder.mkdir()
    resources = []
    for part, n in (("train", 30), ("t10k", 20)):
        images = np.arange(n * 28 * 28, dtype=np.uint8).reshape(n, 28, 28)
        labels = np.arange(n, dtype=np.uint8) % 10
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            packed = gzip.compress(idx(array))
            (folder / f"{part}-{name}-ubyte.gz").write_bytes(packed)
            resources.append((f"{part}-{name}-ubyte.gz", hashlib.md5(packed).hexdigest()))
    monkeypatch.setattr(
        MNIST, "mirrors", [f"{(tmp_path / 'gone').as_uri()}/", folder.as_uri() + "/"]
    )
    monkeypatch.setattr(MNIST, "resources", resources)
    return folder


def test_nothing_is_downloaded_by_loading(tmp_path: Path) -> None:
    for home in (tmp_path, None):
        with pytest.raises(BadData, match="python -m cu_core fetch cifar10") as caught:
            data.load("cifar10", home)
        assert "Models & data page" in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_fetch_then_load(mirror: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    home = tmp_path / "home"
    data.fetch("mnist", home, lambda phase, done, total, _: seen.append((phase, done, total)))
    assert data.downloaded("mnist", home)
    sizes = sorted(p.stat().st_size for p in mirror.iterdir())
    counted = sorted(done for phase, done, total in seen if phase == "downloading MNIST")
    assert counted == sizes and seen[-1] == ("unpacking MNIST", 1, 1)
    mnist = data.load("mnist", home)
    assert mnist.train_x.shape == (30, 1, 28, 28) and len(mnist.test_y) == 20
    assert mnist.class_names == tuple("0123456789") and mnist.train_y[7] == 7
    assert mnist.train_x[1, 0, 0, 0] == (28 * 28) % 256
    data.fetch("mnist", home, lambda *_: None)  # again: the archives in place are kept


def test_a_changed_archive_is_refused(mirror: Path, tmp_path: Path) -> None:
    next(mirror.glob("t10k-labels*")).write_bytes(b"<html>moved</html>")
    with pytest.raises(BadData, match=r"The download failed.*MD5 differs.*Check the connection"):
        data.fetch("mnist", tmp_path / "home", lambda *_: None)
    assert not data.downloaded("mnist", tmp_path / "home")
    assert not list((tmp_path / "home").rglob("*.part"))


def test_a_cancelled_download_is_not_a_downloaded_set(mirror: Path, tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise Cancelled("stopped by the user")

    with pytest.raises(Cancelled):
        data.fetch("mnist", tmp_path / "home", stop)
    with pytest.raises(BadData, match="fetch mnist"):
        data.load("mnist", tmp_path / "home")


def test_files_lost_after_the_download_are_damage(mirror: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    data.fetch("mnist", home, lambda *_: None)
    (home / "data/mnist/MNIST/raw/t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(BadData, match=r"MNIST in .* is damaged"):
        data.load("mnist", home)


def test_cifar_comes_out_channels_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import CIFAR10

    pixels = np.random.default_rng(0).integers(0, 256, (20, 3, 32, 32), dtype=np.uint8)
    batch = {"data": pixels.reshape(20, -1), "labels": list(range(10)) * 2}
    names = ["airplane", *"bcdefghij"]
    files = {"data_batch_1": batch, "test_batch": batch, "batches.meta": {"label_names": names}}
    archive, sums = tmp_path / "cifar.tar.gz", {}
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            (tmp_path / name).write_bytes(pickle.dumps(content))
            sums[name] = hashlib.md5((tmp_path / name).read_bytes()).hexdigest()
            tar.add(tmp_path / name, f"{CIFAR10.base_folder}/{name}")
    monkeypatch.setattr(CIFAR10, "url", archive.as_uri())
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [["data_batch_1", sums["data_batch_1"]]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": sums["batches.meta"]})
    home = tmp_path / "home"
    data.fetch("cifar10", home, lambda *_: None)
    found = data.load("cifar10", home)
    assert np.array_equal(found.train_x, pixels) and found.class_names == tuple(names)
    assert found.test_y.tolist() == list(range(10)) * 2
    spoiled = home / "data/cifar10" / CIFAR10.base_folder / "test_batch"
    spoiled.write_bytes(pickle.dumps({"data": 0}))  # another pickle must not even be opened
    with pytest.raises(BadData, match=r"CIFAR-10 in .* is damaged"):
        data.load("cifar10", home)


@pytest.mark.parametrize("key", ["cifar10", "cifar100", "svhn", "stl10", "fashion-mnist"])
def test_every_set_says_where_its_archives_are(key: str, tmp_path: Path) -> None:
    """The names that torchvision keeps them under are still those this file relies on."""
    from cu_core.data import torchvision_sets as sets

    it = next(s for s in sets._SETS if s.key == key)
    archives = sets._archives(it, tmp_path)
    assert all(u.startswith("http") for urls, _, _ in archives for u in urls)
    assert all(len(md5) == 32 and tmp_path in path.parents for _, path, md5 in archives)
