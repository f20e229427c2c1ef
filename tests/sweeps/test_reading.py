"""What a trial came to, from made-up records of its runs."""

import pytest

from cu_core.spec import OBJECTIVES, REPORTED, TUNING, RunRecord, Summary, UnlearnRequest
from cu_core.sweeps.reading import ended_well, metrics_of, outcome

METRICS = {"ua": 4.0, "ra": 98.0, TUNING: 90.0, REPORTED: 88.0}
RETRAINED = {"ua": 0.0, "ra": 99.0, TUNING: 91.0, REPORTED: 91.0}


def record(state: str = "done", **changes: object) -> RunRecord:
    facts = {"metrics": METRICS, "retrained": RETRAINED, "seconds": {"step": 2.0}, **changes}
    summary = Summary(**facts)  # type: ignore[arg-type]
    return RunRecord(
        "20260101-000000-000-abcdef", "", state, 0.0, UnlearnRequest(), summary=summary
    )  # type: ignore[arg-type]


def test_one_half_decides_and_the_other_is_reported():
    read = outcome([record()], ("avg_gap", "ta", "seconds"))
    assert read.values == {"avg_gap": 2.0, "ta": 90.0, "seconds": 2.0}
    assert read.reported == {"avg_gap": pytest.approx(8 / 3), "ta": 88.0, "seconds": 2.0}
    assert read.why == read.floor == ""


def test_the_worst_seed_counts_which_is_the_lowest_where_high_is_wanted():
    worse = record(metrics=METRICS | {"ua": 9.0, TUNING: 80.0})
    read = outcome([record(), worse, record()], ("forget_gap", "ta"))
    assert read.values == {"forget_gap": 9.0, "ta": 80.0}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"metrics": METRICS | {"ua": None}, "reasons": {"ua": "no forget samples"}},
            "Forget gap could not be read (ua: no forget samples).",
        ),
        (
            {"retrained": None},
            "Forget gap could not be read (there is no retrained model to compare with).",
        ),
        ({"metrics": {}}, "Forget gap could not be read (the run has no ua)."),
        ({"metrics": METRICS | {"ua": float("nan")}}, "Forget gap could not be read (the run has"),
    ],
)
def test_what_has_no_value_says_why(changes, sentence):
    read = outcome([record(), record(**changes)], ("forget_gap",))
    assert read.why.startswith(sentence) and not read.values


def test_only_the_floor_ends_a_run_whose_numbers_count():
    low = record("stopped", stopped_by="Floor: test accuracy 10 % is below 50 %.")
    assert ended_well(low) and outcome([low], ("ta",)).floor == low.summary.stopped_by
    assert not ended_well(record("stopped", stopped_by="you"))
    assert not any(ended_well(record(state)) for state in ("failed", "lost", "running"))


def test_every_objective_says_what_it_is_made_of():
    asks = {key: metrics_of(objective) for key, objective in OBJECTIVES.items()}
    assert asks["avg_gap"] == {"ra", "ua", TUNING} and asks["ta"] == {TUNING}
    assert asks["seconds"] == frozenset()
