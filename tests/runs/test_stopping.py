"""The papers' stopping rules, read from values that may be missing."""

import numpy as np
import pytest
from pydantic import ValidationError

from cu_core.errors import BadRequest, explain
from cu_core.runs.resolve import method_of
from cu_core.runs.stopping import rule_met
from cu_core.spec import STOP_RULES, ForgetSet, UnlearnRequest


@pytest.mark.parametrize(
    ("rule", "values", "met"),
    [
        ("class-accuracy", {"forget_acc_test": 10.0}, True),
        ("class-accuracy", {"forget_acc_test": 10.1}, False),
        ("class-accuracy", {"forget_acc_test": None}, False),
        ("class-accuracy", {}, False),
        ("sample-accuracy", {"forget_acc_train": 90.0, "ta": 90.0}, True),
        ("sample-accuracy", {"forget_acc_train": 90.1, "ta": 90.0}, False),
        ("sample-accuracy", {"forget_acc_train": None, "ta": 90.0}, False),
        ("sample-accuracy", {"forget_acc_train": 0.0, "ta": None}, False),
        ("none", {"forget_acc_test": 0.0, "forget_acc_train": 0.0, "ta": 90.0}, False),
    ],
)
def test_a_rule_is_met_by_numbers_alone(
    rule: str, values: dict[str, float | None], met: bool
) -> None:
    assert bool(rule_met(rule, values, 10)) is met


def test_a_request_takes_the_declared_rules_and_a_refusal_names_them() -> None:
    for key, rule in STOP_RULES.items():
        assert UnlearnRequest(stop_rule=key).stop_rule == key == rule.key
        assert rule.title and rule.help and set(rule.kinds) <= {"class", "sample"}
    with pytest.raises(ValidationError) as refused:
        UnlearnRequest(stop_rule="at-noon")
    sentence = explain(refused.value, UnlearnRequest)
    assert all(key in sentence for key in STOP_RULES) and "'at-noon'" in sentence


@pytest.mark.parametrize("rule", STOP_RULES)
def test_a_rule_is_refused_where_it_cannot_judge(rule: str) -> None:
    request = UnlearnRequest(forget="random:0.1", stop_rule=rule)
    samples = ForgetSet(np.arange(3), "random:0.1", "sample", (), 0)
    if "sample" in STOP_RULES[rule].kinds:
        method_of(request, samples)
        return
    with pytest.raises(BadRequest, match=f"{rule} needs a class to forget; random:0.1 is a sample"):
        method_of(request, samples)
