"""Samples that go one way on the map while their own loss goes the other."""

from cu_core.events._course import Course, begins
from cu_core.events._occurrence import Occurrence

NAME = "against"
LIMIT = 20.0  # percent of the forget samples, from one picture to the next


def find(course: Course) -> list[tuple[int, str]]:
    """Where more than ``LIMIT`` percent of the forget samples begin to do so."""
    return [
        (step, f"{value:.0f} % of the forget samples move against their own loss")
        for step, value in begins(course.points(NAME), lambda v: v > LIMIT)
    ]


EVENT = Occurrence(
    key="against-loss",
    title="Samples move against their own loss",
    help="Many forget samples are recognised better while they leave their class, or worse while "
    "they come nearer to it.",
    tone="change",
    find=find,
)
