"""What is forgotten jumps towards the middle of the other classes, or away from it."""

from itertools import pairwise

from cu_core.events._course import Course, begins
from cu_core.events._occurrence import Occurrence

NAME = "centrality"
JUMP = 0.1  # in one frame: a third of the way from the rim (1) to the middle (about 0.7)


def find(course: Course) -> list[tuple[int, str]]:
    """Where centrality begins to change by more than ``JUMP`` from one picture to the next."""
    points = course.points(NAME)
    moves = [(step, value - before) for (_, before), (step, value) in pairwise(points)]
    found = []
    for step, move in begins(moves, lambda move: abs(move) > JUMP):
        way, now = "towards" if move < 0 else "away from", dict(points)[step]
        where = f"{way} the middle of the other classes"
        found.append(
            (step, f"the forget samples jump {where}: centrality {now - move:.2f} to {now:.2f}")
        )
    return found


EVENT = Occurrence(
    key="centrality-jump",
    title="A jump of centrality",
    help="Forget samples move far between the other classes, or back out, in one frame.",
    tone="change",
    find=find,
)
