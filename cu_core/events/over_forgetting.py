"""Forgotten more than never learnt: an accuracy that itself tells what was forgotten."""

from cu_core.events._course import Course, begins
from cu_core.events._occurrence import Occurrence

MARGIN = 3.0  # points below the retrained models; accuracies on some hundred samples vary by two


def find(course: Course) -> list[tuple[int, str]]:
    """Where accuracy falls ``MARGIN`` points below all retrained seeds, or the only one. Where that
    would be below 0 nothing can."""
    name = course.forget_accuracy
    goal = course.reference(name)
    low = course.band[name][0] if name in course.band else goal
    if low is None or low <= MARGIN:
        return []
    found = begins(course.points(name), lambda v: v < low - MARGIN, lambda v: v >= low)
    return [
        (step, f"over-forgetting: accuracy {value:.0f} % on what is forgotten, at least "
               f"{low:.0f} % in models that never learnt it")
        for step, value in found
    ]  # fmt: skip


EVENT = Occurrence(
    key="over-forgetting",
    title="Over-forgetting",
    help=f"Accuracy on what is forgotten falls {MARGIN:.0f} points below every retrained model.",
    tone="harm",
    find=find,
)
