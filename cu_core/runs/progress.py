"""The counters of a run on their way to the record, from which a page draws its bar."""

import time
from collections.abc import Mapping
from typing import Any

from cu_core.spec import ModelValues, RunProgress
from cu_core.store import RunWriter

REPORT_S = 0.2  # how often counters are written while nothing else is


class Progress:
    """Says what is going on and how far it is; values are numbers or 0-d tensors, read only when
    they are written."""

    def __init__(self, writer: RunWriter) -> None:
        self.writer = writer
        self._reported_at = 0.0

    def tick(self, phase: str, done: int, total: int, values: Mapping[str, Any]) -> None:
        """One unit of work is done; written at most every ``REPORT_S`` seconds, and at the end."""
        if time.monotonic() - self._reported_at >= REPORT_S or done == total:
            self.report(phase, done, total, values)

    def report(
        self, phase: str, done: int = 0, total: int = 1, values: Mapping[str, Any] | None = None
    ) -> None:
        self._reported_at = time.monotonic()
        latest: ModelValues = {name: float(value) for name, value in (values or {}).items()}
        self.writer.put(
            RunProgress(phase=phase, phase_done=done, phase_total=total, phase_values=latest)
        )
