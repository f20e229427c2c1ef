"""Arrays of numbers as images and rows: shapes, ranges and what is said of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cu_core import data
from cu_core.errors import BadData
from cu_core.spec import Dataset

RNG = np.random.default_rng(0)
Y = np.arange(20) % 2
BYTES = RNG.integers(0, 256, (20, 8, 6, 3), dtype=np.uint8)
FIRST = BYTES.transpose(0, 3, 1, 2)
SMOOTH = (np.arange(32)[:, None] * 4 + np.arange(32) * 3 + np.arange(20)[:, None, None]) % 256
COLOUR = np.stack([SMOOTH, 255 - SMOOTH, SMOOTH // 2], 1).astype(np.uint8)  # (20, 3, 32, 32)


def load(folder: Path, x: Any, y: Any = Y) -> Dataset:
    np.savez(folder / "d.npz", x=x, y=y)
    return data.load(f"npz:{folder / 'd.npz'}")


def whole(found: Dataset) -> np.ndarray:
    """All images in the order of the file."""
    assert found.train_origin is not None and found.test_origin is not None
    rows = np.concatenate([found.train_origin.row, found.test_origin.row])
    return np.concatenate([found.train_x, found.test_x])[np.argsort(rows)]


@pytest.mark.parametrize(
    ("x", "wanted", "said"),
    [
        (BYTES / 255.0, FIRST, "pixels from 0..1 spread over 0..255"),
        ((BYTES / 127.5 - 1).astype(np.float32), FIRST, "pixels from -1..1 spread over 0..255"),
        (BYTES.astype(np.float32), FIRST, "float32 pixels stored as 8 bits"),
        (BYTES + 0.25, FIRST, "pixels with fractions rounded to whole numbers in 0..255"),
        (BYTES > 127, np.where(FIRST > 127, 255, 0), "pixels of 0 and 1 spread over 0..255"),
        ((BYTES > 127) * 1, np.where(FIRST > 127, 255, 0), "pixels of 0 and 1 spread over"),
        ((BYTES > 127) * np.uint8(1), np.where(FIRST > 127, 255, 0), "pixels of 0 and 1 spread"),
        (BYTES.astype(np.uint16) * 16, None, "pixels of 12 bits (up to 4,080) scaled to 8 bits"),
        (BYTES.transpose(1, 2, 3, 0), FIRST, "read as (H, W, C, N) (8, 6, 3, 20)"),
        (BYTES[..., 0].transpose(1, 2, 0), FIRST[:, :1], "read as (H, W, N) (8, 6, 20)"),
        (COLOUR.reshape(20, -1), COLOUR, "images of 32 x 32, one colour after the other as in"),
        (COLOUR.transpose(0, 2, 3, 1).reshape(20, -1), COLOUR, "32 x 32, colour by colour of each"),
        (COLOUR[:, 0].reshape(20, -1) / 255, COLOUR[:, :1], "rows of 1,024 pixels read as images"),
    ],
)
def test_values_keep_their_meaning_and_it_is_said(
    tmp_path: Path, x: Any, wanted: Any, said: str
) -> None:
    found = load(tmp_path, x)
    assert any(said in note for note in found.notes), found.notes
    if wanted is None:
        wanted = np.rint(x.transpose(0, 3, 1, 2) * (255 / 4095))
    assert np.array_equal(whole(found), wanted)


@pytest.mark.parametrize(
    ("x", "n"),
    [
        (np.clip(BYTES / 250.0, 0, 1.02), int((BYTES > 250).sum())),  # a filter's overshoot
        (np.where(np.arange(2880).reshape(20, 8, 6, 3) < 9, 1.6, BYTES / 255), 9),
    ],
)
def test_a_few_values_beyond_a_range_are_clipped_and_counted(
    tmp_path: Path, x: Any, n: int
) -> None:
    found = load(tmp_path, x)
    assert f"pixels from 0..1 spread over 0..255, {n:,} values beyond them clipped" in found.notes
    assert 100 < whole(found).mean() < 160


def test_transparent_images_are_flattened_on_white(tmp_path: Path) -> None:
    x = np.concatenate([BYTES, np.full((20, 8, 6, 1), 255, np.uint8)], 3)
    x[0, ..., 3] = 0
    for given in (x, x.transpose(0, 3, 1, 2)):
        found = load(tmp_path, given)
        assert "20 RGBA images flattened on white" in found.notes
        assert (whole(found)[0] == 255).all() and np.array_equal(whole(found)[1:], FIRST[1:])


def test_numbers_that_are_no_pixels_stay_rows(tmp_path: Path) -> None:
    for x in (RNG.normal(size=(20, 3072)), RNG.random((20, 784)), RNG.integers(0, 9, (20, 64))):
        found = load(tmp_path, x)
        assert found.train_x.dtype == np.float32 and found.shape == x.shape[1:]


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (RNG.normal(size=(20, 8, 8)), r"\(mean .*, std .*\), as after a normalisation; save them"),
        (RNG.random((20, 8, 8)) * 1.3, "of them above 1; they must lie in 0..255, 0..1 or -1..1"),
        (BYTES.astype(int) * 300, "they must lie in"),
        (np.zeros((20, 9, 9, 9)), "of volumes take one slice each"),
        (np.zeros((20, 4, 9, 9, 3)), "volumes or videos, not images"),
        (np.zeros((20, 3, 28, 1)), "could have their channels first or last"),
        (np.zeros((20, 8, 8, 2)), "neither 1 nor 3 channels"),
    ],
)
def test_what_could_be_two_things_is_refused(tmp_path: Path, x: Any, said: str) -> None:
    with pytest.raises(BadData, match=said):
        load(tmp_path, x)
