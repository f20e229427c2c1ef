"""The verdict's sentence on what was planted: counts and shares, each beside its references."""

from dataclasses import replace

import numpy as np
import pytest

from cu_core.metrics.planted import planted_counts
from cu_core.metrics.planted_told import ten_words, told
from cu_core.spec import Probe

N = 8


def probe(wrong: int = 4, trigger: int | None = None) -> Probe:
    """``wrong`` forget samples that were taught a wrong class, one that was not, and kept ones."""
    index = np.arange(N)
    label = np.zeros(N, np.int64)
    true = np.where(index < wrong, 1, 0)
    return Probe(index, label, index <= wrong, index, label, true, trigger)


def test_wrong_labels_are_counted() -> None:
    said = told({"planted_home": 75.0}, {"planted_home": 0.0}, {"planted_home": 100.0}, probe())
    assert said == [
        "3 of 4 wrongly labelled samples now lie among their true class (original 0, retrained 4)."
    ]


def test_of_a_mark_the_share_of_answers_is_said() -> None:
    now, before, ideal = ({"planted_trigger": v, "planted_home": 50.0} for v in (0.2, 99.6, 2.0))
    assert told(now, before, ideal, probe(trigger=7)) == [
        "Under 1 % of test images of other classes are answered as the mark's class when it is on "
        "them (original over 99 %, retrained 2 %)."
    ]


@pytest.mark.parametrize("value", [None, float("nan")])
def test_without_a_value_nothing_is_said(value: float | None) -> None:
    assert told({"planted_home": value}, {}, None, probe()) == []
    assert told({"planted_home": 75.0}, {}, {}, replace(probe(), true_label=None)) == []


def test_a_missing_reference_is_named_as_missing() -> None:
    said = told({"planted_home": 75.0}, {"planted_home": 0.0}, None, probe())
    assert said[0].endswith("(original 0); there is no retrained reference.")


def test_ten_words() -> None:
    home, mark = {"planted_home": 75.0}, {"planted_trigger": 0.2}
    wrong, marked = planted_counts(probe()), planted_counts(probe(trigger=7))
    assert ten_words(home, wrong) == "3 of 4 wrong labels are back home."
    assert ten_words(mark, marked) == "The mark decides under 1 % of the answers."
    for values in ({"planted_home": None}, {}):
        assert ten_words(values, wrong) == ten_words(values, marked) == ""
    assert ten_words(home | mark, {"ta": 400}) == ""
