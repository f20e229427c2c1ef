"""Whether a stop rule ends a run at a snapshot."""

from collections.abc import Mapping

from cu_core.spec import STOP_RULES


def rule_met(rule: str, values: Mapping[str, float | None], n_classes: int) -> str:
    """What the rule says, in a few words, when it ends the run; "" while it does not."""
    return STOP_RULES[rule].met(values, n_classes)
