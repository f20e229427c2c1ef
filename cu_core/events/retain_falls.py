"""What was to be kept is lost."""

from cu_core.events._course import Course, begins
from cu_core.events._occurrence import Occurrence

NAME = "ra"
MARGIN = 5.0  # points below the start


def find(course: Course) -> list[tuple[int, str]]:
    """Where accuracy on retain samples is more than ``MARGIN`` points below its start. Half of that
    is to be made good before it can fall again."""
    points = course.points(NAME)
    if not points:
        return []
    start = points[0][1]
    found = begins(points, lambda v: v < start - MARGIN, lambda v: v >= start - MARGIN / 2)
    return [
        (step, f"the retain accuracy has fallen by {start - value:.0f} points, to {value:.0f} %")
        for step, value in found
    ]


EVENT = Occurrence(
    key="retain-falls",
    title="Retain accuracy falls",
    help=f"Accuracy on what is kept is more than {MARGIN:.0f} points below its start.",
    tone="harm",
    find=find,
)
