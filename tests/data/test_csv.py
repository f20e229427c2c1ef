"""Tables of files or numbers as people save them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cu_core import data
from cu_core.errors import BadData
from cu_core.files import CONFINED
from cu_core.spec import Dataset

N = 20
WORDS = ["cat", "dog"] * 10
RNG = np.random.default_rng(0)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for i in range(N):
        Image.new("RGB", (4, 4), (i, 0, 0)).save(tmp_path / f"images/{i:03d}.png")
    return tmp_path


def table(head: str, row: str, **more: Any) -> str:
    """``row`` is formatted with i, word and whatever else has N values."""
    each = ({k: of[i] for k, of in more.items()} for i in range(N))
    rows = [row.format(i=i, word=WORDS[i], **of) for i, of in enumerate(each)]
    return "\n".join([*([head] if head else []), *rows, ""])


def load(folder: Path, text: str, name: str = "labels.csv", encoding: str = "utf-8") -> Dataset:
    (folder / name).write_bytes(text.encode(encoding))
    return data.load(f"csv:{folder / name}")


def test_a_table_leads_no_further_than_paths_may(
    pictures: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path_factory.mktemp("inside")
    text = table("file,label", str(pictures / "images/{i:03d}.png") + ",{word}")
    check(load(inside, text))
    monkeypatch.setenv(CONFINED, str(inside))
    with pytest.raises(BadData):
        load(inside, text)
    monkeypatch.setenv(CONFINED, f"{inside}:{pictures}")
    check(load(inside, text))


def check(found: Dataset) -> None:
    """Every image has its own row and label."""
    assert found.class_names == ("cat", "dog") and len(found.train_y) + len(found.test_y) == N
    for origin, x, y in (
        (found.train_origin, found.train_x, found.train_y),
        (found.test_origin, found.test_x, found.test_y),
    ):
        assert origin is not None and origin.of == "labels.csv"
        assert origin.row.tolist() == x[:, 0, 0, 0].tolist()
        assert (origin.row % 2).tolist() == y.tolist()


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("path,label", "{i:03d}.png,{word}"),
        ("image_path,class", "images/{i:03d}.png,{word}"),
        ("path;label", "{i:03d}.png;{word}"),
        ("path\tlabel", "{i:03d}.png\t{word}"),
        ('"file","label"', '"{i:03d}.png","{word}"'),
        (",label,file", "{i},{word},{i:03d}.png"),  # pandas with its index
        ("id,breed", "{i:03d},{word}"),  # without the ending
        ("label,image", "{word},images\\{i:03d}.png"),
        ("foo,bar,baz", "{word},{i:03d}.png,{i}"),  # by content
        ("", "{i:03d}.png,{word}"),
        ("image,cat,dog", "{i:03d}.png,{a},{b}"),  # a column for each class
    ],
)
def test_files_and_labels_however_they_are_written(pictures: Path, head: str, row: str) -> None:
    one_hot = {"a": [1.0, 0.0] * 10, "b": [0.0, 1.0] * 10}
    check(load(pictures, table(head, row, **one_hot)))


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", "\ufeff"), ("utf-16", ""), ("cp1252", ""), ("utf-8", "\r")]
)
def test_encodings_and_line_ends(pictures: Path, encoding: str, mark: str) -> None:
    text = table("file,label", "{i:03d}.png,{word}é")
    text = text.replace("\n", "\r\n") if mark == "\r" else mark + text
    found = load(pictures, text, encoding=encoding)
    assert found.class_names == ("caté", "dogé") and len(found.train_y) == 16
    guessed = "labels.csv is no UTF-8: read as Windows-1252"
    assert (guessed in found.notes) == (encoding == "cp1252")


def test_a_column_says_the_parts(pictures: Path) -> None:
    parts = ["train"] * 12 + ["val"] * 3 + ["test"] * 5
    found = load(pictures, table("file,label,split", "{i:03d}.png,{word},{p}", p=parts))
    assert found.train_x[:, 0, 0, 0].tolist() == list(range(12))
    assert found.test_x[:, 0, 0, 0].tolist() == list(range(15, 20))
    assert "3 validation samples left aside" in found.notes


def test_a_folder_of_a_training_and_a_test_table(pictures: Path) -> None:
    rows = table("id,label", "{i:03d},{word}").splitlines(keepends=True)
    (pictures / "train.csv").write_text("".join(rows[:15]))
    (pictures / "test.csv").write_text("".join(rows[:1] + rows[15:]))
    (pictures / "sample_submission.csv").write_text("id,label\n1,2\n")
    found = data.load(f"csv:{pictures}")
    assert (len(found.train_y), len(found.test_y)) == (14, 6)
    assert "left aside: sample_submission.csv" in found.notes
    (pictures / "test.csv").write_text("id\n019\n")
    found = data.load(f"csv:{pictures}")
    assert "left aside, without labels: test.csv" in found.notes
    alone = data.load(f"csv:{pictures / 'train.csv'}")
    assert any("test.csv beside it" in note for note in alone.notes)


def test_a_few_missing_files_are_left_out_and_keep_the_rows(pictures: Path) -> None:
    (pictures / "images/003.png").unlink()
    found = load(pictures, table("file,label", "{i:03d}.png,{word}"))
    assert found.train_origin is not None and "1 unreadable image left out: 003.png" in found.notes
    assert found.train_origin.row.tolist() == found.train_x[:, 0, 0, 0].tolist()


def test_the_cache_is_of_the_table_and_its_images(pictures: Path) -> None:
    text = table("file,label", "{i:03d}.png,{word}")
    (pictures / "labels.csv").write_text(text)
    key, home = f"csv:{pictures / 'labels.csv'}", pictures / "home"
    first = data.load(key, home)
    assert data.load(key, home).hash == first.hash
    Image.new("RGB", (4, 4), (99, 0, 0)).save(pictures / "images/000.png")
    assert data.load(key, home).hash != first.hash
    (pictures / "labels.csv").write_text(text.replace("cat", "cow"))
    assert data.load(key, home).class_names == ("cow", "dog")
    assert data.load(key, home, size=6).shape == (3, 6, 6)
    assert len(list((home / "data").iterdir())) == 2  # one of each size


def test_the_same_name_in_two_folders_is_refused(pictures: Path) -> None:
    (pictures / "other").mkdir()
    (pictures / "other/000.png").write_bytes((pictures / "images/000.png").read_bytes())
    with pytest.raises(BadData, match=r"'000\.png' of .* could be images/000\.png, other/000\.png"):
        load(pictures, table("file,label", "{i:03d}.png,{word}"))


VALUES = {"u": RNG.normal(size=N).tolist(), "v": RNG.normal(size=N).tolist()}


def test_numbers_are_rows_and_a_text_stays_with_them(tmp_path: Path) -> None:
    text = table(
        "id,e0,e1,note,label", '7{i:02d},{u},{v},"a, {i}",{w}', **VALUES, w=[3.0, 1.0] * 10
    )
    found = load(tmp_path, text)
    assert found.shape == (2,) and found.class_names == ("1", "3") and not found.is_image
    assert found.notes[0] == "read from labels.csv: 2 columns of numbers, label, id, note"
    origin = found.train_origin
    assert origin is not None
    assert np.allclose(found.train_x[:, 0], np.array(VALUES["u"])[origin.row], atol=1e-6)
    assert list(origin.text) == [f"a, {row}" for row in origin.row]
    assert list(origin.key) == [f"7{row:02d}" for row in origin.row]


def test_a_text_column_of_few_values_is_the_label_of_numbers(tmp_path: Path) -> None:
    found = load(tmp_path, table("a,b,variety,fold", "{u},{v},{word},{i}", **VALUES))
    assert found.class_names == ("cat", "dog") and found.shape == (2,)
    assert found.notes[0].endswith("variety; fold left aside")


def test_numbers_with_a_decimal_comma(tmp_path: Path) -> None:
    found = load(tmp_path, table("a;b;label", "{i},5;-1,25;{word}"))
    assert found.shape == (2,) and found.train_x[:2].tolist() == [[0.5, -1.25], [1.5, -1.25]]


def test_leading_zeros_are_part_of_a_name(tmp_path: Path) -> None:
    found = load(tmp_path, table("a,label", "{u},{w}", **VALUES, w=["01", "1"] * 10))
    assert found.class_names == ("01", "1")


def test_pixels_in_columns_and_in_one_text(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (N, 784))
    names = ",".join(f"pixel{k}" for k in range(784))
    rows = [",".join(map(str, row)) for row in x]
    found = load(tmp_path, table(f"label,{names}", "{word},{r}", r=rows))
    assert found.shape == (1, 28, 28) and found.train_origin is not None
    assert np.array_equal(found.train_x.reshape(-1, 784), x[found.train_origin.row])
    parts = ["Training"] * 14 + ["PublicTest"] * 6
    rows = [" ".join(map(str, row)) for row in x]
    found = load(tmp_path, table("emotion,pixels,Usage", "{word},{r},{p}", r=rows, p=parts))
    assert np.array_equal(found.test_x.reshape(-1, 784), x[14:])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "labels.csv is empty"),
        ("a\n1\n2\n", "has a single column"),
        ("PK\0\0\1", "is no text"),
        ("a,label\n", r"names columns \(a, label\) but has no rows"),
        ("a,b,c\n1,2,3\n4,5,6\n", "it could be any of: a, b, c. Name it 'label'"),
        ("a,b,label\n1,2,x\n1,2\n", "cannot be read as a table: .*Expected 3 columns, got 2"),
        ("file,label\nx.png,a\ny.png,b\n", "names images such as 'x.png', and none is in"),
        ("name,label\nfoo,a\nbar,b\n", "neither a column whose values are image files nor"),
        ("a,label\n1,x\n,y\n", "1 values of the samples are NaN"),
        ("a,label\n1,0\n2,\n", "1 of 2 samples have no label"),
        ("a,label\n1,0\n2,-1\n", "1 of 2 samples have no label"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadData, match=said):
        load(tmp_path, text)


def test_several_labels_an_image_are_refused(pictures: Path) -> None:
    with pytest.raises(BadData, match="10 of 20 samples have several labels"):
        load(pictures, table("file,a,b", "{i:03d}.png,1,{b}", b=[0, 1] * 10))


def test_labels_that_could_be_two_columns_are_refused(pictures: Path) -> None:
    with pytest.raises(BadData, match="it could be any of: kind, size"):
        load(pictures, table("file,kind,size", "{i:03d}.png,{word},{s}", s=[1, 2, 3, 4] * 5))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("a,b\n")
    with pytest.raises(BadData, match=r"There is no file .*; '.*' holds 'labels.csv'"):
        data.load(f"csv:{tmp_path / 'label.csv'}")
    with pytest.raises(BadData, match=r"holds labels.csv, x.csv; give the file"):
        (tmp_path / "x.csv").write_text("a,b\n")
        data.load(f"csv:{tmp_path}")
