"""A person's own training loop under watch: looked at now and then, recorded like any run.

``watch(model, forget=..., retain=..., test=...)`` gives a ``Watch``; ``w.step(loss=loss)`` after
each update; ``w.close()``. ``watching.lightning`` and ``watching.transformers`` are the same as
callbacks.
"""

from cu_core.watching._begin import watch
from cu_core.watching._watch import Watch

__all__ = ["Watch", "watch"]
