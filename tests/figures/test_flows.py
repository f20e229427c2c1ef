"""Flows of the forget samples: rows against a count by hand, and what is said of them."""

from typing import Any

import numpy as np
import pytest

from cu_core.figures import RunValues
from cu_core.figures.flows import FIGURE, Flow, Flows, info, sentence

NAMES = tuple("0123456789")


def values(carried: Any, now: Any, there: Any = None, **more: Any) -> RunValues:
    """A run whose samples are all to be forgotten, but for one at the front."""
    given = {
        "class_names": NAMES,
        "metrics": {},
        "steps": (0, 8),
        "pred": np.array([[0, *carried], [9, *now]]),
        "is_forget": np.array([False] + [True] * len(carried)),
        "label": np.array([0, *carried]),
        "retrained_pred": None if there is None else np.array([9, *there]),
    }
    return RunValues(**{**given, **more})


def said(*given: Any, **more: Any) -> str:
    made = info(values(*given, **more))
    assert made is not None
    return sentence(made)


def test_rows_are_of_the_last_frame_and_of_forget_samples_alone() -> None:
    made = info(values([5, 5, 5, 7], [5, 1, 1, 7], [1, 1, 3, 7]))
    assert made == Flows(
        classes=NAMES,
        step=8,
        total=4,
        whole=4,
        mislabelled=0,
        known=True,
        rows=(
            Flow(5, 1, False, 2, 2),
            Flow(5, 3, False, 0, 1),
            Flow(5, 5, False, 1, 0),
            Flow(7, 7, False, 1, 1),
        ),
    )


def test_rows_sum_to_the_forget_set_and_count_what_a_loop_counts() -> None:
    rng = np.random.default_rng(3)
    label, now, there, true = rng.integers(0, 10, (4, 400))
    true = np.where(rng.random(400) < 0.3, true, label)
    made = info(values(label, now, there, true_label=np.array([0, *true])))
    assert made is not None
    assert sum(row.now for row in made.rows) == sum(row.retrained for row in made.rows) == 400
    for row in made.rows:
        pairs = [(a, b, a != b == c) for a, b, c in zip(label, now, true, strict=True)]
        assert row.now == pairs.count((row.origin, row.to, row.home))


@pytest.mark.parametrize(
    ("label", "now", "there", "words"),
    [
        ([5] * 4, [5] * 4, [5] * 4, "None of the 4 forget samples has left 5 yet; in the "
         "retrained model none has either."),
        ([5] * 4, [5] * 4, [5, 1, 1, 1], "None of the 4 forget samples has left 5 yet; in the "
         "retrained model 3 have."),
        ([5], [5], None, "The only forget sample has not left 5 yet."),
        ([5] * 4, [1, 1, 3, 5], [3, 3, 1, 5], "2 of 4 now read as 1; in the retrained model 1."),
        ([5] * 4, [3, 1, 5, 5], None, "1 of 4 now reads as 1."),
        ([5, 7] * 2, [1, 1, 7, 5], [5, 7, 5, 1], "4 of 4 now read as another class than their "
         "label, 2 of them as 1; in the retrained model 1, 1 of them as 1."),
        ([5, 7], [5, 7], None, "None of the 2 forget samples has left its class yet."),
        ([5, 7], [7, 7], [5, 7], "1 of 2 now reads as another class than their label, 1 of them "
         "as 7; in the retrained model none."),
    ],
)  # fmt: skip
def test_the_sentence(label: Any, now: Any, there: Any, words: str) -> None:
    assert said(label, now, there) == words


def test_a_probe_that_draws_a_part_says_so() -> None:
    assert said([5, 5], [1, 1], n_forget=900) == "2 of the 2 drawn now read as 1."
    assert said([5, 5], [5, 5], n_forget=900) == (
        "None of the 2 drawn forget samples has left 5 yet."
    )


def test_mislabelled_samples_go_home_or_not() -> None:
    true = {"true_label": np.array([0, 1, 2, 3])}
    assert said([5, 5, 5], [5, 5, 5], [1, 5, 5], **true) == (
        "None of the 3 mislabelled samples has come to its true class yet; in the retrained "
        "model 1 has."
    )
    assert said([5, 5, 5], [1, 2, 2], [1, 2, 3], **true) == (
        "2 of 3 now read as the true class; in the retrained model 3."
    )
    some = {"true_label": np.array([0, 1, 2, 5])}
    assert (
        said([5, 5, 5], [1, 5, 5], **some) == "1 of the 2 mislabelled now reads as the true class."
    )


def test_a_few_mislabelled_ones_are_not_what_is_said_of_a_class() -> None:
    true = np.array([0, 1, 5, 5, 5])
    assert said([5] * 4, [3, 3, 3, 1], true_label=true) == "3 of 4 now read as 3."


@pytest.mark.parametrize(
    "changed",
    [
        {"label": None},
        {"is_forget": np.zeros(3, bool)},
        {"steps": (), "pred": np.zeros((0, 0), int)},
    ],
)
def test_without_labels_frames_or_forget_samples_there_are_none(changed: dict[str, Any]) -> None:
    assert info(values([5, 5], [1, 1], **changed)) is None


def test_what_is_drawn_sums_to_the_forget_set_and_small_answers_are_joined_there_alone() -> None:
    now = [1] * 150 + [2] * 148 + [3, 4]
    made = info(values([5] * 300, now, [1] * 300))
    assert made is not None and len(made.rows) == 4
    both = FIGURE.draw(made).data
    assert [sum(part.link.value) for part in both] == [300, 300]
    ends = [[part.node.label[k] for k in part.link.target] for part in both]
    assert ends == [["1 150", "2 148", "others 2"], ["1 300"]]
    assert both[0].node.label[0] == both[1].node.label[0] == "5 300"
