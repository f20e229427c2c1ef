"""The sentence, case by case."""

import pytest

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


def test_a_small_loss_of_utility_is_none_and_no_class_needs_a_name() -> None:
    assert "to be kept" not in class_task(forget_acc_test=0.0, ta=83.0)
    said = verdict(of(forget_acc_test=0.0), ORIGINAL, RETRAINED, "class", [])
    assert said.startswith("Accuracy on the forgotten class is 0 %")


def test_nothing_known_and_not_a_number() -> None:
    said = verdict({"forget_acc_train": 80.0}, {}, {}, "sample")
    assert said == (
        "Accuracy on the forget samples is 80 % (original not computed, retrained not computed): "
        "without a retrained or a test accuracy there is nothing to compare it with."
    )
    assert verdict({}, {}, None, "sample") == "Accuracy on the forget samples was not computed."
    assert "not computed" in class_task(forget_acc_test=0.0, knn_probe_forget=float("nan"))


PROBE = "15-neighbour probe on the embeddings"
CLASS_CASES = {
    # forgotten; probe above, between, near and below the retrained one
    "probe as before": (
        {"forget_acc_test": 0.0},
        f"0 % (original 92 %, retrained 0 %), but a {PROBE} still recognises 90 % of it "
        "(original 90 %, retrained 61 %): the head forgot, the features did not.",
    ),
    "probe nearer the retrained": (
        {"forget_acc_test": 0.4, "knn_probe_forget": 70.0},
        f"under 1 % (original 92 %, retrained 0 %), but a {PROBE} still recognises 70 % of it "
        "(original 90 %, retrained 61 %): the head forgot, the features only in part.",
    ),
    "probe at the retrained": (
        {"forget_acc_test": 0.0, "knn_probe_forget": 64.0},
        f"0 % (original 92 %, retrained 0 %), and a {PROBE} recognises 64 % of it (original 90 %, "
        "retrained 61 %): the features know it as well as those of a model that never saw it.",
    ),
    "probe below the retrained": (
        {"forget_acc_test": 0.0, "knn_probe_forget": 20.0},
        f"0 % (original 92 %, retrained 0 %), and a {PROBE} recognises 20 % of it (original 90 %, "
        "retrained 61 %): the features tell it apart less than if they had never seen it.",
    ),
    "probe not computed": (
        {"forget_acc_test": 0.0, "knn_probe_forget": None},
        "0 % (original 92 %, retrained 0 %); a probe on the embeddings was not computed, so this "
        "says what the head does, not what the features hold.",
    ),
    # in part, not at all, more than before: the probe says where the features stand, no more
    "in part": (
        {"forget_acc_test": 40.0, "knn_probe_forget": 80.0},
        "40 % (original 92 %, retrained 0 %): part of it is still recognised, and a "
        f"{PROBE} recognises 80 % of it (original 90 %, retrained 61 %).",
    ),
    "in part, probe below": (
        {"forget_acc_test": 40.0, "knn_probe_forget": 30.0},
        "40 % (original 92 %, retrained 0 %): part of it is still recognised, and a "
        f"{PROBE} recognises 30 % of it (original 90 %, retrained 61 %).",
    ),
    "in part, no probe": (
        {"forget_acc_test": 40.0, "knn_probe_forget": None},
        "40 % (original 92 %, retrained 0 %): part of it is still recognised, and a probe on the "
        "embeddings was not computed.",
    ),
    "not at all": (
        {"forget_acc_test": 90.0},
        "90 % (original 92 %, retrained 0 %): the model still recognises it as before, and a "
        f"{PROBE} recognises 90 % of it (original 90 %, retrained 61 %).",
    ),
    "more than before": (
        {"forget_acc_test": 99.7},
        "over 99 % (original 92 %, retrained 0 %): the model still recognises it better than "
        f"before, and a {PROBE} recognises 90 % of it (original 90 %, retrained 61 %).",
    ),
    # what was to be kept
    "utility lost": (
        {"forget_acc_test": 0.0, "knn_probe_forget": 61.0, "ta": 60.0},
        f"0 % (original 92 %, retrained 0 %), and a {PROBE} recognises 61 % of it (original 90 %, "
        "retrained 61 %): the features know it as well as those of a model that never saw it; "
        "test accuracy on what was to be kept is 60 % (original 85 %, retrained 86 %).",
    ),
    "in part, utility lost": (
        {"forget_acc_test": 40.0, "ta": 70.0},
        f"40 % (original 92 %, retrained 0 %): part of it is still recognised, and a {PROBE} "
        "recognises 90 % of it (original 90 %, retrained 61 %); test accuracy on what was to be "
        "kept is 70 % (original 85 %, retrained 86 %).",
    ),
}


