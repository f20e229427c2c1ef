"""Folders as people have them: what is a class, what a part, and what is named as left aside."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cu_core import data
from cu_core.errors import BadData
from cu_core.spec import Dataset


def put(root: Path, *classes: str, n: int = 4, ending: str = "png") -> None:
    """Class k of a part holds images of the colour 50 k + i."""
    for k, name in enumerate(classes):
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            Image.new("RGB", (4, 4), (50 * k + i, 0, 0)).save(root / name / f"{i:02d}.{ending}")


def load(root: Path) -> Dataset:
    return data.load(f"folder:{root}")


def counts(found: Dataset) -> tuple[int, int]:
    return len(found.train_y), len(found.test_y)


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        ("Training", "Testing", "read from Training (8 images) and Testing (4)"),
        ("TRAIN", "Validation", "TRAIN (8 images) and Validation (4), which serves as the test"),
        ("seg_train/seg_train", "seg_test/seg_test", "seg_train/seg_train (8 images) and seg_test"),
        ("set/train", "set/test", "read from set/train (8 images) and set/test (4)"),
        ("pets-train", "pets-dev", "and pets-dev (4), which serves as the test part"),
    ],
)
def test_parts_however_they_are_called(tmp_path: Path, train: str, test: str, said: str) -> None:
    put(tmp_path / train, "cat", "dog")
    put(tmp_path / test, "cat", "dog", n=2)
    found = load(tmp_path)
    assert counts(found) == (8, 4) and found.class_names == ("cat", "dog")
    assert said in found.notes[0]


def test_what_is_left_aside_is_named_with_counts(tmp_path: Path) -> None:
    for part in ("train", "test", "val", "extra"):
        put(tmp_path / part, "cat", "dog", n=3)
    put(tmp_path, "loose")
    (tmp_path / "train/cat/._00.png").write_bytes(b"\0")
    (tmp_path / "train/cat/boxes.txt").write_text("")
    (tmp_path / "train/dog/Thumbs.db").write_text("")
    (tmp_path / "train/empty").mkdir()
    found = load(tmp_path)
    assert counts(found) == (6, 6)
    assert found.notes[1:] == (
        "left aside: extra (6 images), loose (4 images), val (6 images), 1 hidden file, "
        "1 file that is no image (.txt)",
        "1 sub-folder without images: empty",
    )


def test_test_images_without_classes_are_named(tmp_path: Path) -> None:
    put(tmp_path / "train", "cat", "dog")
    put(tmp_path, "test", n=3)
    found = load(tmp_path)
    assert "left aside: test (3 images)" in found.notes and counts(found) == (6, 2)


def test_a_folder_around_the_classes(tmp_path: Path) -> None:
    put(tmp_path / "dataset", "cat", "dog")
    (tmp_path / "__MACOSX").mkdir()
    found = load(tmp_path)
    assert found.class_names == ("cat", "dog")
    assert found.notes[0] == "read from 2 class folders of dataset"
    assert found.train_origin is not None and found.train_origin.file[0].startswith("dataset/cat/")


def test_a_class_may_be_called_train_and_ambiguity_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "a", "bus", "train")
    assert load(tmp_path / "a").class_names == ("bus", "train")
    put(tmp_path / "b/train", "steam", "diesel")
    put(tmp_path / "b", "bus")
    with pytest.raises(BadData, match="images in bus: either could be the classes"):
        load(tmp_path / "b")
    put(tmp_path / "c/train_small", "cat", "dog")
    put(tmp_path / "c/train_large", "cat", "dog")
    with pytest.raises(BadData, match="several folders that could be the train part"):
        load(tmp_path / "c")


def test_parts_that_hold_no_classes_are_not_made_classes(tmp_path: Path) -> None:
    put(tmp_path, "train", "test")
    (tmp_path / "train.csv").write_text("id,label\n0,cat\n")
    with pytest.raises(BadData, match=r"no folder for each class.*csv:.*train\.csv"):
        load(tmp_path)


def test_parts_without_a_training_part_are_refused(tmp_path: Path) -> None:
    for part in ("val", "test"):
        put(tmp_path / part, "cat", "dog")
    with pytest.raises(BadData, match="holds test, val but no train"):
        load(tmp_path)


def test_images_beside_a_table_are_read_through_it(tmp_path: Path) -> None:
    put(tmp_path, "images")
    (tmp_path / "labels.csv").write_text("file,label\n")
    with pytest.raises(BadData, match=r"write csv:.*labels\.csv"):
        load(tmp_path)


def test_classes_in_the_order_of_image_folder(tmp_path: Path) -> None:
    put(tmp_path, *(str(k) for k in range(12)), n=2)
    found = load(tmp_path)
    assert found.class_names[:4] == ("0", "1", "10", "11")
    said = "classes in ImageFolder's order of texts: 0, 1, 10, 11, 2, 3, 4, 5, 6, 7 and 2 more"
    assert said in found.notes


def test_rows_are_those_of_image_folder(tmp_path: Path) -> None:
    torchvision = pytest.importorskip("torchvision.datasets")
    put(tmp_path / "b-c/inner", "z", n=2)
    put(tmp_path / "b-c", "b", n=2)
    put(tmp_path, "b", "Zoo", "10", "9", n=3)
    Image.new("P", (4, 4)).save(tmp_path / "9/000.gif")  # ImageFolder does not see it
    theirs = torchvision.ImageFolder(str(tmp_path))
    found = load(tmp_path)
    assert list(found.class_names) == theirs.classes
    for origin, y in ((found.train_origin, found.train_y), (found.test_origin, found.test_y)):
        assert origin is not None
        for row, file, label in zip(origin.row, origin.file, y, strict=True):
            if not file.endswith(".gif"):
                assert theirs.samples[row] == (str(tmp_path / file), label)
    assert any("b-c (b, inner)" in note for note in found.notes)


def test_tiny_imagenet(tmp_path: Path) -> None:
    for name in ("n01", "n02"):
        put(tmp_path / "train" / name, "images", ending="JPEG")
        (tmp_path / "train" / name / f"{name}_boxes.txt").write_text("")
    put(tmp_path / "val", "images", ending="JPEG")
    put(tmp_path / "test", "images", ending="JPEG")
    labels = "".join(f"0{i}.JPEG\tn0{2 - i % 2}\t0\t0\t3\t3\n" for i in range(3))
    (tmp_path / "val/val_annotations.txt").write_text(labels)
    found = load(tmp_path)
    assert found.test_y.tolist() == [1, 0, 1]
    assert found.notes[0].endswith("and val (3), which serves as the test part")
    assert "test (4 images), 1 image without a label" in found.notes[1]


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    put(tmp_path / "real", "cat", "dog")
    (tmp_path / "linked").mkdir()
    for name in ("cat", "dog"):
        os.symlink(tmp_path / "real" / name, tmp_path / "linked" / name)
    assert counts(load(tmp_path / "linked")) == (6, 2)
    os.symlink(tmp_path / "real", tmp_path / "real/cat/back")
    assert counts(load(tmp_path / "real")) == (6, 2)
    put(tmp_path / "many", "cat", "dog", n=20)
    os.symlink(tmp_path / "nowhere.png", tmp_path / "many/cat/gone.png")
    found = data.load(f"folder:{tmp_path / 'many'}", tmp_path / "home")
    assert "1 unreadable image left out: cat/gone.png" in found.notes


def test_files_of_another_source_are_named(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"")
    with pytest.raises(BadData, match=r"holds no images but train\.parquet; write parquet:"):
        load(tmp_path)


def test_why_images_cannot_be_read_is_said(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / name / "a.tiff")
        (tmp_path / name / "b.png").write_bytes(b"text")
    with pytest.raises(BadData, match=r"a\.tiff \(its pixels are fractions: .*b\.png \(no image"):
        load(tmp_path)


def test_a_path_that_is_not_there_says_what_is(tmp_path: Path) -> None:
    put(tmp_path / "Pets", "cat", "dog")
    with pytest.raises(BadData, match=r"There is no folder '.*/pet'; '.*' holds 'Pets'"):
        load(tmp_path / "pet")
    with pytest.raises(BadData, match=r"has no 'elsewhere'"):
        load(tmp_path / "elsewhere/pets")
