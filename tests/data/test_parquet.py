"""The Hugging Face layout, and the cache of what was decoded."""

import json
import os
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from cu_core import data
from cu_core.data import parquet
from cu_core.errors import BadData

SHARED = (Path(__file__).resolve().parents[2] / "../shared").resolve()
CIFAR = SHARED / "data/cifar10"


def picture(i: int) -> dict[str, Any]:
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (i, 0, 0)).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": f"{i}.png"}


def write(path: Path, labels: list[Any], names: list[str] | None = None, **more: Any) -> None:
    columns = {"img": [picture(i) for i in range(len(labels))], "label": labels, **more}
    table = pa.table(columns)
    if names:
        features = {"label": {"names": names, "_type": "ClassLabel"}, "img": {"_type": "Image"}}
        about = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": about})
    pq.write_table(table, path)


def test_train_and_test_files_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "train-00000-of-00002.parquet", [0, 1, 1], ["cat", "dog"])
    write(tmp_path / "train-00001-of-00002.parquet", [0, 0], ["cat", "dog"])
    write(tmp_path / "test-00000-of-00001.parquet", [1, 0], ["cat", "dog"])
    found = data.load(f"parquet:{tmp_path}")
    assert found.train_y.tolist() == [0, 1, 1, 0, 0] and found.test_y.tolist() == [1, 0]
    assert found.train_x[:, 0, 0, 0].tolist() == [0, 1, 2, 0, 1]
    assert found.class_names == ("cat", "dog")
    assert found.notes == (
        "read from 2 files (train-00000-of-00002.parquet ...) and test-00000-of-00001.parquet: "
        "img, label",
    )
    assert found.train_origin is not None and found.test_origin is not None
    assert found.train_origin.row.tolist() == [0, 1, 2, 3, 4]
    assert found.train_origin.file == ("0.png", "1.png", "2.png", "0.png", "1.png")
    assert (found.train_origin.of, found.test_origin.of) == (
        "the training files", "test-00000-of-00001.parquet",
    )  # fmt: skip


def test_one_file_is_split_and_names_fall_back_to_numbers(tmp_path: Path) -> None:
    write(tmp_path / "all.parquet", [0, 1] * 10, size=[8] * 20)
    found = data.load(f"parquet:{tmp_path / 'all.parquet'}")
    assert len(found.train_y) == 16 and found.class_names == ("0", "1")
    assert found.train_x[:, 0, 0, 0].tolist() == sorted(found.train_x[:, 0, 0, 0].tolist())
    assert len({*found.train_x[:, 0, 0, 0], *found.test_x[:, 0, 0, 0]}) == 20


def test_parts_that_number_the_classes_otherwise_are_matched_by_name(tmp_path: Path) -> None:
    write(tmp_path / "train-0.parquet", [0, 1], ["cat", "dog"])
    write(tmp_path / "test-0.parquet", [0, 1], ["dog", "cat"])
    found = data.load(f"parquet:{tmp_path}")
    assert found.test_y.tolist() == [1, 0] and found.class_names == ("cat", "dog")
    assert "test-0.parquet numbers the classes otherwise: matched by name" in found.notes