@pytest.mark.parametrize("case", CLASS_CASES)
def test_class_tasks_word_for_word(case: str) -> None:
    values, rest = CLASS_CASES[case]
    assert class_task(**values) == f"Accuracy on the forgotten class cat is {rest}"


UNREFERENCED = {
    "probe as before": (
        {"forget_acc_test": 0.0},
        f"0 % (original 92 %, no retrained reference), but a {PROBE} still recognises 90 % of it "
        "(original 90 %, no retrained reference): the head forgot, the features did not.",
    ),
    "probe fell": (
        {"forget_acc_test": 0.0, "knn_probe_forget": 60.0},
        f"0 % (original 92 %, no retrained reference), and a {PROBE} recognises 60 % of it "
        "(original 90 %, no retrained reference): whether the features forgot, only a retrained "
        "model could tell.",
    ),
    "probe not computed": (
        {"forget_acc_test": 0.0, "knn_probe_forget": None},
        "0 % (original 92 %, no retrained reference); a probe on the embeddings was not computed, "
        "so this says what the head does, not what the features hold.",
    ),
    "in part": (
        {"forget_acc_test": 40.0},
        f"40 % (original 92 %, no retrained reference): part of it is still recognised, and a "
        f"{PROBE} recognises 90 % of it (original 90 %, no retrained reference).",
    ),
    "not at all": (
        {"forget_acc_test": 92.0},
        "92 % (original 92 %, no retrained reference): the model still recognises it as before, "
        f"and a {PROBE} recognises 90 % of it (original 90 %, no retrained reference).",
    ),
    "utility lost": (
        {"forget_acc_test": 0.0, "ta": 60.0},
        f"0 % (original 92 %, no retrained reference), but a {PROBE} still recognises 90 % of it "
        "(original 90 %, no retrained reference): the head forgot, the features did not; test "
        "accuracy on what was to be kept is 60 % (original 85 %, no retrained reference).",
    ),
}


@pytest.mark.parametrize("case", UNREFERENCED)
def test_class_tasks_without_a_retrained_model(case: str) -> None:
    values, rest = UNREFERENCED[case]
    assert class_task(None, **values) == f"Accuracy on the forgotten class cat is {rest}"


def test_a_class_that_the_original_hardly_knew() -> None:
    original = {**ORIGINAL, "forget_acc_test": 3.0, "knn_probe_forget": 20.0}
    now = {**original, "forget_acc_test": 0.0}
    assert verdict(now, original, RETRAINED, "class", ["cat"]) == (
        "Accuracy on the forgotten class cat is 0 % (original 3 %, retrained 0 %): the original "
        f"model hardly recognised it either, and a {PROBE} recognises 20 % of it (original 20 %, "
        "retrained 61 %)."
    )


def test_several_classes_word_for_word() -> None:
    now = of(forget_acc_test=0.0, knn_probe_forget=60.0)
    assert verdict(now, ORIGINAL, RETRAINED, "class", ["cat", "dog"]) == (
        "Accuracy on the forgotten classes cat and dog is 0 % (original 92 %, retrained 0 %), and "
        f"a {PROBE} recognises 60 % of them (original 90 %, retrained 61 %): the features know "
        "them as well as those of a model that never saw them."
    )
    now = of(forget_acc_test=40.0, knn_probe_forget=None, ta=60.0)
    assert verdict(now, ORIGINAL, None, "class", ["cat", "dog", "frog"]) == (
        "Accuracy on the forgotten classes cat, dog and frog is 40 % (original 92 %, no retrained "
        "reference): part of them is still recognised, and a probe on the embeddings was not "
        "computed; test accuracy on what was to be kept is 60 % (original 85 %, no retrained "
        "reference)."
    )


