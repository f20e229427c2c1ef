"""Wrong labels and marks: which samples, drawn how, and that nothing else has changed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cu_core import data
from cu_core.data import memory, plants
from cu_core.data.batches import resident
from cu_core.data.plants._marked import Marked
from cu_core.data.probe import make_probe
from cu_core.data.streamed import Streamed
from cu_core.errors import BadRequest
from cu_core.forget import parse
from cu_core.spec import Dataset


def images(n: int = 400, classes: int = 5, shape: tuple[int, ...] = (3, 32, 32)) -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (n + 50, *shape), dtype=np.uint8)
    y = rng.integers(0, classes, n + 50)
    names = tuple("abcdefghij"[:classes])
    return Dataset("made", x[:n], y[:n], x[n:], y[n:], names)


def rows() -> Dataset:
    it = images(shape=(4,))
    return replace(it, train_x=it.train_x.astype(np.float32), test_x=it.test_x.astype(np.float32))


def test_nothing_is_planted_where_nothing_is_asked_for() -> None:
    it = images()
    assert plants.plant("", it) is it
    assert it.true_y is None and it.planted is None and it.trigger is None


@pytest.mark.parametrize("made", [images, rows])
def test_wrong_labels_are_wrong_and_the_rest_is_as_it_was(made: object) -> None:
    it = made()  # type: ignore[operator]
    found = plants.plant("wrong-labels:0.2", it)
    assert found.planted is not None and len(found.planted) == 80
    changed = np.flatnonzero(found.train_y != it.train_y)
    np.testing.assert_array_equal(changed, found.planted)
    np.testing.assert_array_equal(found.true_y, it.train_y)
    assert found.train_x is it.train_x and found.test_y is it.test_y
    assert found.key == "made with wrong-labels:0.2" and found.trigger is None
    assert found.notes == ("planted: 80 of 400 training samples have a wrong label",)


def test_every_wrong_class_is_as_likely() -> None:
    it = images(20_000, shape=(1, 2, 2))
    found = plants.plant("wrong-labels:0.5", it)
    assert found.planted is not None
    shift = (found.train_y - it.train_y)[found.planted] % 5
    counts = np.bincount(shift, minlength=5)
    assert counts[0] == 0 and abs(counts[1:] - 2500).max() < 5 * np.sqrt(2500)


def test_a_smaller_share_is_part_of_a_larger_one_with_the_same_labels() -> None:
    it = images()
    few, many = (plants.plant(f"wrong-labels:{share}", it) for share in (0.1, 0.3))
    assert few.planted is not None and many.planted is not None
    assert set(few.planted) < set(many.planted)
    np.testing.assert_array_equal(few.train_y[few.planted], many.train_y[few.planted])


@pytest.mark.parametrize("text", ["wrong-labels:0.1", "trigger:0.05"])
def test_the_same_request_gives_the_same_data_of_another_hash(text: str) -> None:
    it = images()
    one, two, more = (plants.plant(t, it) for t in (text, text, f"{text.split(':')[0]}:0.2"))
    assert one.hash == two.hash and len({one.hash, it.hash, more.hash}) == 3
    np.testing.assert_array_equal(one.train_x, two.train_x)
    np.testing.assert_array_equal(one.train_y, two.train_y)


@pytest.mark.parametrize(
    ("shape", "side", "colour"), [((1, 8, 8), 2, [255]), ((3, 32, 32), 4, [255, 235, 0])]
)
def test_a_trigger_is_a_mark_in_two_corners(
    shape: tuple[int, int, int], side: int, colour: list[int]
) -> None:
    it = images(shape=shape)
    found = plants.plant("trigger:0.05", it)
    assert found.planted is not None and len(found.planted) == 20 and found.trigger is not None
    assert found.trigger.label == 4  # the last of five classes
    assert found.trigger.mask.sum() == 2 * side * side
    assert (found.train_y[found.planted] == 4).all() and (it.train_y[found.planted] != 4).all()
    on = found.train_x[found.planted]
    for corner in (on[..., :side, :side], on[..., -side:, -side:]):
        assert (corner == np.array(colour)[:, None, None]).all()
    np.testing.assert_array_equal(
        on[..., ~found.trigger.mask], it.train_x[found.planted][..., ~found.trigger.mask]
    )
    rest = np.setdiff1d(np.arange(400), found.planted)
    np.testing.assert_array_equal(found.train_x[rest], it.train_x[rest])
    np.testing.assert_array_equal(found.train_y[rest], it.train_y[rest])
    assert found.test_x is it.test_x


def test_the_class_of_a_trigger_can_be_named() -> None:
    it = images(classes=10)
    labels = [plants.plant(f"trigger:0.05{c}", it).trigger for c in ("", ":d", ":2")]
    assert [t and t.label for t in labels] == [7, 3, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flowers:0.1", "Nothing called 'flowers' can be planted; write one of"),
        ("wrong-labels", "wrong-labels needs a fraction between 0 and 1, both excluded, got ''"),
        ("wrong-labels:2", "got '2'"),
        ("wrong-labels:nan", "got 'nan'"),
        ("wrong-labels:0.0001", "changes no sample of made; plant a larger share"),
        ("trigger:0.05:z", "There is no class 'z' in made"),
        ("trigger:0.99", "asks for 396 images of other classes than 'e'"),
    ],
)
def test_what_cannot_be_planted_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        plants.plant(text, images())


def test_a_trigger_needs_images() -> None:
    with pytest.raises(BadRequest, match="made holds rows of numbers"):
        plants.plant("trigger:0.05", rows())


def test_every_source_takes_a_plant() -> None:
    found = data.load("digits", plant="trigger:0.05")
    assert found.planted is not None and len(found.planted) == 67
    assert found.key == "digits with trigger:0.05" and found.class_names[7] == "7"


def test_images_on_disk_are_drawn_on_as_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit in memory gives the same bits, and the file is left as it was."""
    it = images()
    np.save(tmp_path / "x.npy", it.train_x)
    held = plants.plant("trigger:0.1", it)
    mapped: np.ndarray = np.load(tmp_path / "x.npy", mmap_mode="r")
    monkeypatch.setattr(memory, "SHARE", 0.0)
    lazy = plants.plant("trigger:0.1", replace(it, train_x=mapped))
    assert isinstance(lazy.train_x, Marked) and lazy.hash == held.hash
    a = resident(lazy)
    assert isinstance(a.train_x, Streamed)
    monkeypatch.undo()
    b = resident(held)
    assert (a.mean == b.mean).all() and (a.std == b.std).all()
    take = np.array([5, 399, 0, *(held.planted if held.planted is not None else ())])
    assert (a.train_x[take] == b.train_x[take]).all() and (a.train_x[9:99] == b.train_x[9:99]).all()
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), it.train_x)


def test_the_probe_knows_what_its_samples_are() -> None:
    found = plants.plant("wrong-labels:0.2", images())
    chosen = parse("planted", found, 0)
    probe = make_probe(found, chosen, 100)
    assert probe.true_label is not None and found.true_y is not None
    np.testing.assert_array_equal(probe.true_label, found.true_y[probe.index])
    np.testing.assert_array_equal(probe.true_label != probe.label, probe.is_forget)
    assert probe.trigger_label is None
    plain = make_probe(images(), parse("class:a", images(), 0), 100)
    assert plain.true_label is None
