"""Where a run's time goes, by name of work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from cu_core.spec import Snapshot, StepLog


class Clock:
    """Seconds by name of work, from a monotonic counter: where a run's time goes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.counts: dict[str, int] = {}  # of "step" and "snapshot"

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def each(self, events: Iterator[StepLog | Snapshot]) -> Iterator[StepLog | Snapshot]:
        """The events, the making of each one booked as "step" or "snapshot"."""
        while True:
            began = time.perf_counter()
            event = next(events, None)
            if event is None:
                return
            name = "snapshot" if isinstance(event, Snapshot) else "step"
            spent = time.perf_counter() - began
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
            self.counts[name] = self.counts.get(name, 0) + 1
            yield event
