"""The sentences, case by case."""

from typing import Any

import pytest

from cu_core.metrics.verdict import Evidence, verdict

ORIGINAL = {
    "forget_acc_test": 92.0,
    "forget_acc_train": 99.0,
    "knn_probe_forget": 90.0,
    "ta": 85.0,
    "rho_knn": 1.0,
}
RETRAINED = {
    "forget_acc_test": 0.0,
    "forget_acc_train": 0.0,
    "knn_probe_forget": 61.0,
    "ta": 86.0,
    "rho_knn": 0.0,
}
OTHER_SEED = {**RETRAINED, "knn_probe_forget": 58.0, "ta": 84.0}
ONE_SEED = " One retrained seed, spread unknown."


def evidence(
    values: dict[str, Any],
    original: dict[str, Any] = ORIGINAL,
    seeds: tuple[dict[str, Any], ...] = (RETRAINED,),
    kind: Any = "class",
    names: tuple[str, ...] = ("cat",),
    **more: Any,
) -> Evidence:
    return Evidence({**original, **values}, original, seeds, kind, names, **more)


def said(values: dict[str, Any], **more: Any) -> str:
    return verdict(evidence(values, **more))


FORGOTTEN = "Accuracy on the forgotten class cat is 0 % (original 92 %, retrained 0 %)."
CLASS_CASES = {
    # forgotten in name: the features by the share of the original's lead that is left
    "kept": (
        {"knn_probe_forget": 89.0, "rho_knn": 0.97},
        "Yet by its neighbours 89 % of it can still be told apart (original 90 %, retrained 61 %). "
        "The last layer forgot, the features did not.",
    ),
    "in part": (
        {"knn_probe_forget": 76.0, "rho_knn": 0.52},
        "Yet by its neighbours 76 % of it can still be told apart (original 90 %, retrained 61 %). "
        "The last layer forgot, the features only in part.",
    ),
    "as if never seen": (
        {"knn_probe_forget": 63.0, "rho_knn": 0.07},
        "By its neighbours 63 % of it can be told apart (original 90 %, retrained 61 %). "
        "The features know it no better than those of a model that never saw it.",
    ),
    "less than if never seen": (
        {"knn_probe_forget": 20.0, "rho_knn": -1.4},
        "By its neighbours 20 % of it can be told apart (original 90 %, retrained 61 %). "
        "The features tell it apart less than if they had never seen it.",
    ),
    # what the evidence does not bear is not said
    "the probes disagree": (
        {"knn_probe_forget": 89.0, "rho_knn": 0.97, "rho_linear": 0.1, "rho_prototype": 0.5},
        "Yet by its neighbours 89 % of it can still be told apart (original 90 %, retrained 61 %). "
        "The probes disagree on the features: by its neighbours they did not forget, by a linear "
        "probe they forgot.",
    ),
    "the denominator is noise": (
        {"knn_probe_forget": 89.0, "rho_knn": None},
        "By its neighbours 89 % of it can be told apart (original 90 %, retrained 61 %). "
        "Neighbours hardly part the original from retrained, so they cannot say what was "
        "forgotten.",
    ),
    "of one probe alone": (
        {"knn_probe_forget": 89.0, "rho_knn": None, "rho_linear": 0.95},
        "By its neighbours 89 % of it can be told apart (original 90 %, retrained 61 %). "
        "Neighbours hardly part the original from retrained, so they cannot say what was "
        "forgotten; by a linear probe the features did not forget.",
    ),
    "far below both, whatever the denominator": (
        {"knn_probe_forget": 20.0, "rho_knn": None},
        "By its neighbours 20 % of it can be told apart (original 90 %, retrained 61 %). "
        "The features tell it apart less than if they had never seen it.",
    ),
    "no probe": (
        {"knn_probe_forget": None},
        "A probe on the embeddings was not computed. So this says what the last layer answers, no "
        "more.",
    ),
}


@pytest.mark.parametrize("case", CLASS_CASES)
def test_what_was_forgotten_in_name_word_for_word(case: str) -> None:
    values, rest = CLASS_CASES[case]
    told = said({"forget_acc_test": 0.0, **values})
    assert told == f"{FORGOTTEN} {rest}{ONE_SEED}"


