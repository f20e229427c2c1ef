"""The stop rules: what may end a run before its last step. The request, the worker, pages and the
command line all go by these declarations; a further rule is one more of them.

Eq. 8 and 9 of arXiv:2401.10458, read at snapshots on test data, as the paper does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

Values = Mapping[str, float | None]
# How ``Summary.stopped_by`` begins where no rule but the request's floor ended the run
FLOOR = "Floor:"


@dataclass(frozen=True)
class StopRule:
    """``met(values, n_classes)``: why the run ends here, in a few words; "" while it does not.

    ``values``: a snapshot's metrics, percent; one that was not computed meets no rule. ``kinds``:
    the forget sets that it can judge.
    """

    key: str
    title: str
    help: str
    met: Callable[[Values, int], str]
    kinds: tuple[str, ...] = ("class", "sample")


def _never(values: Values, n_classes: int) -> str:
    return ""


def _at_chance(values: Values, n_classes: int) -> str:
    forget = values.get("forget_acc_test")
    met = forget is not None and forget <= 100 / n_classes
    return f"Eq. 8: at most {100 / n_classes:.0f} %" if met else ""


def _at_test_accuracy(values: Values, n_classes: int) -> str:
    forget, test = values.get("forget_acc_train"), values.get("ta")
    met = forget is not None and test is not None and forget <= test
    return "Eq. 9: no better on forget samples than on the test set" if met else ""


_DECLARED = (
    StopRule("none", "Run every step", "Ends after the epochs asked for.", _never),
    StopRule(
        "class-accuracy",
        "Stop at chance (Eq. 8)",
        "Class tasks: ends once accuracy on the forgotten class's test images is at most "
        "1 / classes. Reads test data, as the paper does.",
        _at_chance,
        kinds=("class",),
    ),
    StopRule(
        "sample-accuracy",
        "Stop at test accuracy (Eq. 9)",
        "Ends once the forget samples are recognised no better than the test set. Reads "
        "test data, as the paper does.",
        _at_test_accuracy,
    ),
)
STOP_RULES = {rule.key: rule for rule in _DECLARED}

if TYPE_CHECKING:
    StopRuleKey = str
else:  # a request takes these keys and no others, and its refusal lists them
    StopRuleKey = Literal[tuple(STOP_RULES)]
