"""The counters of a run on their way to the record, from which a page draws its bars."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cu_core.process import peak_memory
from cu_core.runs.forecast import Work
from cu_core.spec import ModelValues, RunProgress, Wait
from cu_core.spec.phases import PARTS, PHASES
from cu_core.store import RunWriter

REPORT_S = 0.2  # how often counters are written while nothing else is
SEEN = 3  # units of a phase after which its own pace says more than what was expected

Tell = Callable[[RunProgress], object]


@dataclass
class _Pace:
    """Of one phase: ``spent`` seconds took it from ``first`` to ``done`` of ``total``; it was begun
    ``before``, for so many seconds more."""

    first: int = 0
    done: int = 0
    total: int = 0
    spent: float = 0.0
    before: float = 0.0
    over: bool = False

    @property
    def paced(self) -> bool:
        """Whether it has gone on for long enough to be told by its own pace."""
        return self.over or (self.done - self.first >= SEEN and self.spent > 0)

    def begin(self, done: int) -> None:
        self.before, self.spent, self.first = self.before + self.spent, 0.0, done

    def left(self, work: Work | None) -> float | None:
        """Seconds to its end: by its own pace, by what was expected, or not known."""
        if self.over or (self.done >= self.total > 1):
            return 0.0
        if self.paced:
            return self.spent / (self.done - self.first) * (self.total - self.done)
        if work is None or work.seconds is None:
            return None
        return max(work.seconds - self.spent, 0.0)


class Progress:
    """Says what is going on, how far it is and how long the rest takes; values are numbers or 0-d
    tensors, read only when they are written. ``tell``: hears what is written."""

    def __init__(self, writer: RunWriter, tell: Tell | None = None) -> None:
        self.writer, self.tell = writer, tell
        self._reported_at = 0.0
        self._works: dict[str, Work] = {}
        self._paces: dict[str, _Pace] = {}
        self._phase = ""
        self._since = time.monotonic()

    def expect(self, works: Sequence[Work]) -> None:
        """What the run has yet to go through."""
        self._works = {work.phase: work for work in works}

    def rested(self, seconds: float) -> None:
        """The run was held for so long: that is nobody's pace."""
        self._since += seconds

    def tick(self, phase: str, done: int, total: int, values: Mapping[str, Any]) -> None:
        """One unit of work is done; written at most every ``REPORT_S`` seconds, and at the end."""
        if time.monotonic() - self._reported_at >= REPORT_S or done == total:
            self.report(phase, done, total, values)

    def report(
        self, phase: str, done: int = 0, total: int = 1, values: Mapping[str, Any] | None = None
    ) -> None:
        self._reported_at = time.monotonic()
        self._count(phase, done, total)
        latest: ModelValues = {name: float(value) for name, value in (values or {}).items()}
        said = RunProgress(
            phase=phase,
            phase_done=done,
            phase_total=total,
            phase_values=latest,
            waits={part: self._wait(part) for part in PARTS} if self._works else {},
            reported=time.time(),
            peak_bytes=peak_memory(),
        )
        self.writer.put(said)
        if self.tell:
            self.tell(said)

    def _count(self, phase: str, done: int, total: int) -> None:
        """The time since the last report is booked on the phase that it was spent in."""
        now = time.monotonic()
        if held := self._paces.get(self._phase):
            held.spent += max(now - self._since, 0.0)
            held.over = phase != self._phase
        self._since = now
        pace = self._paces.setdefault(phase, _Pace(first=done))
        if phase != self._phase or done < pace.done:  # begun, or rewound
            pace.begin(done)
        pace.done, pace.total, pace.over = done, total, False
        self._phase = phase

    def _wait(self, part: str) -> Wait:
        spent, left, guess = 0.0, [], False
        for key in (key for key, phase in PHASES.items() if phase.part == part):
            pace, work = self._paces.get(key), self._works.get(key)
            if pace or work:
                pace = pace or _Pace()
                spent += pace.before + pace.spent
                left.append(pace.left(work))
                guess |= bool(left[-1]) and not (pace.paced or (work and work.measured))
        known = [seconds for seconds in left if seconds is not None]
        whole = round(sum(known), 2) if len(known) == len(left) else None
        return Wait(spent=round(spent, 2), left=whole, guess=guess)
