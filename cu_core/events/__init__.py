"""What may happen in the course of a run, one kind a file, found by a scan: numbers in, sentences
out. Derived whenever somebody looks, never stored: a retrained model that comes last changes them.

``occurrences()`` gives the declared kinds by key; ``happened(course)`` all that did, by step.
"""

import sys
from collections.abc import Collection
from functools import cache

from cu_core import registry
from cu_core.events._course import Course
from cu_core.events._occurrence import Happened, Occurrence, Tone
from cu_core.spec import RuleCard

__all__ = ["Course", "Happened", "Occurrence", "Tone", "cards", "happened", "occurrences"]


@cache
def occurrences() -> dict[str, Occurrence]:
    """Every kind by its key, in the order of the files. ImportError when two claim one."""
    here = sys.modules[__name__]
    return registry.scan(here, lambda m: [m.EVENT], lambda kind: kind.key, "event")


def happened(course: Course, keys: Collection[str] | None = None) -> list[Happened]:
    """All that happened, or of these kinds alone, in the order of the steps."""
    kinds = [k for k in occurrences().values() if keys is None or k.key in keys]
    found = [Happened(step, kind.key, text) for kind in kinds for step, text in kind.find(course)]
    return sorted(found, key=lambda one: one.step)


def cards() -> tuple[RuleCard, ...]:
    """The kinds as a page offers them."""
    kinds = occurrences().values()
    return tuple(RuleCard(key=kind.key, title=kind.title, help=kind.help) for kind in kinds)
