"""Titles name classes, count lists, and hold no path."""

import dataclasses

import pytest

from cu_core.spec import (
    ForgetFacts,
    RunProgress,
    RunRecord,
    TrainRequest,
    UnlearnRequest,
)
from cu_core.store import default_name, forgotten, title

NAMED = RunProgress(class_names=("cat", "dog", "cow, brown"), forget=ForgetFacts(n_forget=6))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("class:1", "class dog"),
        ("class:dog", "class dog"),
        ("class:0,dog", "classes cat, dog"),
        ("class:7", "class 7"),  # of data that have changed since
        ("random:0.1", "a random 10 %"),
        ("indices:/home/ada/six.txt#row", "6 listed images (six.txt)"),
    ],
)
def test_a_forget_set_is_named(rule: str, said: str) -> None:
    assert forgotten(rule, NAMED) == said


def test_a_trial_that_nobody_named_is_called_by_its_number_and_seed() -> None:
    request = UnlearnRequest(trial="20260101-000000-000-abcdef/12", seed=2)
    record = RunRecord("1", "temperature, class 5, digits, trial 12", "done", 0.0, request)
    assert title(record, NAMED) == "trial 12, seed 2"
    assert title(dataclasses.replace(record, name="Mine"), NAMED) == "Mine"


def test_a_title_is_the_given_name_or_what_was_asked_for() -> None:
    request = UnlearnRequest(
        dataset="parquet:/data/cifar10", forget="class:1", model="python:/home/ada/nets.py:small"
    )
    own = RunRecord("1", default_name(request), "done", 0.0, request)
    assert default_name(request) == "contrastive, class 1, cifar10"
    assert title(own, NAMED) == "contrastive, class dog, cifar10"
    assert title(own, RunProgress()) == own.name
    assert title(RunRecord("1", "Mine", "done", 0.0, request), NAMED) == "Mine"
    trained = TrainRequest(model="python:/home/ada/nets.py:small", forget="class:1")
    assert default_name(trained, NAMED) == "train nets.py:small on digits without class dog"
