"""The losses of a run on their way to the record: read from the device some at a time.

Reading one number makes a GPU wait for everything before it, and a transaction for each update
would cost more than small updates do.
"""

import math
import time
from collections.abc import Sequence

import torch

from cu_core.errors import Diverged
from cu_core.runs.clock import Clock
from cu_core.spec import RunProgress, StepLog
from cu_core.store import RunWriter

EVERY_S = 0.1  # losses wait at most this long
PATIENCE = 3  # steps in a row whose loss is not a number, before the run ends


class LossLog:
    """Takes the log of every update; ``write`` puts those that wait on record."""

    def __init__(self, writer: RunWriter, clock: Clock) -> None:
        self.writer, self.clock = writer, clock
        self._waiting: list[StepLog] = []
        self._written_at = time.monotonic()
        self._bad = 0  # in a row

    def add(self, log: StepLog) -> None:
        self._waiting.append(log)
        if time.monotonic() - self._written_at >= EVERY_S:
            self.write()

    def write(self) -> None:
        """Diverged when several losses in a row are no numbers; they are on record by then."""
        waiting, self._waiting, self._written_at = self._waiting, [], time.monotonic()
        if not waiting:
            return
        with self.clock("store"):
            logs = read(waiting)
            self.writer.steps(logs, RunProgress(step=logs[-1].step))
        for log in logs:
            finite = all(math.isfinite(value) for value in log.losses.values())
            self._bad = 0 if finite else self._bad + 1
            if self._bad >= PATIENCE:
                raise Diverged("loss", log.step)


def read(logs: Sequence[StepLog]) -> list[StepLog]:
    """The same logs with numbers for losses, read from the device all at once."""
    terms = [value for log in logs for value in log.losses.values()]
    values = iter(torch.stack([v.to(terms[0].device) for v in terms]).tolist() if terms else ())
    return [StepLog(g.step, g.epoch, {name: next(values) for name in g.losses}) for g in logs]
