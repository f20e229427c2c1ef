"""The probe set and its sprite sheet."""

import hashlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cu_core import data, forget
from cu_core.data.probe import make_probe
from cu_core.data.thumbs import atlas
from cu_core.errors import BadData
from cu_core.spec import Dataset, ForgetSet


def numbered(n: int = 600, classes: int = 5, size: tuple[int, int] = (8, 8)) -> Dataset:
    y = np.arange(n) % classes
    x = (np.arange(n) % 256).astype(np.uint8)[:, None, None, None] * np.ones((1, 3, *size), "u1")
    return Dataset("it", x, y, x[: n // 2], y[: n // 2], tuple(f"c{k}" for k in range(classes)))


def chosen(index: np.ndarray) -> ForgetSet:
    return ForgetSet(np.sort(index), "made", "sample", (), 0)


@given(st.integers(1, 599), st.integers(20, 700), st.integers(0, 9))
@settings(deadline=None, max_examples=60)
def test_laws_of_the_probe(n_forget: int, size: int, pick: int) -> None:
    it = numbered()
    index = np.random.default_rng(pick).permutation(600)[:n_forget]
    probe = make_probe(it, chosen(index), size, test_size=50)
    assert len(probe.index) == min(size, 600)
    assert (np.diff(probe.index) > 0).all() and (np.diff(probe.test_index) > 0).all()
    assert np.array_equal(probe.is_forget, np.isin(probe.index, index))
    assert np.array_equal(probe.label, it.train_y[probe.index])
    assert np.array_equal(probe.test_label, it.test_y[probe.test_index])
    n_retain = 600 - n_forget
    assert probe.is_forget.sum() >= min(n_forget, size // 2)
    if n_retain >= size - min(n_forget, size // 2):
        assert probe.is_forget.sum() == min(n_forget, size // 2, 600)
    assert abs(np.bincount(probe.test_label, minlength=5) - 10).max() == 0


def test_a_small_set_is_probed_whole() -> None:
    digits = data.load("digits")
    probe = make_probe(digits, forget.parse("class:5", digits, 0))
    assert probe.index.tolist() == list(range(1347)) and len(probe.test_index) == 450
    assert probe.is_forget.sum() == (digits.train_y == 5).sum()


def test_the_probe_does_not_follow_the_seed_of_the_run() -> None:
    it = numbered()
    probes = [make_probe(it, forget.parse("class:c3", it, seed), 100) for seed in (0, 7)]
    assert probes[0].hash == probes[1].hash
    assert make_probe(it, forget.parse("class:c3", it, 0), 100, seed=1).hash != probes[0].hash
    retained = probes[0].label[~probes[0].is_forget]
    assert np.bincount(retained, minlength=5).tolist() == [13, 13, 12, 0, 12]


def opened(sheet: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(sheet)).convert("RGB"))


def test_the_atlas_holds_image_p_in_tile_p() -> None:
    index = np.array([3, 250, 17, 90, 5])
    sheet, mime, tile, columns = atlas(numbered(), index)
    assert (mime, tile, columns) == ("image/png", 8, 3)
    pixels = opened(sheet)
    assert pixels.shape == (16, 24, 3)
    for p, value in enumerate(index):
        top, left = 8 * (p // columns), 8 * (p % columns)
        assert (pixels[top : top + 8, left : left + 8] == value).all()
    assert (pixels[8:, 16:] == 0).all()


def test_larger_images_become_webp_and_long_ones_are_centred() -> None:
    sheet, mime, tile, columns = atlas(numbered(40, size=(32, 16)), np.array([0, 200, 39, 39]) % 40)
    assert (mime, tile, columns) == ("image/webp", 32, 2)
    pixels = opened(sheet).astype(int)
    assert abs(pixels[34:62, 12:20] - 39).max() < 12 and pixels[34:62, 0:4].max() < 12
    big, _, tile, _ = atlas(numbered(4, size=(96, 48)), np.arange(4))
    assert tile == 96 and opened(big).shape == (192, 192, 3)


def test_tiles_of_large_images_are_as_large_as_the_sheet_has_room_for() -> None:
    """Plain ones 128 pixels, noise, which fills a sheet soon, 64 as before."""
    plain = np.zeros((20, 3, 224, 224), np.uint8)
    plain[:, :, 60:160, 60:160] = 200
    noise = np.random.default_rng(0).integers(0, 255, plain.shape).astype(np.uint8)
    y = np.arange(20) % 2
    for x, side in ((plain, 128), (noise, 64)):
        dataset = Dataset("folder:a", x, y, x, y, ("a", "b"))
        sheet, mime, tile, columns = atlas(dataset, np.arange(600) % 20)
        assert (mime, tile, columns) == ("image/webp", side, 25)
        assert opened(sheet).shape == (24 * side, 25 * side, 3)
        assert tile == 64 or len(sheet) < 1_600_000


def test_gray_digits() -> None:
    digits = data.load("digits")
    sheet, mime, tile, columns = atlas(digits, np.arange(100))
    assert (mime, tile, columns) == ("image/png", 8, 10)
    assert np.array_equal(opened(sheet)[8:16, 16:24, 0], digits.train_x[12, 0])
    again = atlas(digits, np.arange(100))[0]
    assert hashlib.sha256(again).digest() == hashlib.sha256(sheet).digest()


def test_rows_have_no_pictures() -> None:
    x, y = np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1])
    with pytest.raises(BadData, match="no pictures"):
        atlas(Dataset("npz:a", x, y, x, y, ("a", "b")), np.arange(2))
