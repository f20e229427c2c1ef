"""What a person may say to a running worker: pause, resume, step n, stop, rewind.

The worker calls ``tick`` between updates. Commands are acknowledged by id, never by a status
that two readers could see at different moments; a pause holds the worker inside ``tick``.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from cu_core.errors import Cancelled
from cu_core.spec import ACTIVE, RunState
from cu_core.store import RunWriter, Store

POLL_S = 0.02  # how often a paused worker looks for a command
REPORT_S = 0.2  # how often counters are written while nothing else is


class Rewind(Exception):
    """Go back to ``step`` updates done, and pause there."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


class Control:
    """The worker's end of the commands of one run, and its counters."""

    def __init__(self, store: Store, run_id: str, writer: RunWriter) -> None:
        self.store, self.run_id, self.writer = store, run_id, writer
        self.paused = False
        self.allowance = 0  # updates still granted by "step n"
        self.can_rewind = False
        self.resting: Callable[[], None] = lambda: None  # what is to be done before a pause
        self._last_poll = self._last_report = 0.0

    def tick(self, phase: str, done: int, total: int, values: Mapping[str, Any]) -> None:
        """One unit of work is done. Raises Cancelled or Rewind when told to; returns to go on.

        ``values`` are numbers or 0-d tensors, read only when they are written.
        """
        if self.allowance:
            self.allowance -= 1
        now = time.monotonic()
        if now - self._last_report >= REPORT_S or done == total:
            self._last_report = now
            self.report(phase, done, total, values)
        if now - self._last_poll >= POLL_S or self.paused:
            self._last_poll = now
            self.obey(done)
        self.hold(done)

    def hold(self, done: int) -> None:
        """Returns at once, or once a pause ends or grants an update."""
        if self.paused and not self.allowance:
            self.resting()
        while self.paused and not self.allowance:
            time.sleep(POLL_S)
            self.obey(done)

    def report(self, phase: str, done: int, total: int, values: Mapping[str, Any]) -> None:
        latest = {name: float(value) for name, value in values.items()}
        self.writer.put_many(
            {"phase": phase, "phase_done": done, "phase_total": total, "phase_values": latest}
        )

    def obey(self, done: int) -> None:
        for command in self.store.pending(self.run_id):
            # Acknowledged first: what follows may leave by an exception.
            self.store.acknowledge(command.id, f"{command.verb} at {done}")
            self._apply(command.verb, command.value)

    def _apply(self, verb: str, value: Any) -> None:
        if verb == "stop":
            raise Cancelled("Stopped by you.")
        if verb == "rewind" and self.can_rewind:
            self.allowance = 0
            self.pause()
            raise Rewind(int(value or 0))
        if verb == "pause":
            self.pause()
        elif verb == "resume":
            self.paused, self.allowance = False, 0
            self._state("running")
        elif verb == "step":
            self.pause()
            self.allowance += int(value or 1)

    def pause(self) -> None:
        self.paused = True
        self._state("paused")

    def _state(self, new: RunState) -> None:
        self.writer.move(ACTIVE, new)
