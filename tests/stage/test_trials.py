"""The gallery's bytes: what a trial's file holds, and that a tab gets what it lacks and no more."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cu_core.spec import SweepProgress, SweepRecord
from cu_core.stage import unpack
from cu_core.stage.boxes import fixed_box, quantise
from cu_core.stage.trials import Sent, blob, packed, picture
from cu_core.store import Store
from tests.sweeps.made_up import CLASSES, POINTS, made_up_sweep, progress, request


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def given(store: Store, sweep_id: str, sent: Sent, **more: Any) -> tuple[Any, Mapping[str, Any]]:
    record = store.sweep(sweep_id)
    return unpack(blob(record, store.pictures(sweep_id), sent, **more))


def save(store: Store, sweep_id: str, number: int, n: int = POINTS, spread: float = 1.0) -> Any:
    """Another picture for a trial; its places in layout units."""
    rng = np.random.default_rng(number)
    first, last = rng.normal(0, spread, (n, 2)), rng.normal(0, 1, (n, 2))
    label = np.arange(n) % 10
    store.save_picture(sweep_id, number, packed(first, last, label, label, label == 0, CLASSES))
    return first, last


def test_a_file_holds_the_last_frame_in_the_first_ones_box() -> None:
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(3, 50, 2)).astype(np.float32)
    probe = {"label": np.arange(50) % 3, "is_forget": np.arange(50) < 5}
    reader: Any = SimpleNamespace(
        frames=lambda at_most: SimpleNamespace(
            steps=[0, 4, 8], xy=xy, pred=rng.integers(0, 3, (3, 50))
        ),
        probe=lambda: probe,
        progress=lambda: SimpleNamespace(class_names=("a", "b", "c")),
    )
    held = picture(reader)
    assert held is not None
    header, parts = unpack(held)
    assert header["box"] == fixed_box(xy[0]) and header["classes"] == ["a", "b", "c"]
    assert_array_equal(parts["xy"], quantise(xy[-1], fixed_box(xy[0])))
    assert_array_equal(parts["label"], probe["label"])
    assert_array_equal(parts["forget"], probe["is_forget"])
    probe["true_label"] = np.zeros(50, int)  # of samples that bear a wrong label
    again = picture(reader)
    assert again is not None and not unpack(again)[1]["label"].any()


@pytest.mark.parametrize(("steps", "probe"), [([], {"label": 1}), ([0], None)])
def test_a_run_without_a_picture_has_no_file(steps: list[int], probe: Any) -> None:
    reader: Any = SimpleNamespace(
        frames=lambda at_most: SimpleNamespace(steps=steps), probe=lambda: probe
    )
    assert picture(reader) is None


def test_classes_beyond_256_keep_their_number() -> None:
    label = np.arange(1000)
    xy = np.random.default_rng(0).normal(size=(1000, 2))
    names = [f"class {k}" for k in label]
    parts = unpack(packed(xy, xy, label[::-1], label, label < 3, names))[1]
    assert_array_equal(parts["pred"], label[::-1])
    assert_array_equal(parts["label"], label)


def test_the_first_blob_has_every_picture_and_all_that_is_said_of_the_trials(store: Store) -> None:
    sweep_id = made_up_sweep(store, trials=6)
    header, parts = given(store, sweep_id, Sent(sweep_id), chosen=(2, 5), sort_by="temperature")
    assert_array_equal(parts["number"], [0, 1, 2, 4, 5])  # the fourth failed
    assert header["chosen"] == [2, 5] and header["sort"] == "temperature"
    assert [one["key"] for one in header["objectives"]] == ["forget_gap", "ta_gap"]
    assert header["knobs"][0] == {"key": "contrast_weight", "title": "contrast weight"}
    assert header["classes"] == list(CLASSES)
    said = {one["number"]: one for one in header["trials"]}
    for trial in store.sweep(sweep_id).progress.trials:
        assert said[trial.number]["values"] == trial.values
        assert said[trial.number]["knobs"] == trial.knobs
        assert said[trial.number].get("front", False) == trial.front
    assert said[3]["state"] == "failed" and said[3]["message"] and "picture" not in said[3]
    for k, number in enumerate(parts["number"].tolist()):
        own = unpack(store.pictures(sweep_id)[number].read_bytes())[1]
        assert_array_equal(parts["xy"][k], own["xy"])
        assert_array_equal(parts["pred"][k], own["pred"])
    assert_array_equal(parts["forget"], np.arange(POINTS) % 10 == 0)


def test_the_same_bytes_while_nothing_changed_then_only_what_is_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_id = made_up_sweep(store, trials=6)
    sent, record = Sent(sweep_id), store.sweep(sweep_id)
    first = blob(record, store.pictures(sweep_id), sent)
    assert blob(store.sweep(sweep_id), store.pictures(sweep_id), sent) is first
    read: list[str] = []
    monkeypatch.setattr(
        Path, "read_bytes", lambda path, own=Path.read_bytes: read.append(path.name) or own(path)
    )
    save(store, sweep_id, 6)
    store.publish(sweep_id, progress(request(7)))
    assert len(given(store, sweep_id, sent)[1]["number"]) == 6  # once more, should one be missed
    assert [name for name in read if name.endswith(".bin")] == ["00006.bin"]
    header, parts = given(store, sweep_id, sent, chosen=[1])
    assert_array_equal(parts["number"], [6])
    header, parts = given(store, sweep_id, sent, chosen=[2])
    assert not parts and len(header["trials"]) == 7 and header["trials"][6]["picture"]
    sent.forget()
    assert len(given(store, sweep_id, sent)[1]["number"]) == 6


def test_a_picture_in_another_box_is_moved_into_the_first_ones(store: Store) -> None:
    sweep_id = made_up_sweep(store, trials=2)
    firsts = [save(store, sweep_id, number, spread=1 + number) for number in (0, 1)]
    _, parts = given(store, sweep_id, Sent(sweep_id))
    wanted = quantise(firsts[1][1], fixed_box(firsts[0][0])).astype(int)
    assert np.abs(parts["xy"][1].astype(int) - wanted).max() <= 2


@pytest.mark.parametrize("damage", ["cut", "other samples"])
def test_a_picture_that_cannot_be_drawn_says_so_and_leaves_the_others(
    store: Store, damage: str
) -> None:
    sweep_id = made_up_sweep(store, trials=3)
    if damage == "cut":
        file = store.pictures(sweep_id)[1]
        file.write_bytes(file.read_bytes()[:-900])
    else:
        save(store, sweep_id, 1, n=77)
    header, parts = given(store, sweep_id, Sent(sweep_id))
    assert_array_equal(parts["number"], [0, 2])
    assert header["trials"][1]["fault"].startswith("The picture of trial 1 cannot be drawn")
    assert "picture" not in header["trials"][1]


def test_a_sweep_without_pictures_has_words_alone_and_a_damaged_one_says_why(store: Store) -> None:
    sweep_id = store.new_sweep(request())
    header, parts = given(store, sweep_id, Sent(sweep_id))
    assert header["trials"] == [] and not parts
    damaged = SweepRecord("s", "s", 0.0, "damaged", "It is damaged.", None, SweepProgress())
    with pytest.raises(ValueError, match="It is damaged"):
        blob(damaged, {}, Sent("s"))


def test_knobs_are_called_as_the_page_calls_them(store: Store) -> None:
    sweep_id = made_up_sweep(store, trials=1)
    called = {"contrast_weight": "weight of contrast"}
    header, _ = given(store, sweep_id, Sent(sweep_id), titles=called)
    assert [one["title"] for one in header["knobs"]] == ["weight of contrast", "temperature"]
