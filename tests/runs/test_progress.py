"""The wait in three parts: by what was expected, then by a phase's own pace; a pause is none."""

from types import SimpleNamespace
from typing import Any

import pytest

from cu_core.runs import progress as module
from cu_core.runs.forecast import Work
from cu_core.runs.progress import Progress
from cu_core.spec import RunProgress
from cu_core.spec.phases import FITTING, MEASURING, PARTS, RETRAINING, TRAINING, UNLEARNING


class Time:
    """A clock that goes when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    time = monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def told(clock: Time) -> tuple[Progress, list[RunProgress]]:
    said: list[RunProgress] = []
    writer: Any = SimpleNamespace(put=lambda progress: None)
    made = Progress(writer, said.append)
    made.expect(
        [
            Work(TRAINING.key, 40.0, False),
            Work(FITTING.key, 5.0, True),
            Work(UNLEARNING.key, 20.0, True),
            Work(MEASURING.key, 3.0, True),
        ]
    )
    return made, said


def test_before_anything_is_done_the_wait_is_what_was_expected(told: Any) -> None:
    progress, said = told
    progress.report(TRAINING.key, 0, 100)
    waits = said[-1].waits
    assert [waits[part].left for part in PARTS] == [45.0, 20.0, 3.0]
    assert [waits[part].guess for part in PARTS] == [True, False, False]


def test_a_phase_that_goes_on_is_told_by_its_own_pace(told: Any, clock: Time) -> None:
    progress, said = told
    progress.report(TRAINING.key, 0, 100)
    clock.now += 10
    progress.report(TRAINING.key, 50, 100)
    learn = said[-1].waits["learn"]
    assert (learn.spent, learn.left, learn.guess) == (10.0, 10.0 + 5.0, False)


def test_a_phase_taken_up_in_its_middle_is_paced_by_what_was_done_since(
    told: Any, clock: Time
) -> None:
    progress, said = told
    progress.report(TRAINING.key, 80, 100)
    clock.now += 10
    progress.report(TRAINING.key, 90, 100)
    assert said[-1].waits["learn"].left == 10.0 + 5.0


def test_a_part_whose_phases_are_over_has_nothing_left(told: Any, clock: Time) -> None:
    progress, said = told
    for phase, seconds in ((TRAINING, 7), (FITTING, 2), (UNLEARNING, 0)):
        progress.report(phase.key, 0, 1)
        clock.now += seconds
    progress.report(UNLEARNING.key, 0, 60)
    learn = said[-1].waits["learn"]
    assert (learn.spent, learn.left) == (9.0, 0.0)


def test_a_pause_is_nobodys_pace(told: Any, clock: Time) -> None:
    progress, said = told
    progress.report(UNLEARNING.key, 0, 60)
    clock.now += 30
    progress.report(UNLEARNING.key, 30, 60)
    clock.now += 1000
    progress.rested(1000)
    progress.report(UNLEARNING.key, 30, 60)
    forget = said[-1].waits["forget"]
    assert (forget.spent, forget.left) == (30.0, 30.0)


def test_a_rewind_begins_the_pace_anew_and_keeps_what_was_spent(told: Any, clock: Time) -> None:
    progress, said = told
    progress.report(UNLEARNING.key, 0, 60)
    clock.now += 30
    progress.report(UNLEARNING.key, 30, 60)
    progress.report(UNLEARNING.key, 10, 60)
    clock.now += 10
    progress.report(UNLEARNING.key, 20, 60)
    forget = said[-1].waits["forget"]
    assert (forget.spent, forget.left) == (40.0, 40.0)


def test_what_nobody_expected_has_no_time_until_it_has_a_pace(told: Any, clock: Time) -> None:
    progress, said = told
    progress.report(RETRAINING.key, 0, 10)
    assert said[-1].waits["compare"].left is None
    clock.now += 5
    progress.report(RETRAINING.key, 5, 10)
    assert said[-1].waits["compare"].left == 5.0 + 3.0


def test_a_run_that_expects_nothing_tells_no_wait(clock: Time) -> None:
    said: list[RunProgress] = []
    writer: Any = SimpleNamespace(put=lambda progress: None)
    Progress(writer, said.append).report("downloading MNIST", 1, 10)
    assert said[-1].waits == {}
