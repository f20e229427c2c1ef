"""The stopping rules of arXiv:2401.10458 (Eq. 8 and 9), read at snapshots on test data as there."""

from collections.abc import Mapping


def rule_met(rule: str, values: Mapping[str, float | None], n_classes: int) -> str:
    """What the rule says, in a few words, when it ends the run; "" while it does not.

    ``values``: the snapshot's metrics, in percent; one that was not computed meets no rule.
    """
    forget, sample = values.get("forget_acc_test"), values.get("forget_acc_train")
    if rule == "class-accuracy" and forget is not None and forget <= 100 / n_classes:
        return f"Eq. 8: at most {100 / n_classes:.0f} %"
    test = values.get("ta")
    if rule == "sample-accuracy" and sample is not None and test is not None and sample <= test:
        return "Eq. 9: no better on forget samples than on the test set"
    return ""