PROBED = "By its neighbours 90 % of it can be told apart (original 90 %, retrained 61 %)."
STANDING = {
    "in part": (40.0, "40 %", "Part of it is still answered right."),
    "as before": (90.0, "90 %", "The model still answers it right as before."),
    "better": (99.7, "over 99 %", "The model still answers it right, better than before."),
}


@pytest.mark.parametrize("case", STANDING)
def test_what_is_still_answered_word_for_word(case: str) -> None:
    value, figure, rest = STANDING[case]
    assert said({"forget_acc_test": value}) == (
        f"Accuracy on the forgotten class cat is {figure} (original 92 %, retrained 0 %). {rest} "
        f"{PROBED}{ONE_SEED}"
    )


def test_damage_outranks_all_the_rest() -> None:
    told = said({"forget_acc_test": 0.0, "ta": 60.0})
    assert told.startswith(
        "What was to be kept is damaged: test accuracy 60 % (original 85 %, retrained 86 %). "
        + FORGOTTEN
    )
    assert "the features did not" in told
    ruined = said({"forget_acc_test": 0.0, "ta": 12.0})
    assert "damaged: test accuracy 12 %" in ruined
    assert "So damaged a model forgets anything; the rest says little." in ruined
    assert "the features did not" not in ruined
    assert "damaged" not in said({"forget_acc_test": 0.0, "ta": 82.0})
    sample = said({"forget_acc_train": 60.0, "ta": 62.0}, kind="sample", names=())
    assert sample.startswith("What was to be kept is damaged: test accuracy 62 %")


def test_a_difference_that_retrained_seeds_have_among_them_is_none() -> None:
    """What stands beyond one seed stands within two that lie apart."""
    apart = {**RETRAINED, "forget_acc_test": 30.0, "ta": 70.0}
    values = {"forget_acc_test": 28.0, "ta": 69.0}
    assert "Part of it is still answered right." in said(values)
    assert "damaged" in said(values)
    told = said(values, seeds=(RETRAINED, apart))
    assert "still answered right" not in told and "damaged" not in told
    assert "(original 92 %, retrained 0 % to 30 %)" in told
    assert told.endswith(" Retrained: lowest to highest of 2 seeds.")


def test_retrained_seeds_are_told_by_their_ends_and_chance_beside_the_probe() -> None:
    told = said({"forget_acc_test": 0.0}, seeds=(RETRAINED, OTHER_SEED), chance=10.0)
    assert "(original 90 %, retrained 58 % to 61 %, chance 10 %)" in told
    assert "(original 92 %, retrained 0 %)" in told


def test_shares_of_few_are_counts_and_need_a_wider_difference() -> None:
    counts = {"forget_acc_test": 6, "knn_probe_forget": 12, "ta": 400}
    told = said({"forget_acc_test": 100 / 6}, counts=counts)
    assert "is 1 of 6 (original 6 of 6, retrained 0 of 6)" in told
    assert "by its neighbours 11 of 12 of it can still be told apart" in told
    assert "Part of it" not in told  # one of six is no difference from none
    assert "Part of it" in said({"forget_acc_test": 100 / 6}, counts={"forget_acc_test": 600})


def test_what_else_was_asked_stands_before_forgetting_and_after_damage() -> None:
    told = verdict(evidence({"forget_acc_test": 0.0, "ta": 60.0}), ["9 of 10 went home."])
    places = [told.index(part) for part in ("is damaged", "9 of 10 went home.", FORGOTTEN)]
    assert places == sorted(places)


UNREFERENCED = {
    "as before": ({"forget_acc_test": 0.0}, "90 %"),
    "fell": ({"forget_acc_test": 0.0, "knn_probe_forget": 60.0}, "60 %"),
}


@pytest.mark.parametrize("case", UNREFERENCED)
def test_without_a_retrained_model_nobody_knows_what_the_features_hold(case: str) -> None:
    values, probe = UNREFERENCED[case]
    assert said(values, seeds=()) == (
        "Accuracy on the forgotten class cat is 0 % (original 92 %, no retrained reference). "
        f"By its neighbours {probe} of it can be told apart (original 90 %, no retrained "
        "reference). Whether the features forgot, only a retrained model could tell."
    )


