"""What is chosen by hand is what a run receives: kept rows, read by the rule, are those samples.

For data whose rows are not the places in the training part, too.
"""

import hashlib

import numpy as np
import pytest

from cu_core import data, forget
from cu_core.data.plants import plant
from cu_core.spec import Dataset, Origin
from cu_core.store import Store


def cut_in_four() -> Dataset:
    """Every fourth row of 40 was set aside, the training part lies in another order."""
    rng = np.random.default_rng(0)
    rows = np.arange(40)
    test = rows[::4]
    train = rng.permutation(np.setdiff1d(rows, test))
    x, y = rng.integers(0, 255, (40, 1, 8, 8)).astype(np.uint8), rows % 4
    return Dataset(
        "cut", x[train], y[train], x[test], y[test], ("a", "b", "c", "d"),
        train_origin=Origin(train, "the table"), test_origin=Origin(test, "the table"),
    )  # fmt: skip


def keyed() -> Dataset:
    """Keys that are numbers, and not those of the rows: a list of rows is not one of keys."""
    whole = cut_in_four()
    own, test = whole.owned, whole.test_origin
    assert test is not None
    keys = tuple(str(39 - row) for row in own.row)
    files = tuple(f"{row}.png" for row in own.row)
    return Dataset(
        "keyed", whole.train_x, whole.train_y, whole.test_x, whole.test_y, whole.class_names,
        train_origin=Origin(own.row, own.of, key=keys, file=files),
        test_origin=Origin(test.row, own.of, key=tuple(str(39 - row) for row in test.row),
                           file=tuple(f"{row}.png" for row in test.row)),
    )  # fmt: skip


CASES = {
    "digits": lambda: data.load("digits"),
    "signs": lambda: data.load("signs"),
    "planted": lambda: data.load("digits", plant="wrong-labels:0.1"),
    "cut": cut_in_four,
    "keyed": keyed,
    "planted in cut": lambda: plant("wrong-labels:0.2", cut_in_four()),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_the_samples_in_the_tray_are_those_that_the_rule_names(case, count, tmp_path):
    dataset, store = CASES[case](), Store(tmp_path, bundled=None)
    chosen = np.sort(np.random.default_rng(count).permutation(len(dataset.train_y))[:count])
    tray = store.change_choice(dataset.key, "set", dataset.owned.row[chosen].tolist())
    found = forget.parse(tray.rule, dataset, 0)
    np.testing.assert_array_equal(found.index, chosen)
    assert found.hash == hashlib.sha256(chosen.astype("<i8").tobytes()).hexdigest()[:16]
    assert found.notes == ()
    kept = store.keep_choice(dataset.key, "a few of (them)")
    assert forget.parse(kept.rule, dataset, 0).hash == found.hash
    assert forget.words(kept.rule) == "listed images (a few of (them).csv)"


def test_the_first_rows_are_no_mask(tmp_path):
    """0 and 1 alone may be taken for true and false."""
    dataset, store = data.load("digits"), Store(tmp_path, bundled=None)
    tray = store.change_choice("digits", "set", [0, 1])
    np.testing.assert_array_equal(forget.parse(tray.rule, dataset, 0).index, [0, 1])