def test_string_labels(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", ["dog", "cat"] * 5)
    assert data.load(f"parquet:{tmp_path}").class_names == ("cat", "dog")


def test_rows_without_bytes_are_quarantined(tmp_path: Path) -> None:
    rows = [picture(i) for i in range(40)]
    rows[7] = {"bytes": None, "path": "/etc/passwd"}
    pq.write_table(pa.table({"image": rows, "label": [0, 1] * 20}), tmp_path / "a.parquet")
    found = data.load(f"parquet:{tmp_path}")
    assert "1 unreadable image left out: /etc/passwd" in found.notes
    assert len(found.train_y) + len(found.test_y) == 39


def test_a_quarantined_training_row_does_not_shift_the_test_part(tmp_path: Path) -> None:
    rows = [picture(i) for i in range(30)]
    rows[3] = {"bytes": b"", "path": None}
    pq.write_table(pa.table({"image": rows, "label": [0, 1] * 15}), tmp_path / "train.parquet")
    write(tmp_path / "test.parquet", [1, 0, 1])
    found = data.load(f"parquet:{tmp_path}")
    assert len(found.train_y) == 29 and found.test_x[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert found.notes == (
        "read from train.parquet and test.parquet: image, label",
        "image of train.parquet is called img in test.parquet",
        "1 unreadable image left out: train.parquet row 3",
    )
    assert found.train_origin is not None and found.test_origin is not None
    assert found.train_origin.row.tolist() == [0, 1, 2, *range(4, 30)]
    assert found.test_origin.row.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: None, "There is no parquet file at"),
        (lambda p: (p / "a.parquet").write_bytes(b"PAR1 no"), "cannot be read as parquet"),
        (lambda p: pq.write_table(pa.table({"label": [1]}), p / "a.parquet"), "one image column"),
        (lambda p: write(p / "a.parquet", [0, 1, 2], ["a", "b"]), "beyond the 2 class names"),
        (lambda p: write(p / "a.parquet", [0, -1]), "1 of 2 samples have no label"),
        (lambda p: write(p / "a.parquet", [0, None, 1]), "1 of 3 samples have no label"),
        (
            lambda p: pq.write_table(
                pa.table({"img": [picture(0)], "coarse": [0], "fine": [0]}), p / "a.parquet"
            ),
            "several columns that could be it: coarse, fine",
        ),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, make: Any, said: str) -> None:
    make(tmp_path)
    with pytest.raises(BadData, match=said):
        data.load(f"parquet:{tmp_path}")


def caches(home: Path) -> list[Path]:
    return sorted((home / "data").iterdir())


