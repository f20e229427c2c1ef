"""Numbers that are none: the training has run away."""

import math

from cu_core.events._course import Course
from cu_core.events._occurrence import Occurrence

NAMED = 3  # series in the sentence


def find(course: Course) -> list[tuple[int, str]]:
    """The first step at which a loss or another value is NaN or infinite."""
    for step, values in course.values_by_step().items():
        bad = {n: v for n, v in values.items() if v is not None and not math.isfinite(v)}
        if bad:
            return [(step, _sentence(bad))]
    return []


def _sentence(bad: dict[str, float]) -> str:
    names = [name.replace("loss/", "the loss ", 1) for name in list(bad)[:NAMED]]
    more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
    how = "no longer a number" if any(map(math.isnan, bad.values())) else "infinite"
    return f"{', '.join(names)}{more} {'is' if len(bad) == 1 else 'are'} {how}"


EVENT = Occurrence(
    key="non-finite",
    title="A value is no number",
    help="A loss or a measure is NaN or infinite.",
    tone="harm",
    find=find,
)
