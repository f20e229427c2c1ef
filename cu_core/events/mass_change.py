"""Many answers change at once: what a picture shows as a flash of colours."""

from cu_core.events._course import Course, begins
from cu_core.events._occurrence import Occurrence

NAME = "changed"
LIMIT = 5.0  # percent of the samples, from one picture to the next


def find(course: Course) -> list[tuple[int, str]]:
    """Where more than ``LIMIT`` percent of the samples begin to change their answer in a frame."""
    return [
        (step, f"{value:.0f} % of the samples change their answer in one frame")
        for step, value in begins(course.points(NAME), lambda v: v > LIMIT)
    ]


EVENT = Occurrence(
    key="mass-change",
    title="Many answers change at once",
    help=f"More than {LIMIT:.0f} % of the samples change their answer from a picture to the next.",
    tone="change",
    find=find,
)
