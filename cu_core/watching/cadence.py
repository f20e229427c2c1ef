"""When to look: as often as five per cent of the loop's time pays for, measured as it goes.

What a step asks is one comparison of two whole numbers. How many steps may pass until the next look
is worked out after each one, from what it cost and from the pace of the loop.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 0.05  # of the loop's time that looking may take, the writing of losses included
WRITING = 0.01  # of the loop's time, is left to that
FADING = 0.95  # what a dear look still counts for when the next was cheaper
DENSEST = 100  # looks in the time that has passed: a loop of days does not fill a disk
WRITE_S = 1.0  # losses wait at most this long, or as long as makes writing them cheap enough

LOOK, WRITING_IT, BEGINNING = "a look", "writing", "the beginning"  # what time is spent on

Clock = Callable[[], float]


class Cadence:
    """``every``: steps between two looks, None for as many as the share allows. ``at``: the step
    from which ``due`` has to be asked, and before which there is nothing to do."""

    def __init__(self, every: int | None = None, clock: Clock = time.perf_counter) -> None:
        self.every, self.clock = every, clock
        self.at = 1
        self.looked = 0.0  # seconds, of the loop
        self.before, self.after = 0.0, 0.0  # seconds, before the loop began and when it was over
        self.cost = 0.0  # of a look, at most, by those so far
        self._began: float | None = None
        self._look_at, self._write_at = 1, 1
        self._write_cost, self._ended = 0.0, 0.0
        self._begun_at = 0
        self._over: float | None = None

    @contextmanager
    def looking(self, what: str = LOOK) -> Iterator[None]:
        """Books the time inside as looked. ``what`` it is: the beginning, which lays the first map
        out, says nothing of what a look will cost."""
        start = self.clock()
        try:
            yield
        finally:
            spent = self.clock() - start
            if self._over is not None:
                self.after += spent
            elif self._began is None:
                self.before += spent
            else:
                self.looked += spent
            if what == LOOK:
                self.cost = max(spent, self.cost * FADING)
            elif what == WRITING_IT:
                self._write_cost = spent

    @property
    def seconds(self) -> float:
        """Of the loop so far, looks included."""
        if self._began is None:
            return 0.0
        return (self.clock() if self._over is None else self._over) - self._began

    def end(self) -> None:
        """The loop is over: what comes now is none of its time."""
        self._over = self.clock()

    @property
    def share(self) -> float:
        """Of the loop's time that looking took."""
        seconds = self.seconds
        return self.looked / seconds if seconds > 0 else 0.0

    def due(self, step: int) -> tuple[bool, bool]:
        """Whether to look now, and whether to write losses now; asked at ``at`` and after it."""
        if self._began is None:
            self._began, self._begun_at = self.clock(), step
            self._look_at = self.every if self.every else step + 1
            self._write_at = step + 1
            self.at = min(self._look_at, self._write_at)
            return step == self.every, False
        look = step >= self._look_at and self._affordable(step)
        write = step >= self._write_at
        if not look:
            self.plan(step, write)
        return look, write

    def plan(self, step: int, wrote: bool = True) -> None:
        """After a look or a writing at ``step``: the steps at which the next ones are due."""
        seconds, pace = self.seconds, self._pace(step)
        if self.every:
            self._look_at = (step // self.every + 1) * self.every
        else:
            self._look_at = step + self._steps(self._wanted() - seconds, pace, step)
        if wrote:
            wait = max(WRITE_S, self._write_cost / WRITING)
            self._write_at = step + self._steps(wait, pace, step)
        self.at = min(self._look_at, self._write_at)

    def looked_at(self, step: int) -> None:
        self._ended = self.seconds
        self.plan(step)

    def _affordable(self, step: int) -> bool:
        return self.every is not None or self.seconds >= self._wanted()

    def _wanted(self) -> float:
        """Seconds of the loop at which one more look keeps within the share."""
        return max((self.looked + self.cost) / (SHARE - WRITING), self._ended * (1 + 1 / DENSEST))

    def _pace(self, step: int) -> float:
        """Seconds a step, without looks."""
        return (self.seconds - self.looked) / max(step - self._begun_at, 1)

    def _steps(self, seconds: float, pace: float, step: int) -> int:
        """As many as take so long; asked again by twice the steps, since a pace may change."""
        wait = math.ceil(seconds / pace) if pace > 0 else step
        return max(1, min(wait, step))
