"""Where the runs of a sweep are made: one place a file, found by a scan.

A run is on record, queued, before an executor hears of it, and all that is known of it is read from
the store: an executor brings it to a processor and no more.
"""

import sys
from functools import cache

from cu_core import registry
from cu_core.sweeps.executors._executor import Executor, Place

__all__ = ["Executor", "Place", "executors"]


@cache
def executors() -> dict[str, Executor]:
    """Every executor by its key. ImportError when two files claim one."""
    return registry.scan(
        sys.modules[__name__], lambda m: [m.EXECUTOR], lambda e: e.key, "executor", "EXECUTOR = "
    )
