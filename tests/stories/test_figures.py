"""What a text names in braces is what the run has, at the step of its stop."""

import numpy as np
import pytest

from cu_core.errors import BadRequest
from cu_core.stories import figures
from tests.stories.made_up import STEPS, run


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{ta}", "70 %"),  # on the curve, at step 20
        ("{end.ta}, {original.ta}, {retrained.ta}", "90 %, 95 %, 94 %"),
        ("{n_forget} of {n_keep} at step {step} of {steps}", "20 of 40 at step 20 of 40"),
        ("{B.end.knn} and {A.end.knn}", "40 % and 50 %"),
        ("nothing {} here {", "nothing {} here {"),
    ],
)
def test_a_text_says_what_the_run_has(text: str, words: str) -> None:
    runs = [run(0), run(1, metrics={"ta": 90.0, "knn": 40.0})]
    assert figures.filled(text, runs, [20, 20], "The stop") == words


def test_a_unit_is_the_metrics_own_whatever_its_value() -> None:
    """Also without a curve: two updates are no percentage, and an accuracy of 0 is one."""
    found = {"ta": 0.0, "planted_home": 0.0, "planted_home/low": 3.0, "relearn_time": 2.0}
    text = "{end.ta}, {end.planted_home}, {end.planted_home/low}, {end.relearn_time}"
    words = figures.filled(text, [run(metrics=found)], [40], "The stop")
    assert words == "0 %, 0 %, 3 %, 2"


def test_counts_of_answers_are_those_of_a_loop() -> None:
    made = run()
    header, sections = made
    for name in header["classes"]:
        id_, frame = header["classes"].index(name), STEPS.index(20)
        count = 0
        for sample in range(header["n"]):
            count += bool(sections["forget"][sample]) and sections["pred"][frame][sample] == id_
        assert figures.filled(f"{{to.{name}}}", [made], [20], "The stop") == str(count)
    assert figures.filled("{retrained.to.one}", [made], [20], "The stop") == "15"
    at_end = int((sections["pred"][-1][40:] == 2).sum())
    assert figures.filled("{end.to.two}", [made], [20], "The stop") == str(at_end)


def test_of_chosen_classes_the_retrained_answer_is_the_class_and_not_its_column() -> None:
    header, sections = run()
    of_class = np.tile(np.array([2, 1, 0], "<u1"), (header["n"], 1))
    made = header, {**sections, "ghost_share_class": of_class}
    assert figures.filled("{retrained.to.two}", [made], [20], "The stop") == "5"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{unknown}", "names {unknown}, which the run run-0 lacks"),
        ("{B.ta}", "the story has one run"),
        ("{to.ten}", "there are zero, one, two"),
    ],
)
def test_what_is_not_there_is_named(text: str, named: str) -> None:
    with pytest.raises(BadRequest, match=named.replace("{", r"\{").replace("}", r"\}")):
        figures.filled(text, [run()], [0], "The stop 'a'")
