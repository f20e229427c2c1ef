"""What a stop may ask, each against a plain loop; nothing of an answer is in a form."""

import json
from typing import Any

import numpy as np
import pytest

from cu_core.errors import BadRequest
from cu_core.stories.questions import kinds
from cu_core.stories.story import Question
from cu_core.stories.telling import cut
from tests.stories.made_up import CLASSES, run


def ask(kind: str, **options: str) -> Question:
    return Question(kind=kind, prompt="What?", options=options)


def test_where_is_the_class_that_most_are_answered_as_at_the_end() -> None:
    header, sections = made = run()
    count: dict[str, int] = {}
    for sample in range(header["n"]):
        if sections["forget"][sample] and sections["label"][sample] == 2:
            answered = str(sections["pred"][-1][sample])
            count[answered] = count.get(answered, 0) + 1
    kind, truth = kinds()["where"], kinds()["where"].answer(ask("where", label="two"), [made])
    most = max(count.values())
    assert count[truth.value] == most and sum(count.values()) == 20
    assert truth.shares == {key: 100 * n / 20 for key, n in count.items()}
    for guess in ("0", "1", "2"):
        assert kind.score(guess, truth) == pytest.approx(count.get(guess, 0) / most)
    spread = {key: float(n) for key, n in count.items()}
    assert kind.score(spread, truth) == pytest.approx(1.0)
    halves = {"0": 1, "1": 1}
    overlap = sum(min(50.0, truth.shares.get(key, 0.0)) for key in halves) / 100
    assert kind.score(halves, truth) == pytest.approx(overlap)


def test_where_by_true_class_or_by_the_retrained_model() -> None:
    header, sections = run()
    true = sections["label"].copy()
    true[40:50] = 0
    made = header, {**sections, "true_label": true}
    kind = kinds()["where"]
    asked = kind.answer(ask("where", true="zero"), [made])
    assert sum(asked.shares.values()) == pytest.approx(100) and "of 10." in asked.sentence
    retrained = kind.answer(ask("where", model="retrained"), [made])
    assert retrained.value == "1" and retrained.shares == {"0": 25.0, "1": 75.0}
    with pytest.raises(BadRequest, match="about no sample"):
        kind.answer(ask("where", label="one"), [made])


@pytest.mark.parametrize(("goal", "best"), [("low", "B"), ("high", "A"), ("retrained", "A")])
def test_which_goes_by_the_two_ends(goal: str, best: str) -> None:
    runs = [run(0), run(1, metrics={"knn": 20.0})]
    kind = kinds()["which"]
    truth = kind.answer(ask("which", metric="knn", goal=goal), runs)
    assert truth.value == best and truth.sentence.startswith(f"{best}. Probe: A 50 %, B 20 %")
    assert [kind.score(guess, truth) for guess in ("A", "B", None, 3)] == [
        float(best == "A"), float(best == "B"), 0.0, 0.0,
    ]  # fmt: skip


def test_which_is_nearer_to_its_own_retrained_model() -> None:
    runs = [run(0), run(1, metrics={"knn": 20.0}, retrained={"knn": 22.0})]
    truth = kinds()["which"].answer(ask("which", metric="knn", goal="retrained"), runs)
    assert truth.sentence == "B. Probe: A 50 %, B 20 %, retrained A 77 %, B 22 %."
    truth = kinds()["which"].answer(
        ask("which", metric="knn"), [run(0), run(1, metrics={"knn": 9})]
    )
    assert truth.sentence == "A. Probe: A 50 %, B 9 %, retrained 77 %."


def test_a_number_has_the_unit_of_its_metric() -> None:
    kind, runs = kinds()["number"], [run(metrics={"relearn_time": 2.0, "ta": 0.0})]
    asked = ask("number", metric="relearn_time", high="500")
    assert kind.answer(asked, runs).sentence == "2."
    assert kind.form(asked, runs)["unit"] == "updates"
    narrow = ask("number", metric="ta", high="1")
    assert kind.answer(narrow, runs).sentence == "0 % (original 95 %, retrained 94 %)."


def test_a_number_scores_by_distance_from_the_record() -> None:
    kind = kinds()["number"]
    truth = kind.answer(ask("number", metric="ta"), [run()])
    assert truth.sentence == "90 % (original 95 %, retrained 94 %)."
    scores = [kind.score(guess, truth) for guess in (90, 91.9, 100, 80, 65, 0)]
    assert scores[:2] == [1.0, 1.0] and scores[4:] == [0.0, 0.0]
    for guess, score in zip((100, 80), scores[2:4], strict=True):
        away = abs(guess - 90) / 100
        assert score == pytest.approx((0.25 - away) / 0.23)
    narrow = kind.answer(ask("number", metric="ta", low="80"), [run()])
    assert kind.score(80, narrow) == 0.0
    assert kind.answer(ask("number", metric="ta", model="retrained"), [run()]).value["value"] == 94


@pytest.mark.parametrize("guess", [None, True, "x", float("nan"), [1], {}, {"0": -1}, {"9": "a"}])
def test_what_is_no_guess_scores_nothing(guess: Any) -> None:
    runs = [run(0), run(1, metrics={"knn": 20.0})]
    for key, kind in kinds().items():
        assert kind.score(guess, kind.answer(ask(key, metric="knn", goal="low"), runs)) == 0.0


def test_a_form_is_the_same_from_what_the_page_has_before_the_guess() -> None:
    runs = [run(0), run(1, metrics={"knn": 20.0})]
    for key, kind in kinds().items():
        asked = ask(key, metric="knn") if key != "where" else ask(key)
        seen = [cut(one, 10, "knn") for one in runs]
        assert kind.form(asked, seen) == kind.form(asked, runs)
        json.dumps(kind.form(asked, seen))
    places = kinds()["where"].form(ask("where"), runs)
    assert [option["name"] for option in places["options"]] == list(CLASSES)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (ask("which", metric="knn", goal="best"), "a goal of retrained, low, high"),
        (ask("which", metric="ta", goal="low"), "do not differ in 'ta'"),
        (ask("number", metric="none"), "asks for 'none', which the run lacks"),
        (ask("number", metric="ta", low="a"), "is a number, got 'a'"),
        (ask("number", metric="ta", low="50", high="50"), "must be below high"),
        (ask("number", metric="ta", model="mine"), "one of end, original, retrained"),
        (ask("where", label="ten"), "there are zero, one, two"),
    ],
)
def test_what_the_runs_do_not_bear_is_said(asked: Question, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        kinds()[asked.kind].answer(asked, [run(0), run(1)])


def test_an_option_that_a_kind_does_not_know_is_named() -> None:
    with pytest.raises(BadRequest, match="knows metric=…, goal=…, and no 'best'"):
        kinds()["which"].checked(ask("which", best="1"))


def test_no_class_of_many_is_lost_in_a_count() -> None:
    header, sections = run()
    many = [*header["classes"], *(f"c{k}" for k in range(7))]
    made = {**header, "classes": many}, sections
    assert np.isclose(sum(kinds()["where"].answer(ask("where"), [made]).shares.values()), 100)
