"""Arrays as people save them."""

import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core import data
from cu_core.errors import BadData

LABELS = np.array([0, 1] * 10)


def load(folder: Path, **arrays: Any) -> Any:
    np.savez(folder / "a.npz", **arrays)
    return data.load(f"npz:{folder / 'a.npz'}")


def test_float_rows(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(20, 5))
    found = load(tmp_path, x=x, y=LABELS)
    assert found.train_x.dtype == np.float32 and found.shape == (5,) and not found.is_image
    both = np.concatenate([found.train_x, found.test_x])
    assert np.array_equal(np.sort(both, 0), np.sort(x.astype(np.float32), 0))


@pytest.mark.parametrize("shape", [(20, 8, 6, 3), (20, 3, 8, 6)])
def test_channels_last_and_first_are_the_same_images(tmp_path: Path, shape: Any) -> None:
    first = np.arange(20 * 3 * 8 * 6, dtype=np.uint8).reshape(20, 3, 8, 6)
    x = first if shape[1] == 3 else first.transpose(0, 2, 3, 1)
    found = load(tmp_path, x_train=x[:14], y_train=LABELS[:14], x_test=x[14:], y_test=LABELS[14:])
    assert np.array_equal(found.train_x, first[:14]) and np.array_equal(found.test_x, first[14:])


@pytest.mark.parametrize(
    "names",
    [
        "train_x train_y test_x test_y",
        "X_train Y_train X_test Y_test",
        "train_images train_labels test_images test_labels",
    ],
)
def test_the_usual_names(tmp_path: Path, names: str) -> None:
    x = np.zeros((20, 4, 4), np.uint8)
    arrays = zip(names.split(), (x[:10], LABELS[:10, None], x[10:], LABELS[10:, None]), strict=True)
    found = load(tmp_path, **dict(arrays))
    assert found.shape == (1, 4, 4) and len(found.test_y) == 10


def test_unit_floats_are_spread_with_a_note(tmp_path: Path) -> None:
    x = np.linspace(0, 1, 20 * 4).reshape(20, 2, 2)
    found = load(tmp_path, x=x, y=LABELS)
    assert max(found.train_x.max(), found.test_x.max()) == 255
    assert "pixels from 0..1 spread over 0..255" in found.notes


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.array([{}, 1], object), "y": [0, 1]}, "Python objects are refused"),
        ({"a": np.zeros(3)}, "holds a; it needs x and y"),
        ({"x": np.zeros((20, 2)), "y": LABELS[:3]}, "20 samples but 3 labels"),
        ({"x": np.full((20, 2), np.nan), "y": LABELS}, "40 values of the samples are NaN"),
        ({"x": np.zeros((20, 5, 5, 7)), "y": LABELS}, "neither 1 nor 3 channels"),
        ({"x": np.full((20, 5, 5), -1.0), "y": LABELS}, "pixels go from -1 to -1"),
        ({"x": np.zeros(20), "y": LABELS}, r"float64 of shape \(20,\)"),
        ({"x": np.zeros((0, 2)), "y": LABELS[:0]}, "holds no samples"),
        ({"x": np.array([["a"]] * 20), "y": LABELS}, "of numbers are needed"),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(BadData, match=said):
        load(tmp_path, **arrays)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="There is no file"):
        data.load(f"npz:{tmp_path / 'gone.npz'}")
    np.save(tmp_path / "one.npy", LABELS)
    with pytest.raises(BadData, match="is one array; save x and y"):
        data.load(f"npz:{tmp_path / 'one.npy'}")
    for name, content in (("text", b"hello"), ("cut", b"PK\x03\x04rest"), ("empty", b"")):
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(BadData, match="cannot be read as plain numpy arrays"):
            data.load(f"npz:{tmp_path / name}.npz")


X = np.arange(20 * 48, dtype=np.uint8).reshape(20, 4, 4, 3)
TWO = {"x_train": X, "y_train": LABELS, "x_test": X[:6], "y_test": LABELS[:6]}


