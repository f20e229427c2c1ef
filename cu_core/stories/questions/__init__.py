"""What a stop of a story may ask: one kind of question a module of this folder, found by a scan."""

import sys
from functools import cache

from cu_core import registry
from cu_core.stories.questions._kind import Answer, QuestionKind

__all__ = ["Answer", "QuestionKind", "kinds"]


@cache
def kinds() -> dict[str, QuestionKind]:
    """Every kind by its key. ImportError when two files claim one."""
    return registry.scan(
        sys.modules[__name__],
        lambda module: [v for v in vars(module).values() if isinstance(v, QuestionKind)],
        lambda item: item.key,
        "kind of question",
        group="lethe.questions",
    )
