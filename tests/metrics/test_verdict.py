"""The sentence, case by case."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cu_core.metrics.verdict import percent, verdict

ORIGINAL = {
    "forget_acc_test": 92.0,
    "forget_acc_train": 99.0,
    "knn_probe_forget": 90.0,
    "ta": 85.0,
}
RETRAINED = {
    "forget_acc_test": 0.0,
    "forget_acc_train": 0.0,
    "knn_probe_forget": 61.0,
    "ta": 86.0,
}


def of(**values: float | None) -> dict[str, float | None]:
    return {**ORIGINAL, **values}


def class_task(retrained: dict | None = RETRAINED, **values: float | None) -> str:
    return verdict(of(**values), ORIGINAL, retrained, "class", ["cat"])


def test_head_forgot_features_did_not() -> None:
    assert class_task(forget_acc_test=0.0) == (
        "Accuracy on the forgotten class cat is 0 % (original 92 %, retrained 0 %), but a "
        "15-neighbour probe on the embeddings still recognises 90 % of it (original 90 %, "
        "retrained 61 %): the head forgot, the features did not."
    )


def test_features_forgot_in_part() -> None:
    said = class_task(forget_acc_test=0.0, knn_probe_forget=70.0)
    assert said.endswith("the head forgot, the features only in part.")


def test_probe_at_the_retrained_level() -> None:
    said = class_task(forget_acc_test=1.0, knn_probe_forget=63.0)
    assert "never saw it" in said and "the features did not" not in said


def test_probe_below_the_retrained_level() -> None:
    said = class_task(forget_acc_test=0.0, knn_probe_forget=12.0)
    assert "less than if they had never seen it" in said


def test_no_retrained_reference() -> None:
    said = class_task(None, forget_acc_test=0.0)
    assert said.count("no retrained reference") == 2 and "the features did not" in said
    said = class_task(None, forget_acc_test=0.0, knn_probe_forget=60.0)
    assert "only a retrained model could tell" in said


def test_not_forgotten_at_all_and_in_part() -> None:
    assert "still recognises it as before" in class_task(forget_acc_test=90.0)
    assert "part of it is still recognised" in class_task(forget_acc_test=40.0)


def test_utility_lost() -> None:
    said = class_task(forget_acc_test=0.0, ta=60.0)
    end = "; test accuracy on what was to be kept is 60 % (original 85 %, retrained 86 %)."
    assert said.endswith(end)
    assert "to be kept" not in class_task(forget_acc_test=0.0, ta=83.0)


def test_several_classes_and_none_named() -> None:
    said = verdict(of(forget_acc_test=0.0), ORIGINAL, RETRAINED, "class", ["cat", "dog", "frog"])
    assert "the forgotten classes cat, dog and frog is" in said and "of them" in said
    said = verdict(of(forget_acc_test=0.0), ORIGINAL, RETRAINED, "class", [])
    assert "the forgotten class is" in said


def test_training_accuracy_stands_in_for_a_missing_test_accuracy() -> None:
    said = class_task(forget_acc_test=None, forget_acc_train=3.0)
    assert "is 3 % (original 99 %, retrained 0 %)" in said


def test_not_computed_values_are_named() -> None:
    assert "probe on the embeddings was not computed" in class_task(
        forget_acc_test=0.0, knn_probe_forget=None
    )
    said = class_task(forget_acc_test=None, forget_acc_train=None)
    assert said.startswith("Accuracy on the forgotten class cat was not computed")
    assert verdict({}, {}, None, "sample").startswith("Accuracy on the forget samples was not")
    said = verdict({"forget_acc_train": 80.0}, {}, {}, "sample")
    assert "original not computed, retrained not computed" in said
    assert "nothing to compare" in said
    assert "not computed" in class_task(forget_acc_test=0.0, knn_probe_forget=float("nan"))


def sample(now: float, ideal: float | None, test: float | None = 80.0) -> str:
    retrained = None if ideal is None else {"forget_acc_train": ideal, "ta": 80.0}
    return verdict({**ORIGINAL, "forget_acc_train": now, "ta": test}, ORIGINAL, retrained, "sample")


@pytest.mark.parametrize(
    ("now", "ideal", "words"),
    [
        (82.0, 80.0, "as for a model that never saw them"),
        (99.0, 80.0, "as well as before, better than by a model that never saw them"),
        (90.0, 80.0, "less than before, but still better than by a model that never saw them"),
        (60.0, 80.0, "lower than for a model that never saw them, which can itself give them away"),
        (82.0, None, "as for images it never saw"),
        (99.0, None, "better than images the model never saw"),
        (40.0, None, "lower than for images it never saw"),
    ],
)
def test_sample_tasks(now: float, ideal: float | None, words: str) -> None:
    said = sample(now, ideal)
    assert words in said and "test set 80 %" in said
    assert ("no retrained reference" in said) == (ideal is None)


def test_percent_never_claims_none_or_all() -> None:
    assert [percent(v) for v in (0, 0.2, 0.5, 61.4, 99.4, 99.7, 100)] == [
        "0 %", "under 1 %", "under 1 %", "61 %", "99 %", "over 99 %", "100 %",
    ]  # fmt: skip


values = st.none() | st.floats(0, 100)
trio = st.fixed_dictionaries({key: values for key in ORIGINAL})


@settings(max_examples=200, deadline=None)
@given(trio, trio, st.none() | trio, st.sampled_from(["class", "sample"]))
def test_always_one_plain_sentence(now: dict, before: dict, ideal: dict | None, kind: str) -> None:
    said = verdict(now, before, ideal, kind, ["5"])  # type: ignore[arg-type]
    assert said.endswith(".") and said.count(".") == 1 and said[0].isupper()
    assert not re.search(r"success|fail|\d\.\d|None|nan|  | ,|\(\)", said)
