"""The course of a run: which method makes which updates. Most have one from first to last; a branch
goes the ways of those that it comes from first, so that it needs none of their records.

The same method with other knobs goes on: its count, its momenta and all that it keeps stay. Another
method begins: the model as it is then is its original, and it makes all of its own updates.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cu_core import engine, methods
from cu_core.errors import BadRequest
from cu_core.models.capture import release
from cu_core.runs.cadence import sized
from cu_core.runs.resolve import Setup, fits, make_job
from cu_core.spec import Job, Method, Snapshot, StepLog, UnlearnRequest


@dataclass(frozen=True)
class Stretch:
    """``method`` makes the updates from ``start`` on, and counts its own from ``begun``."""

    method: Method
    start: int
    begun: int


def stretches(setup: Setup, last: Method) -> tuple[Stretch, ...]:
    """Of the request, in their order. BadRequest for a leg that cannot be, and for one that the
    method of it would have ended before."""
    request = setup.request
    assert isinstance(request, UnlearnRequest) and setup.forget is not None
    made = [methods.get(leg.method).make(None, **leg.knobs) for leg in request.first]
    found: list[Stretch] = []
    starts = [0, *(leg.until for leg in request.first)]
    for method, start in zip([*made, last], starts, strict=True):
        fits(method, setup.forget, request.forget)
        same = bool(found) and type(found[-1].method) is type(method)
        found.append(Stretch(method, start, found[-1].begun if same else start))
    for now, then in pairwise(found):
        _reaches(setup, now, then.start)
        if then.begun < then.start:
            _may_turn(now.method, then)
    if len(found) > 1:
        _reaches(setup, found[-1], found[-1].start + 1)
    return tuple(found)


def _may_turn(before: Method, stretch: Stretch) -> None:
    for name in before.early:
        if getattr(before, name) != getattr(stretch.method, name):
            raise BadRequest(
                f"{before.label} goes by {name} at its first updates, so no branch at step "
                f"{stretch.start:,} can turn it: start a run of its own with it."
            )


def _reaches(setup: Setup, stretch: Stretch, step: int) -> None:
    end = stretch.begun + stretch.method.total_steps(sized(setup, stretch.method))
    end = min(end, getattr(setup.request, "max_steps", None) or end)
    if end < step:
        raise BadRequest(
            f"{stretch.method.label} ends after {end:,} updates here, so no branch goes on at step "
            f"{max(stretch.start, step - 1):,}: choose an earlier step, more epochs or steps, or "
            "another method."
        )


class Course:
    """Goes it. ``job`` is the one of the stretch that is gone just now."""

    job: Job

    def __init__(
        self, setup: Setup, stretches: tuple[Stretch, ...], original: Callable[[], Any]
    ) -> None:
        """``original()``: the run's original model, anew at each call."""
        self.setup, self.stretches, self.original = setup, stretches, original

    def fresh(self, method: Method) -> Job:
        """The original model and the method's batches, as they are before it begins."""
        return make_job(self.setup, method, self.original())

    def begin(self) -> None:
        """At step 0, from the original model."""
        first = self.stretches[0].method
        self.job = self.fresh(first)
        engine.begin(first, self.job)

    def load(self, state: dict[str, Any]) -> int:
        """Where a checkpoint left it; the updates done."""
        method = self._until(int(state["step"])).method
        self.job = self.fresh(method)
        return engine.load(method, self.job, state)

    def run(
        self, observer: engine.Observer | None, *, every: int, start: int, total: int, **how: Any
    ) -> Iterator[StepLog | Snapshot]:
        """As ``engine.run``, over all stretches."""
        here = self._until(start)
        for stretch in self.stretches[self.stretches.index(here) :]:
            if stretch is not here:
                if stretch.start >= total:
                    return
                self._turn(stretch)
            yield from engine.run(
                stretch.method,
                self.job,
                observer,
                every=every,
                start=max(start, stretch.start),
                total=total,
                begun=stretch.begun,
                until=min(total, self._end(stretch, total)),
                **how,
            )

    def _until(self, step: int) -> Stretch:
        """The stretch that made the last of so many updates."""
        return [s for s in self.stretches if s.start < step or s is self.stretches[0]][-1]

    def _end(self, stretch: Stretch, total: int) -> int:
        rest = self.stretches[self.stretches.index(stretch) + 1 :]
        return rest[0].start if rest else total

    def _turn(self, stretch: Stretch) -> None:
        """From here on by this method, or by other knobs of the same one."""
        old, method = self.job, stretch.method
        state = engine.save(old, stretch.start)
        release(old.model)
        if stretch.begun < stretch.start:
            self.job = self.fresh(method)
            engine.turn(method, self.job, state)
        else:
            self.job = make_job(self.setup, method, old.model)
            engine.begin(method, self.job)
