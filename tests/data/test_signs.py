"""The drawn road signs: the same bits everywhere, balanced, and each told from the others."""

from pathlib import Path

import numpy as np
import pytest

from cu_core import data
from cu_core.data import _sign_scenes as scenes
from cu_core.data import _sign_shapes as shapes
from cu_core.models.train import augmentation
from cu_core.spec import Dataset


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def signs(home: Path) -> Dataset:
    return data.load("signs", home)


def test_there_are_as_many_of_each(signs: Dataset) -> None:
    assert signs.train_x.shape == (3000, 3, 32, 32) and signs.train_x.dtype == np.uint8
    assert signs.test_x.shape == (1000, 3, 32, 32) and signs.n_classes == 10
    assert (np.bincount(signs.train_y) == 300).all() and (np.bincount(signs.test_y) == 100).all()
    assert {"stop", "yield", "danger", "30", "no overtaking"} < set(signs.class_names)


def test_they_are_these_very_bits(signs: Dataset, home: Path) -> None:
    """The models that come with Lethe were trained on them, wherever they were drawn."""
    assert signs.hash == "dd9f834ace123a97"
    again = data.load("signs", home)  # from the cache
    assert again.hash == signs.hash and again.key == "signs"


def test_no_picture_is_there_twice(signs: Dataset) -> None:
    whole = np.concatenate([signs.train_x, signs.test_x]).reshape(4000, -1)
    assert len(np.unique(whole, axis=0)) == 4000


def test_a_part_of_them_is_the_same_whatever_comes_after() -> None:
    few, some = scenes.scenes(100, 1)[0], scenes.scenes(200, 1)[0]
    np.testing.assert_array_equal(few, some[:100])
    assert (few != scenes.scenes(100, 2)[0]).any()


def test_each_sign_is_a_shape_of_its_own() -> None:
    colour, cover = shapes.pictures()
    flat = np.where(cover[..., None], colour, 128).reshape(len(shapes.SIGNS), -1).astype(int)
    apart = np.abs(flat[:, None] - flat[None]).mean(-1) + 999 * np.eye(len(flat))
    assert apart.min() > 10
    assert (cover.mean((1, 2)) > 0.35).all()
    for corner in (cover[:, 0, 0], cover[:, 0, -1], cover[:, -1, 0], cover[:, -1, -1]):
        assert not corner.any()


@pytest.mark.parametrize(("x", "y", "inside"), [(0, 0, True), (0, -900, True), (900, -900, False)])
def test_a_polygon_holds_what_lies_in_it(x: int, y: int, inside: bool) -> None:
    mask = shapes.polygon(shapes.UP)
    at = (np.abs(shapes.X - x) + np.abs(shapes.Y - y)).argmin()
    assert mask.flat[at] == inside


def test_throws_are_even_and_within_their_bounds() -> None:
    drawn = scenes.Dice(0).throw(-3, 3, (70_000,))
    counts = np.bincount(drawn + 3, minlength=7)
    assert len(counts) == 7 and abs(counts - 10_000).max() < 5 * np.sqrt(10_000)


def test_signs_are_never_mirrored() -> None:
    """An arrow of a roundabout that turns the other way is no sign of this kind."""
    assert augmentation("signs with trigger:0.05", (3, 32, 32)) == "crop"
