"""The moment that a run is for: the model knows what it forgets no better than one that never
learnt it."""

from cu_core.events._course import Course
from cu_core.events._occurrence import Occurrence


def find(course: Course) -> list[tuple[int, str]]:
    """The first step at or below the retrained model's accuracy, coming from above it."""
    name = course.forget_accuracy
    goal, points = course.reference(name), course.points(name)
    if goal is None or not points or points[0][1] <= goal:
        return []
    step, value = next((point for point in points if point[1] <= goal), (0, goal + 1))
    if value > goal:
        return []
    if round(value) == round(goal):
        return [(step, f"the forget accuracy is at the retrained model's ({goal:.0f} %)")]
    return [(step, f"the forget accuracy, {value:.0f} %, is below the retrained model's "
                   f"{goal:.0f} %")]  # fmt: skip


EVENT = Occurrence(
    key="forget-crossing",
    title="Forget accuracy reaches retrained's",
    help="Accuracy on what is forgotten comes down to that of the retrained model.",
    tone="goal",
    find=find,
)