@pytest.mark.parametrize(
    ("arrays", "said", "sizes"),
    [
        ({"arr_0": X, "arr_1": LABELS[:, None]}, "read from arr_0, arr_1", (16, 4)),
        ({"features": X[:, 0, 0, :], "target": LABELS}, "read from features, target", (16, 4)),
        ({"X": X, "y": LABELS[None]}, "read from X, y", (16, 4)),
        ({"X_tr": X, "y_tr": LABELS, "X_te": X[:6], "y_te": LABELS[:6]}, "X_te, y_te", (20, 6)),
        ({"xtrain": X, "ytrain": LABELS}, "read from xtrain, ytrain", (16, 4)),
        ({**TWO, "x_val": X[:3], "y_val": LABELS[:3]}, "; x_val (3, 4, 4, 3), y_val (3)", (20, 6)),
        (
            {"train_images": X, "train_labels": LABELS, "val_images": X[:6], "val_labels": [0] * 6},
            "val_images, val_labels; val serves as the test part",
            (20, 6),
        ),
        ({**TWO, "coarse_train": LABELS}, "; coarse_train (20) left aside", (20, 6)),
        ({"x_train": X, "y_train": LABELS, "x_test": X}, "; x_test (20, 4, 4, 3) left", (16, 4)),
        (
            {"images": X, "data": X.reshape(20, -1), "target": LABELS, "frame": None},
            "read from images, target; data (20, 48), frame (object) left aside",
            (16, 4),
        ),
    ],
)
def test_names_then_content_and_what_is_left_aside(
    tmp_path: Path, arrays: dict[str, Any], said: str, sizes: tuple[int, int]
) -> None:
    found = load(tmp_path, **arrays)
    assert said in found.notes[0] and (len(found.train_y), len(found.test_y)) == sizes


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({f"arr_{k}": of for k, of in enumerate(TWO.values())}, "holds arr_0, arr_1, arr_2, arr_3"),
        ({"x": X, "y": LABELS, "x_train": X, "y_train": LABELS}, "holds x, x_train, each with lab"),
        ({"x": X, "y": LABELS.astype(object)}, r"y of a.npz: arrays of Python objects are refused"),
        ({"x": X, "y": 3}, "holds x, y; it needs x and y"),
        ({"x": X, "y": np.ones((20, 3), int)}, "20 of 20 samples have several labels"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(BadData, match=said) as caught:
        load(tmp_path, **arrays)
    assert "allow_pickle" not in str(caught.value)


def test_class_names_files_keys_and_texts_beside_the_samples(tmp_path: Path) -> None:
    files = np.array([f"cats/{i}.png" for i in range(20)])
    texts = np.array([f"text {i}" for i in range(20)])
    found = load(
        tmp_path, x=X, y=LABELS, class_names=np.array(["cat", "dog"]), paths=files,
        ids=np.arange(100, 120), text=texts,
    )  # fmt: skip
    assert found.class_names == ("cat", "dog")
    for origin, x in ((found.train_origin, found.train_x), (found.test_origin, found.test_x)):
        assert origin is not None and origin.of == "x of a.npz"
        assert np.array_equal(X[origin.row].transpose(0, 3, 1, 2), x)
        assert list(origin.file) == files[origin.row].tolist()
        assert list(origin.key) == [str(100 + row) for row in origin.row]
        assert list(origin.text) == texts[origin.row].tolist()


def test_rows_of_two_arrays_are_counted_in_each(tmp_path: Path) -> None:
    found = load(tmp_path, **TWO)
    assert found.train_origin is not None and found.test_origin is not None
    assert (found.train_origin.of, found.test_origin.of) == ("x_train of a.npz", "x_test of a.npz")
    assert found.test_origin.row.tolist() == list(range(6))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """A file whose directory says 3 GB of zeros, and one whose array says more than it holds."""
    path = tmp_path / "a.npz"
    whole = (2 << 30) + (1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as members:
        with members.open("y.npy", "w") as member:
            np.lib.format.write_array(member, LABELS)
        with members.open("x.npy", "w", force_zip64=True) as member:
            head = {"descr": "|u1", "fortran_order": False, "shape": (20, whole // 20)}
            np.lib.format.write_array_header_1_0(member, head)
            member.write(b"\0" * 100)
    tracemalloc.start()
    with pytest.raises(BadData, match="and holds 100 bytes"):
        data.load(f"npz:{path}")
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()


def test_numpys_advice_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(BadData) as refusal:
        data.load(f"npz:{tmp_path / 'a.npz'}")
    assert "pickle" not in str(refusal.value)