def test_a_class_that_the_original_hardly_knew() -> None:
    original = {**ORIGINAL, "forget_acc_test": 3.0, "knn_probe_forget": 20.0}
    assert said({"forget_acc_test": 0.0}, original=original) == (
        "Accuracy on the forgotten class cat is 0 % (original 3 %, retrained 0 %). The original "
        "model hardly knew it either. By its neighbours 20 % of it can be told apart (original "
        f"20 %, retrained 61 %).{ONE_SEED}"
    )


def test_several_classes_and_none_named() -> None:
    told = said({"forget_acc_test": 0.0, "rho_knn": 0.0}, names=("cat", "dog", "frog"))
    assert told.startswith("Accuracy on the forgotten classes cat, dog and frog is 0 %")
    assert "By their neighbours 90 % of them can be told apart" in told
    assert "know them no better than those of a model that never saw them." in told
    assert said({"forget_acc_test": 0.0}, names=()).startswith(
        "Accuracy on the forgotten class is 0 %"
    )


def test_missing_numbers_are_named() -> None:
    gone = {"forget_acc_test": None, "forget_acc_train": None}
    assert said(gone) == (
        f"Accuracy on the forgotten class cat was not computed. {PROBED}{ONE_SEED}"
    )
    train = said({"forget_acc_test": None, "forget_acc_train": 3.0})
    assert train.startswith("Accuracy on the training samples of the forgotten class cat is 3 %")
    unprobed = {**RETRAINED, "knn_probe_forget": float("nan")}
    told = said({"forget_acc_test": 0.0}, seeds=(unprobed,))
    assert "retrained not computed" in told
    assert "only the retrained model's probe could tell." in told
    told = said({"forget_acc_test": 0.0, "knn_probe_forget": 70.0}, original={"ta": 85.0})
    assert "only the original model's probe could tell." in told
    assert verdict(Evidence({}, {}, (), "sample")) == (
        "Accuracy on the forget samples was not computed."
    )
    alone = verdict(Evidence({"forget_acc_train": 80.0}, {}, ({},), "sample"))
    assert alone.startswith(
        "Accuracy on the forget samples is 80 % (original not computed, retrained not computed). "
        "Without a retrained or a test accuracy there is nothing to compare it with."
    )


SAW = {"forget_acc_train": 80.0, "ta": 81.0}
WITH, WITHOUT = (SAW,), ()
SAMPLE_CASES: list[tuple[float, tuple[dict[str, Any], ...], str]] = [
    (99.0, WITH, "They are answered right as often as before, more often than by a model that "
     "never saw them."),
    (90.0, WITH, "They are answered right less often than before, but still more often than by a "
     "model that never saw them."),
    (82.0, WITH, "That is as often as by a model that never saw them."),
    (60.0, WITH, "That is less often than by a model that never saw them, which can itself give "
     "them away."),
    (99.0, WITHOUT, "They are answered right as often as before, more often than other samples."),
    (87.0, WITHOUT, "That is as often as other samples."),
    (70.0, WITHOUT, "That is less often than other samples, which can itself give them away."),
]  # fmt: skip


@pytest.mark.parametrize(("now", "seeds", "rest"), SAMPLE_CASES)
def test_sample_tasks_word_for_word(now: float, seeds: Any, rest: str) -> None:
    told = said({"forget_acc_train": now}, seeds=seeds, kind="sample", names=())
    reference = "retrained 80 %" if seeds else "no retrained reference"
    tail = ONE_SEED if seeds else ""
    assert told == (
        f"Accuracy on the forget samples is {now:.0f} % (original 99 %, {reference}, test set "
        f"85 %). {rest}{tail}"
    )


def test_sample_tasks_at_the_edges() -> None:
    low = {**ORIGINAL, "forget_acc_train": 83.0}
    same = said({"forget_acc_train": 82.0}, original=low, seeds=WITH, kind="sample", names=())
    assert "but so it was before: accuracy cannot tell." in same
    more = said({"forget_acc_train": 95.0}, original=low, seeds=WITH, kind="sample", names=())
    assert "They are answered right more often than before, and more often than by" in more
    few = {"forget_acc_train": 6}
    told = said({"forget_acc_train": 500 / 6}, seeds=WITH, kind="sample", names=(), counts=few)
    assert "is 5 of 6 (original 6 of 6, retrained 5 of 6, test set 85 %)" in told
