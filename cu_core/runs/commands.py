"""What a person may say to a running worker: pause, at an event too, resume, step n, stop, rewind.

The worker calls ``check`` between updates. Commands are acknowledged by id, never by a status
that two readers could see at different moments; a pause holds the worker inside ``check``. Two
people who press the same button are told so: what would change nothing is answered by a sentence.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from cu_core.errors import Cancelled
from cu_core.events import occurrences
from cu_core.runs.progress import Progress
from cu_core.spec import ACTIVE, OnProgress, RunProgress, RunState
from cu_core.store import Command, RunWriter, Store

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
        self.by = ""  # the session that paused or resumed it last
        self.why = ""  # what happened that it paused at
        self.watched: tuple[str, ...] = ()  # kinds of events that it is to pause at
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
        self.writer.look()  # a run that rests writes nothing, and would rest for ever
        for command in self.store.pending(self.run_id):
            needless = self._needless(command)
            try:
                if not needless:
                    self._apply(command)
            finally:  # also where it leaves by an exception; not before it is on record
                self.store.acknowledge(command.id, needless or f"{command.verb} at {done}")

    def _needless(self, command: Command) -> str:
        """The sentence for one that would change nothing; "" for all others."""
        rests = self.paused and not self.allowance
        if command.verb == "pause" and rests and self.why:
            return f"Already paused: {self.why}."
        if command.verb == "pause" and rests:
            return self._already("paused", "paused", command.by)
        if command.verb == "resume" and not self.paused:
            return self._already("resumed", "running", command.by)
        return ""

    def _already(self, done: str, state: str, asks: str) -> str:
        if not self.by:
            return f"Already {state}."
        return f"Already {done} by {'you' if self.by == asks else 'another session'}."

    def _apply(self, command: Command) -> None:
        verb, value = command.verb, command.value
        if verb == "stop":
            raise Cancelled("Stopped by you.")
        if verb == "rewind" and self.can_rewind:
            self.pause(command.by)
            raise Rewind(int(value or 0))
        if verb == "pause":
            self.pause(command.by)
        elif verb == "resume":
            self._set(False, command.by, "")
        elif verb == "step":
            granted = self.allowance + int(value or 1)
            self.pause(command.by)
            self.allowance = granted
        elif verb == "watch-for":
            self.watched = tuple(key for key in value or () if key in occurrences())
            self.writer.put(RunProgress(watch_for=self.watched))

    def pause(self, by: str = "", why: str = "") -> None:
        """``by``: a session; ``why``: the words for what happened, where no person asked for it."""
        self._set(True, by, why)

    def _set(self, paused: bool, by: str, why: str) -> None:
        self.paused, self.allowance, self.by, self.why = paused, 0, by, why
        self.writer.put(RunProgress(paused_by=by if paused else "", paused_for=why))
        self._move("paused" if paused else "running")

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
