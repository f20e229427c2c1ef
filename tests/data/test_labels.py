"""Labels as people have them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cu_core.data.assemble import assemble
from cu_core.data.labels import tidy
from cu_core.errors import BadData


def test_gaps_are_closed_and_names_kept() -> None:
    y, names, notes = tidy([7, 0, 1, 7])
    assert y.tolist() == [2, 0, 1, 2] and names == ("0", "1", "7")
    assert notes == ("labels 0, 1, 7 numbered 0 to 2",)


def test_plain_labels_are_left_alone() -> None:
    y, names, notes = tidy(np.array([[1], [0]]))
    assert (y.tolist(), names, notes) == ([1, 0], ("0", "1"), ()) and y.dtype == np.int64


def test_strings_become_numbers_in_the_order_a_person_expects() -> None:
    assert tidy(["dog", "cat", " dog "])[:2] == (pytest.approx([1, 0, 1]), ("cat", "dog"))
    assert tidy(["10", "2", "1"])[1] == ("1", "2", "10")
    assert tidy([b"b", b"a"])[1] == ("a", "b")


def test_names_without_a_sample_are_left_out_with_a_note() -> None:
    y, names, notes = tidy([2, 0, 2], ("ant", "bee", "cow"))
    assert y.tolist() == [1, 0, 1] and names == ("ant", "cow")
    assert notes == ("1 named classes without a sample left out: bee",)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.eye(3)[[2, 0, 1]], "one-hot labels of 3 columns read as their argmax"),
        (np.eye(3, dtype=bool)[[2, 0, 1]], "one-hot labels of 3 columns read as their argmax"),
        (np.eye(3)[[2, 0, 1]] * 0.7 + 0.1, "labels of 3 probabilities each read as their argmax"),
    ],
)
def test_rows_that_say_one_class_each(rows: Any, said: str) -> None:
    y, names, notes = tidy(rows)
    assert y.tolist() == [2, 0, 1] and names == ("0", "1", "2") and notes == (said,)


def test_names_that_are_given_order_labels_that_are_texts() -> None:
    assert tidy(["b", "c", "b"], ("c", "b", "a"))[:2] == (pytest.approx([1, 0, 1]), ("c", "b"))
    assert tidy(["b", "c"], ("a", "b"))[1] == ("b", "c")


def test_labels_that_differ_by_spaces_are_one_and_said() -> None:
    y, names, notes = tidy([" 1", "1", "2 "])
    assert y.tolist() == [0, 0, 1] and names == ("1", "2")
    assert notes == ("spaces around 2 labels left out: ' 1', '2 '",)


@pytest.mark.parametrize(
    ("labels", "names", "said"),
    [
        ([0, -1, 1, -1], (), "2 of 4 samples have no label"),
        ([0.0, np.nan, 1.0], (), "1 of 3 samples have no label"),
        ([0, None, 1], (), "1 of 3 samples have no label"),
        (["a", "", None], (), "2 of 3 samples have no label"),
        ([0.0, 0.5], (), r"1 labels are not whole numbers \(the first is 0.5\)"),
        ([0, 1, 3], ("a", "b", "c"), r"1 labels lie beyond the 3 class names .* is 3\)"),
        (["cat", "cat"], (), r"only one class \('cat'\)"),
        ([4, 4], (), r"only one class \('4'\)"),
        (np.ones((3, 3)), (), "3 of 3 samples have several labels"),
        (np.eye(3)[[0, 1]] * [0, 1, 1], (), "1 of 2 samples have no label"),
        (np.eye(3) * 2, (), r"the shape \(3, 3\) and are neither one-hot nor prob"),
        (np.zeros((2, 2, 2)), (), r"the shape \(2, 2, 2\); give one number"),
    ],
)
def test_what_is_refused(labels: Any, names: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadData, match=said):
        tidy(labels, names)


@given(st.lists(st.integers(0, 1000), min_size=2).filter(lambda v: len(set(v)) > 1))
def test_every_label_keeps_its_name(labels: list[int]) -> None:
    y, names, _ = tidy(labels)
    assert [int(names[k]) for k in y] == labels
    assert sorted(set(y.tolist())) == list(range(len(names)))


def test_a_class_that_is_only_tested_is_refused() -> None:
    x = np.zeros((4, 2), np.float32)
    with pytest.raises(BadData, match="'9' of it has test samples but no training sample"):
        assemble("it", x, [0, 1, 0, 9], n_train=2)
    assert assemble("it", x, [0, 1, 0, 0], n_train=2).notes == ("1 class without a test sample: 1",)


def test_counts_that_disagree_and_empty_parts_are_refused() -> None:
    x = np.zeros((4, 2), np.float32)
    with pytest.raises(BadData, match="4 samples but 3 labels"):
        assemble("it", x, [0, 1, 0])
    with pytest.raises(BadData, match="4 training and 0 test samples"):
        assemble("it", x, [0, 1, 0, 1], n_train=4)
    with pytest.raises(BadData, match="holds no samples"):
        assemble("it", x[:0], [])
