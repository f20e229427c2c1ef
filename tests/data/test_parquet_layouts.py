"""Parquet as several libraries and people write it: columns, parts, folders of the Hub."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from cu_core import data
from cu_core.errors import BadData
from cu_core.spec import Dataset

N = 20
WORDS = ["cat", "dog"] * 10


def png(i: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (4, 4), (i, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


PNGS = [png(i) for i in range(N)]


def write(path: Path, **columns: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def load(path: Path) -> Dataset:
    return data.load(f"parquet:{path}")


def shown(found: Dataset) -> list[int]:
    """Which picture each training sample is."""
    return [int(x) for x in found.train_x[:, 0, 0, 0]]


TEXTS = [
    pa.array(WORDS),
    pa.array(WORDS, pa.large_string()),
    pa.array(WORDS, pa.string_view()),
    pa.array(WORDS).dictionary_encode(),
]


@pytest.mark.parametrize("label", TEXTS, ids=lambda a: str(a.type))
@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
def test_texts_and_bytes_of_every_type(tmp_path: Path, label: Any, kind: Any) -> None:
    write(tmp_path / "a.parquet", id=list(range(N)), image=pa.array(PNGS, kind), label=label)
    found = load(tmp_path)
    assert found.class_names == ("cat", "dog") and len(found.train_y) == 16
    assert found.train_origin is not None
    assert [int(key) for key in found.train_origin.key] == shown(found)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"img": PNGS, "label": WORDS, "coarse_label": WORDS}, "img, label; coarse_label left"),
        ({"picture": PNGS, "Category": WORDS, "width": [4] * N}, "picture, Category; width left"),
        ({"image": PNGS, "mask": PNGS, "label": WORDS}, "image, label; mask left aside"),
        ({"image": PNGS, "kind": WORDS, "uid": range(N)}, "image, kind, uid"),
        ({"image": [{"bytes": b} for b in PNGS], "label": WORDS}, "image, label"),
        ({"x0": PNGS, "target": WORDS, "caption": WORDS}, "x0, target, caption"),
    ],
)
def test_columns_by_name_then_content(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    write(tmp_path / "a.parquet", **{name: list(of) for name, of in columns.items()})
    found = load(tmp_path)
    assert found.class_names == ("cat", "dog") and found.notes[0].startswith(
        f"read from a.parquet: {said}"
    )


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"image": PNGS, "kind": WORDS, "size": [1, 2] * 10}, "could be it: kind, size. Name it"),
        ({"a": PNGS, "b": PNGS, "label": WORDS}, "several columns that could be it: a, b"),
        ({"image": PNGS, "labels": [[0, 1]] * N}, "labels holds a list of labels for each"),
        ({"score": [0.5] * N, "label": WORDS}, "has none among score, label: .*csv:FILE"),
        ({"image": PNGS, "label": [None, *WORDS[1:]]}, "1 of 20 samples have no label"),
        ({"v": [[1.0] * (2 + i % 2) for i in range(N)], "label": WORDS}, "of different lengths"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    write(tmp_path / "a.parquet", **columns)
    with pytest.raises(BadData, match=said):
        load(tmp_path)


@pytest.mark.parametrize(
    ("names", "notes"),
    [
        (("pets_train", "pets_test"), ()),
        (("training", "testing"), ()),
        (("cifar10-train", "cifar10-test"), ()),
        (("data/train-00000-of-00001", "data/test-00000-of-00001"), ()),
        (("plain_text/train-00000-of-00001", "plain_text/test-00000-of-00001"), ()),
        (("default/train/0000", "default/test/0000"), ()),
        (("train", "valid"), ("valid.parquet: serves as the test part",)),
        (("train", "test", "extra"), ("left aside: extra.parquet",)),
        (("train", "test", "validation"), ("left aside: validation.parquet",)),
        (("train", "test", "old/all"), ("left aside: old/all.parquet",)),
        (("train-00001-of-00003", "test"), ("train: 1 of 3 files are there",)),
    ],
)
def test_parts_by_the_names_of_files_and_folders(
    tmp_path: Path, names: tuple[str, ...], notes: tuple[str, ...]
) -> None:
    for k, name in enumerate(names):
        n = (20, 6, 4)[k]
        write(tmp_path / f"{name}.parquet", image=PNGS[:n], label=WORDS[:n])
    found = load(tmp_path)
    assert (len(found.train_y), len(found.test_y)) == (20, 6) and found.notes[1:] == notes
    first, second = (f"{name}.parquet" for name in names[:2])
    assert found.notes[0] == f"read from {first} and {second}: image, label"


def test_folders_that_hold_several_sets_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name / "train.parquet", image=PNGS, label=WORDS)
    with pytest.raises(BadData, match=r"several configurations: a, b\. Give one: parquet:"):
        load(tmp_path)
    for name in ("c/val", "c/test"):
        write(tmp_path / f"{name}.parquet", image=PNGS, label=WORDS)
    with pytest.raises(BadData, match="none is called train"):
        load(tmp_path / "c")


@pytest.mark.parametrize("labels", [None, [-1] * 6])
def test_hidden_labels_of_a_contest_leave_the_part_aside(tmp_path: Path, labels: Any) -> None:
    write(tmp_path / "train.parquet", image=PNGS, label=[0, 1] * 10)
    write(tmp_path / "test.parquet", image=PNGS[:6], **({"label": labels} if labels else {}))
    write(tmp_path / "val.parquet", image=PNGS[:4], label=[0, 1] * 2)
    found = load(tmp_path)
    assert "left aside, without labels: test.parquet" in found.notes and len(found.test_y) == 4


def test_class_names_in_another_order(tmp_path: Path) -> None:
    for name, classes in (("train", ["cat", "dog"]), ("test", ["eel", "dog", "cat"])):
        about = {"info": {"features": {"label": {"names": classes}}}}
        table = pa.table({"image": PNGS[:4], "label": [len(classes) - 1, len(classes) - 2] * 2})
        table = table.replace_schema_metadata({"huggingface": json.dumps(about)})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    found = load(tmp_path)
    assert [found.class_names[y] for y in found.train_y] == ["dog", "cat"] * 2
    assert [found.class_names[y] for y in found.test_y] == ["cat", "dog"] * 2
    assert "test.parquet numbers the classes otherwise: matched by name" in found.notes


def test_a_column_says_the_parts(tmp_path: Path) -> None:
    split = ["train"] * 10 + ["validation"] * 4 + ["test"] * 6
    write(
        tmp_path / "a.parquet",
        image=PNGS,
        label=[*WORDS[:10], *["owl"] * 4, *WORDS[:6]],
        split=split,
    )
    found = load(tmp_path)
    assert found.class_names == ("cat", "dog") and shown(found) == list(range(10))
    assert "4 validation samples left aside" in found.notes
    assert found.test_origin is not None and found.test_origin.row.tolist() == list(range(14, 20))


def test_images_that_are_paths_are_followed(tmp_path: Path) -> None:
    folder, home = tmp_path / "set", tmp_path / "home"
    (folder / "pics").mkdir(parents=True)
    for i in range(N):
        (folder / f"pics/{i}.png").write_bytes(PNGS[i])
    names = [f"pics/{i}.png" if i % 2 else str(folder / f"pics/{i}.png") for i in range(N)]
    struct = [{"bytes": None, "path": name} for name in names]
    for k, images in enumerate((names, struct)):
        write(folder / f"{k}.parquet", image=images, label=WORDS)
        found = data.load(f"parquet:{folder / f'{k}.parquet'}", home)
        assert found.train_origin is not None
        assert shown(found) == found.train_origin.row.tolist()
        assert list(found.train_origin.file) == [names[row] for row in found.train_origin.row]
    (folder / "pics/0.png").write_bytes(png(99))  # the cache was made of another
    assert 99 in shown(data.load(f"parquet:{folder / '1.parquet'}", home))
    write(
        tmp_path / "other/a.parquet", image=[f"../set/pics/{i}.png" for i in range(N)], label=WORDS
    )
    with pytest.raises(BadData, match=r"\.\./set/pics/0\.png \(no bytes, and no path to follow"):
        load(tmp_path / "other")
    write(tmp_path / "gone/a.parquet", image=["b.png"] * N, label=WORDS)
    with pytest.raises(BadData, match=r"b\.png \(no such file\)"):
        load(tmp_path / "gone")


def test_pixels_as_lists_and_tensors(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (N, 6, 4, 3), dtype=np.uint8)
    kinds = {"lists": x.tolist(), "tensor": pa.FixedShapeTensorArray.from_numpy_ndarray(x)}
    for name, column in kinds.items():
        write(tmp_path / f"{name}.parquet", image=column, label=WORDS)
        found = load(tmp_path / f"{name}.parquet")
        assert found.train_origin is not None and found.shape == (3, 6, 4)
        assert np.array_equal(found.train_x, x[found.train_origin.row].transpose(0, 3, 1, 2))


@pytest.mark.parametrize("fixed", [True, False])
def test_vectors_keep_their_text(tmp_path: Path, fixed: bool) -> None:
    x = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), 5) if fixed else list(x)
    texts = [f"sentence {i}" for i in range(N)]
    write(tmp_path / "a.parquet", embedding=column, label=WORDS, body=texts)
    found = load(tmp_path)
    assert found.train_origin is not None
    assert np.array_equal(found.train_x, x[found.train_origin.row])
    assert list(found.train_origin.text) == [texts[row] for row in found.train_origin.row]


def test_a_training_file_alone_says_what_lies_beside_it(tmp_path: Path) -> None:
    for name in ("train", "test"):
        write(tmp_path / f"{name}.parquet", image=PNGS, label=WORDS)
    found = load(tmp_path / "train.parquet")
    said = f"left aside: test.parquet beside it; parquet:{tmp_path} reads both parts"
    assert said in found.notes
