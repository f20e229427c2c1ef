"""The gallery: every story checked, in order, with its figure and a picture of its end."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cu_core.errors import StoreError
from cu_core.stage import gallery, picture, unpack
from tests.pages import fabricate

STORIES = sorted(path.stem for path in gallery.FOLDER.glob("*.toml"))
LARGEST, LARGEST_TOGETHER = 1_600_000, 8_000_000  # bytes


@pytest.mark.parametrize("name", STORIES)
def test_a_story_that_ships_is_told_in_ten_words_and_opens_on_a_view(name: str) -> None:
    said = gallery.entry(name)
    assert said.commands[-1].startswith("lethe unlearn ") and said.opens["view"]


def test_no_two_stories_have_one_place_and_one_opens() -> None:
    orders = sorted(gallery.entry(name).order for name in STORIES)
    assert orders == [*range(1, len(STORIES) + 1)]


@pytest.mark.parametrize("name", gallery.names())
def test_a_recording_that_ships_has_its_figure_and_is_small(name: str) -> None:
    found = gallery.recording(name)
    assert found.figure and found.header["state"] == "done"
    assert (gallery.FOLDER / f"{name}.lethe").stat().st_size <= LARGEST


def test_the_recordings_are_small_together_and_each_has_a_story() -> None:
    files = [*gallery.FOLDER.glob("*.lethe")]
    assert files and {path.stem for path in files} <= {*STORIES}
    assert sum(path.stat().st_size for path in files) <= LARGEST_TOGETHER


def test_a_recording_plays_packed_or_as_it_was_exported(tmp_path: Path) -> None:
    fabricate.gallery(tmp_path, "ada")
    packed = gallery.recording("ada", tmp_path)
    path = tmp_path / "ada.lethe"
    path.write_bytes(gzip.decompress(path.read_bytes()))
    again = gallery.recording("ada", tmp_path)
    assert again.data == packed.data
    assert unpack(packed.data)[0]["opens"] == {"view": "map"}


def test_a_figure_is_rounded_and_absent_where_the_run_lacks_it(tmp_path: Path) -> None:
    fabricate.gallery(tmp_path, "ada", reads="{unlearned} of {original}")
    assert gallery.recording("ada", tmp_path).figure == "79 of 99"
    fabricate.gallery(tmp_path, "ada", figure="planted_home")
    assert gallery.recording("ada", tmp_path).figure == ""


@pytest.mark.parametrize(
    "said,sentence",
    [
        ({"words": "one two three four five six seven eight nine ten eleven"}, "at most 10 words"),
        ({"reads": "{verdict}"}, "may name unlearned, original, retrained"),
        ({"colour": "true"}, "has no setting 'colour'"),
    ],
)
def test_a_story_told_wrongly_is_refused_in_a_sentence(
    tmp_path: Path, said: dict[str, str], sentence: str
) -> None:
    fabricate.gallery(tmp_path, "ada", **said)
    with pytest.raises(StoreError, match=sentence):
        gallery.names(tmp_path)


def test_the_picture_has_the_forgotten_on_top_in_their_colour() -> None:
    hue = (0xE6, 0x9F, 0x00)  # of class 0, in js/palette.js
    xy = np.array([[[0, 0], [65535, 65535], [32768, 32768]]], np.uint16)
    label, forget = np.array([1, 1, 0], np.uint8), np.array([0, 0, 1], np.uint8)
    drawn = picture.drawing({"xy": xy, "label": label, "forget": forget})
    pixels = np.asarray(Image.open(io.BytesIO(drawn)))
    middle = pixels[picture.SIZE[1] // 2, picture.SIZE[0] // 2]
    assert (*middle[:3],) == hue and middle[3] == 255 and pixels[0, 0, 3] == 0


def test_the_picture_of_planted_data_shows_true_classes() -> None:
    xy = np.array([[[0, 0], [65535, 65535], [32768, 32768]]], np.uint16)
    parts = {"xy": xy, "label": np.array([1, 1, 2]), "forget": np.array([0, 0, 1])}
    told = picture.drawing(parts)
    truth = picture.drawing(parts | {"true_label": np.array([1, 1, 0])})
    assert told != truth == picture.drawing(parts | {"label": np.array([1, 1, 0])})


def test_the_picture_may_be_of_another_frame() -> None:
    first = np.array([[0, 0], [65535, 65535], [32768, 32768]], np.uint16)
    parts = {"xy": np.stack([first, first[::-1]]), "label": np.array([1, 1, 0])}
    parts |= {"forget": np.array([0, 0, 1])}
    alone = picture.drawing(parts | {"xy": first[None]})
    assert picture.drawing(parts, 0) == alone != picture.drawing(parts)


def test_a_recording_without_a_frame_has_no_picture() -> None:
    with pytest.raises(ValueError, match="no frame"):
        picture.drawing({"xy": np.zeros((0, 0, 2), np.uint16)})