def test_the_second_load_comes_from_the_cache(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "a.parquet"
    write(file, [0, 1] * 10)
    first = data.load(f"parquet:{file}", home)
    (cache,) = caches(home)
    stamp = cache.stat().st_mtime_ns
    again = data.load(f"parquet:{file}", home)
    assert again.hash == first.hash and cache.stat().st_mtime_ns == stamp
    assert (again.key, again.class_names, again.notes) == (
        first.key, first.class_names, first.notes
    )  # fmt: skip
    for one, other in (
        (first.train_origin, again.train_origin), (first.test_origin, again.test_origin),
    ):  # fmt: skip
        assert one is not None and other is not None
        assert one.row.tolist() == other.row.tolist() and other.row.dtype == np.int64
        assert (one.of, one.file, one.key, one.text) == (
            other.of, other.file, other.key, other.text
        )  # fmt: skip


def test_a_changed_file_is_decoded_anew_and_the_old_cache_goes(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "a.parquet"
    write(file, [0, 1] * 10)
    data.load(f"parquet:{file}", home)
    (old,) = caches(home)
    write(file, [0, 1, 2] * 10)
    assert data.load(f"parquet:{file}", home).n_classes == 3
    (new,) = caches(home)
    assert new != old
    os.utime(file, ns=(1, 1))
    data.load(f"parquet:{file}", home)
    assert caches(home) != [new]


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "a.parquet"
    write(file, [0, 1] * 10)
    first = data.load(f"parquet:{file}", home)
    (cache,) = caches(home)
    for file_of in sorted(path.name for path in cache.iterdir()):
        path = cache / file_of
        whole = path.read_bytes()
        flipped = [bytearray(whole) for _ in range(3)]
        for copy, at in zip(flipped, (7, 40, len(whole) * 3 // 4), strict=True):
            copy[at] ^= 1
        for broken in (b"", whole[: len(whole) // 2], *map(bytes, flipped)):
            path.write_bytes(broken)
            again = data.load(f"parquet:{file}", home)
            assert again.hash == first.hash and again.notes == first.notes
            assert again.class_names == first.class_names
            assert caches(home) == [cache] and path.read_bytes() != broken
        path.unlink()
        assert data.load(f"parquet:{file}", home).hash == first.hash and path.exists()


def test_a_cache_of_the_earlier_form_goes(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "a.parquet"
    write(file, [0, 1] * 10)
    data.load(f"parquet:{file}", home)
    (cache,) = caches(home)
    cache.with_name(f"{cache.name.partition('-')[0]}-0123.npz").write_bytes(b"")
    os.utime(file, ns=(1, 1))
    data.load(f"parquet:{file}", home)
    (new,) = caches(home)
    assert new.is_dir() and new != cache


def test_a_home_that_cannot_be_written_is_said_and_survived(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    write(tmp_path / "a.parquet", [0, 1] * 10)
    found = data.load(f"parquet:{tmp_path / 'a.parquet'}", tmp_path / "home")
    assert "not cached, decoded each time" in found.notes[-1]


@pytest.mark.skipif(not CIFAR.exists(), reason="needs the CIFAR-10 parquet files")
def test_cifar_test_part(tmp_path: Path) -> None:
    found = data.load(f"parquet:{CIFAR / 'test-00000-of-00001.parquet'}", tmp_path)
    assert found.shape == (3, 32, 32) and found.class_names[5] == "dog"
    assert np.bincount(found.train_y).tolist() == [800] * 10
    start = time.perf_counter()
    assert data.load(f"parquet:{CIFAR / 'test-00000-of-00001.parquet'}", tmp_path).hash
    assert time.perf_counter() - start < 1.5


def test_names_that_are_no_list_name_no_class(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [0, 1] * 5, "notalist")  # type: ignore[arg-type]
    assert data.load(f"parquet:{tmp_path / 'a.parquet'}").class_names == ("0", "1")


def test_a_column_that_would_fill_memory_is_refused(tmp_path: Path) -> None:
    """One value, 300 million times, in a file of kilobytes."""
    path, rows = tmp_path / "a.parquet", 3_000_000
    schema = pa.schema({"x": pa.int8(), "label": pa.int8()})
    with pq.ParquetWriter(path, schema) as writer:
        part = pa.table([pa.nulls(rows, pa.int8())] * 2, schema=schema)
        for _ in range(50):
            writer.write_table(part)
    with pytest.raises(BadData, match=r"a.parquet is .* would unpack to 2.4 GB"):
        data.load(f"parquet:{path}")


@pytest.mark.parametrize("said", [True, False])
def test_one_long_text_in_every_row_is_refused_before_it_is_unpacked(
    tmp_path: Path, said: bool
) -> None:
    """A hundred kilobytes of labels that would be 3 GB; ``said``: the file names their kind."""
    names = pa.array([f"{'c' * 1_000_000}{end}" for end in "ab"])
    labels = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 1500, pa.int32()), names)
    table = pa.table({"x": [[1.0, 2.0]] * 3000, "label": labels})
    pq.write_table(table, tmp_path / "a.parquet", store_schema=said)
    with pytest.raises(BadData, match=r"a\.parquet is 0\.1 MB and would unpack to 3\.0 GB"):
        data.load(f"parquet:{tmp_path / 'a.parquet'}")


@pytest.mark.parametrize("of", ["bytes", "large bytes", "struct", "path"])
def test_one_large_image_in_every_row_is_refused_before_it_is_unpacked(
    tmp_path: Path, of: str
) -> None:
    large = pa.large_binary() if of == "large bytes" else pa.binary()
    one = pa.array([bytes(20_000_000)], pa.string() if of == "path" else large)
    image = pa.DictionaryArray.from_arrays(pa.array([0] * 4000, pa.int32()), one)
    if of in ("struct", "path"):
        image = pa.StructArray.from_arrays([image], ["path" if of == "path" else "bytes"])
    table = pa.table({"image": image, "label": [0, 1] * 2000})
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd", store_schema=False)
    with pytest.raises(BadData, match=r"a\.parquet is 0\.0 MB and would unpack to (5\.1|80\.0) GB"):
        data.load(f"parquet:{tmp_path / 'a.parquet'}")


@pytest.mark.parametrize("rows", [100, 400])  # in a group
def test_large_images_that_differ_are_no_bomb(tmp_path: Path, rows: int) -> None:
    noise = np.random.default_rng(0).bytes(400 * 100_000)
    images = [{"bytes": noise[i::400], "path": f"{i}.png"} for i in range(400)]
    table = pa.table({"image": images, "label": [0, 1] * 200})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=rows)
    parquet._refuse_bomb(tmp_path / "a.parquet")