def test_missing_numbers_word_for_word() -> None:
    gone = {"forget_acc_test": None, "forget_acc_train": None}
    assert class_task(**gone) == (
        f"Accuracy on the forgotten class cat was not computed, and a {PROBE} recognises 90 % of "
        "it (original 90 %, retrained 61 %)."
    )
    assert class_task(**gone, knn_probe_forget=None) == (
        "Neither accuracy on the forgotten class cat nor a probe on the embeddings was computed."
    )
    assert class_task(forget_acc_test=None, forget_acc_train=3.0, knn_probe_forget=None) == (
        "Accuracy on the training samples of the forgotten class cat is 3 % (original 99 %, "
        "retrained 0 %); a probe on the embeddings was not computed, so this says what the head "
        "does, not what the features hold."
    )
    no_probe = {**RETRAINED, "knn_probe_forget": None}
    assert class_task(no_probe, forget_acc_test=0.0, knn_probe_forget=60.0) == (
        "Accuracy on the forgotten class cat is 0 % (original 92 %, retrained 0 %), and a "
        f"{PROBE} recognises 60 % of it (original 90 %, retrained not computed): whether the "
        "features forgot, only the retrained model's probe could tell."
    )
    now = of(forget_acc_test=0.0, knn_probe_forget=70.0)
    unknown = {"forget_acc_test": 92.0}
    assert verdict(now, unknown, RETRAINED, "class", ["cat"]) == (
        "Accuracy on the forgotten class cat is 0 % (original 92 %, retrained 0 %), but a "
        f"{PROBE} still recognises 70 % of it (original not computed, retrained 61 %): the "
        "features know it better than those of a model that never saw it."
    )


WITH, WITHOUT = {"forget_acc_train": 80.0, "ta": 81.0}, None
SAMPLE_CASES = [
    (99.0, WITH, "retrained 80 %, test set 85 %): they are recognised as well as before, better "
     "than by a model that never saw them."),
    (90.0, WITH, "retrained 80 %, test set 85 %): they are recognised less than before, but still "
     "better than by a model that never saw them."),
    (82.0, WITH, "retrained 80 %, test set 85 %): as for a model that never saw them."),
    (60.0, WITH, "retrained 80 %, test set 85 %): lower than for a model that never saw them, "
     "which can itself give them away."),
    (99.0, WITHOUT, "no retrained reference, test set 85 %): they are recognised as well as "
     "before, better than samples the model never saw."),
    (92.0, WITHOUT, "no retrained reference, test set 85 %): they are recognised less than "
     "before, but still better than samples the model never saw."),
    (87.0, WITHOUT, "no retrained reference, test set 85 %): as for samples it never saw."),
    (70.0, WITHOUT, "no retrained reference, test set 85 %): lower than for samples it never saw, "
     "which can itself give them away."),
]  # fmt: skip


@pytest.mark.parametrize(("now", "retrained", "rest"), SAMPLE_CASES)
def test_sample_tasks_word_for_word(now: float, retrained: dict | None, rest: str) -> None:
    said = verdict(of(forget_acc_train=now), ORIGINAL, retrained, "sample")
    head = f"Accuracy on the forget samples is {now:.0f} % (original 99 %, "
    assert said == head + rest


def test_sample_tasks_at_the_edges() -> None:
    low = {**ORIGINAL, "forget_acc_train": 83.0}
    assert verdict({**low, "forget_acc_train": 82.0}, low, WITH, "sample") == (
        "Accuracy on the forget samples is 82 % (original 83 %, retrained 80 %, test set 85 %): as "
        "for a model that never saw them, but so it was before: accuracy alone cannot tell."
    )
    assert verdict({**low, "forget_acc_train": 82.0}, low, None, "sample") == (
        "Accuracy on the forget samples is 82 % (original 83 %, no retrained reference, test set "
        "85 %): as for samples it never saw, but so it was before: accuracy alone cannot tell."
    )
    assert verdict({**low, "forget_acc_train": 95.0}, low, WITH, "sample") == (
        "Accuracy on the forget samples is 95 % (original 83 %, retrained 80 %, test set 85 %): "
        "they are recognised better than before, and better than by a model that never saw them."
    )
    assert verdict({"forget_acc_train": 95.0}, {}, WITH, "sample") == (
        "Accuracy on the forget samples is 95 % (original not computed, retrained 80 %): they are "
        "recognised better than by a model that never saw them."
    )
    assert verdict(of(forget_acc_train=60.0, ta=62.0), ORIGINAL, WITH, "sample") == (
        "Accuracy on the forget samples is 60 % (original 99 %, retrained 80 %, test set 62 %): "
        "lower than for a model that never saw them, which can itself give them away; test "
        "accuracy on what was to be kept is 62 % (original 85 %, retrained 81 %)."
    )
    assert verdict(of(forget_acc_train=None), ORIGINAL, WITH, "sample") == (
        "Accuracy on the forget samples was not computed."
    )


def test_percent_never_claims_none_or_all() -> None:
    assert [percent(v) for v in (0, 0.2, 0.5, 61.4, 99.4, 99.7, 100)] == [
        "0 %", "under 1 %", "under 1 %", "61 %", "99 %", "over 99 %", "100 %",
    ]  # fmt: skip
