"""What a person may say to a running worker: pause, resume, step n, stop, rewind.

The worker calls ``check`` between updates. Commands are acknowledged by id, never by a status
that two readers could see at different moments; a pause holds the worker inside ``check``.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from cu_core.errors import Cancelled
from cu_core.runs.progress import Progress
from cu_core.spec import ACTIVE, OnProgress, RunState
from cu_core.store import RunWriter, Store

POLL_S = 0.02  # how often a paused worker looks for a command


class Rewind(Exception):
    """Go back to ``step`` updates done, and pause there."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


class Commands:
    """The worker's end of the commands of one run."""

    def __init__(self, store: Store, run_id: str, writer: RunWriter) -> None:
        self.store, self.run_id, self.writer = store, run_id, writer
        self.paused = False
        self.allowance = 0  # updates still granted by "step n"
        self.can_rewind = False
        self.before_pause: Callable[[], None] = lambda: None  # what is to be done before a pause
        self._polled_at = 0.0

    def check(self, done: int) -> None:
        """One unit of work is done. Raises Cancelled or Rewind when told to; returns to go on."""
        if self.allowance:
            self.allowance -= 1
        now = time.monotonic()
        if now - self._polled_at >= POLL_S or self.paused:
            self._polled_at = now
            self.obey(done)
        self.hold(done)

    def hold(self, done: int) -> None:
        """Returns at once, or once a pause ends or grants an update."""
        if self.paused and not self.allowance:
            self.before_pause()
        while self.paused and not self.allowance:
            time.sleep(POLL_S)
            self.obey(done)

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
            self._move("running")
        elif verb == "step":
            self.pause()
            self.allowance += int(value or 1)

    def pause(self) -> None:
        self.paused = True
        self._move("paused")

    def _move(self, state: RunState) -> None:
        self.writer.move(ACTIVE, state)


def ticking(progress: Progress, commands: Commands) -> OnProgress:
    """For a loop between two of its units: what is done is reported, then commands are obeyed."""

    def tick(phase: str, done: int, total: int, values: Mapping[str, Any]) -> None:
        progress.tick(phase, done, total, values)
        began = time.monotonic()
        commands.check(done)
        progress.rested(time.monotonic() - began)

    return tick
