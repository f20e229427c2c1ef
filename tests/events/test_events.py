"""Kinds of events on made-up courses: each condition once, where it begins, and nothing else."""

import math

import pytest

from cu_core.events import Course, happened, occurrences
from cu_core.spec import RunProgress, Summary


def course(retrained=None, band=None, is_class=True, every=1, **series):
    """Series by name, one value a picture, of pictures ``every`` so many steps."""
    made = {
        name.replace("__", "/"): (list(range(0, every * len(values), every)), list(values))
        for name, values in series.items()
    }
    return Course(made, retrained or {}, band or {}, 10, is_class)


def steps(given, key):
    return [one.step for one in happened(given, [key])]


def test_a_flip_at_7_and_a_collapse_at_12_are_two_events_and_no_more():
    flat = [80.0] * 20
    given = course(
        forget_acc_test=flat,
        ra=[98.0] * 12 + [60.0] * 8,
        ta=[70.0] * 20,
        forget_acc_train=flat,
        centrality=[0.9] * 20,
        changed=[None] + [0.5] * 6 + [12.0] + [0.5] * 12,
        against=[None] + [0.0] * 19,
        loss__push=[1.0] * 20,
        retrained={"forget_acc_test": 8.0, "ra": 98.0},
    )
    assert [(one.step, one.key) for one in happened(given)] == [
        (7, "mass-change"),
        (12, "retain-falls"),
    ]
    texts = [one.text for one in happened(given)]
    assert texts[0] == "12 % of the samples change their answer in one frame"
    assert texts[1] == "the retain accuracy has fallen by 38 points, to 60 %"


def test_every_kind_says_what_it_is():
    for key, kind in occurrences().items():
        assert key == kind.key and kind.title and kind.help.endswith("."), key
        assert kind.find(course()) == [], f"{key} sees something where nothing is on record"


@pytest.mark.parametrize(
    ("values", "goal", "found", "text"),
    [
        ([90, 40, 8.2, 3, 0], 8.0, [3], "the forget accuracy, 3 %, is below the retrained model's"),
        ([90, 40, 8.0, 3, 0], 8.0, [2], "the forget accuracy is at the retrained model's (8 %)"),
        ([90, None, math.nan, 8.0], 8.0, [3], "the forget accuracy is at"),
        ([7, 6, 90, 5], 8.0, [], ""),  # not from above
        ([90, 40, 8.2], 8.0, [], ""),
        ([90, 40, 0], None, [], ""),
        ([90, 40, 0], math.nan, [], ""),
    ],
)
def test_the_crossing_is_the_first_step_at_or_below_retrained(values, goal, found, text):
    given = course(forget_acc_test=values, retrained={"forget_acc_test": goal})
    assert steps(given, "forget-crossing") == found
    assert all(one.text.startswith(text) for one in happened(given, ["forget-crossing"]))


def test_of_single_samples_the_accuracy_on_themselves_counts():
    both = {"forget_acc_test": [None] * 3, "forget_acc_train": [100.0, 97.0, 95.0]}
    given = course(**both, is_class=False, retrained={"forget_acc_train": 96.0})
    assert steps(given, "forget-crossing") == [2]


@pytest.mark.parametrize(
    ("values", "band", "found"),
    [
        ([60, 40, 36.9, 30, 20], {"forget_acc_test": (40.0, 50.0)}, [2]),
        ([60, 40, 37.0, 40], {"forget_acc_test": (40.0, 50.0)}, []),
        ([60, 36, 38, 36, 41, 36], {"forget_acc_test": (40.0, 50.0)}, [1, 5]),  # trembling is one
        ([60, 43, 30], {}, [2]),  # the only retrained model is all the range there is
        ([60, 0, 0], {"forget_acc_test": (2.0, 9.0)}, []),  # nothing is 3 points below 2 %
    ],
)
def test_over_forgetting_is_below_every_retrained_seed_by_a_margin(values, band, found):
    given = course(forget_acc_test=values, band=band, retrained={"forget_acc_test": 45.0})
    assert steps(given, "over-forgetting") == found


def test_retain_accuracy_falls_once_until_half_is_made_good():
    assert steps(course(ra=[98, 93, 92.9, 94, 92, 95.5, 92]), "retain-falls") == [2, 6]
    assert steps(course(ra=[98, 93.0, 93.0]), "retain-falls") == []
    assert steps(course(ra=[None, 98, None, 90]), "retain-falls") == [3]  # its start is the first


@pytest.mark.parametrize(
    ("series", "found", "text"),
    [
        ({"loss__push": [1, math.nan, math.nan]}, [1], "the loss push is no longer a number"),
        ({"ra": [9, 9, math.inf], "ta": [9, 9, -math.inf]}, [2], "ra, ta are infinite"),
        ({"ra": [1, None, 2]}, [], ""),  # not computed is not wrong
    ],
)
def test_what_is_no_number_is_said_once_with_its_name(series, found, text):
    given = course(**series)
    assert steps(given, "non-finite") == found
    assert all(one.text == text for one in happened(given, ["non-finite"]))


def test_many_answers_that_go_on_changing_are_one_event():
    assert steps(course(changed=[None, 6, 7, 5.0, 9], every=4), "mass-change") == [4, 16]


def test_centrality_jumps_and_does_not_glide():
    glide = [1 - 0.03 * k for k in range(10)]
    assert steps(course(centrality=glide), "centrality-jump") == []
    given = course(centrality=[0.97, 0.74, 0.72, None, 0.9])
    assert steps(given, "centrality-jump") == [1, 4]
    texts = [one.text for one in happened(given, ["centrality-jump"])]
    assert "towards the middle" in texts[0] and "0.97 to 0.74" in texts[0]
    assert "away from the middle" in texts[1]


def test_samples_against_their_own_loss_are_a_share_that_begins():
    assert steps(course(against=[None, 20.0, 21.0, 40.0, 3.0]), "against-loss") == [2]


def test_each_stopping_rule_is_marked_where_it_is_first_met_and_never_at_the_start():
    given = course(
        forget_acc_test=[5, 40, 10, 9],
        forget_acc_train=[90, 96, 97, 95],
        ta=[95, 95, 95, 95],
    )
    found = happened(given, ["stop-rule"])
    assert [one.step for one in found] == [2, 3]
    assert found[0].text == "the stopping rule “Stop at chance (Eq. 8)” is met"
    assert "Eq. 9" in found[1].text
    samples = Course(given.series, n_classes=10, is_class=False)
    assert steps(samples, "stop-rule") == [3]  # Eq. 8 judges classes alone


def test_a_course_is_read_from_the_record_and_its_end_replaces_what_was_known():
    series = {"forget_acc_test": ([0], [90.0])}
    progress = RunProgress(
        class_names=("a", "b"), forget={"classes": (1,)}, retrained={"forget_acc_test": 3.0}
    )
    live = Course.of(series, progress)
    assert (live.n_classes, live.is_class, live.reference("forget_acc_test")) == (2, True, 3.0)
    ended = Summary(retrained={"forget_acc_test": 5.0}, band={"forget_acc_test": (4.0, 6.0)})
    end = Course.of(series, progress, ended)
    assert end.reference("forget_acc_test") == 5.0 and end.band["forget_acc_test"] == (4.0, 6.0)
