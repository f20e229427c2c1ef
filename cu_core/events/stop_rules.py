"""The papers' stopping rules: where a run by them would have ended."""

from itertools import islice

from cu_core.events._course import Course
from cu_core.events._occurrence import Occurrence
from cu_core.spec import STOP_RULES, StopRule


def find(course: Course) -> list[tuple[int, str]]:
    """Of each rule that can judge this forget set the first step that meets it, whether or not the
    run stops by it; never step 0, the original model."""
    kind, found = "class" if course.is_class else "sample", []
    by_step = [(step, values) for step, values in course.values_by_step().items() if step]
    for rule in STOP_RULES.values():
        if kind not in rule.kinds or not course.n_classes:
            continue
        met = (step for step, values in by_step if rule.met(values, course.n_classes))
        found += [(step, said(rule)) for step in islice(met, 1)]
    return found


def said(rule: StopRule) -> str:
    return f"the stopping rule “{rule.title}” is met"


EVENT = Occurrence(
    key="stop-rule",
    title="A paper's stopping rule is met",
    help="; ".join(rule.help for rule in STOP_RULES.values() if rule.key != "none"),
    tone="goal",
    find=find,
)
