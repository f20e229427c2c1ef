"""Looking takes five per cent of a loop at most, by a clock that only the test moves."""

import pytest

from cu_core.watching.cadence import BEGINNING, SHARE, WRITING_IT, Cadence


class Loop:
    """Steps that take ``pace`` seconds, looks that take ``cost``, writing that takes ``write``."""

    def __init__(self, every=None, cost=0.5, write=0.002):
        self.now, self.cost, self.write, self.asked, self.looks = 0.0, cost, write, 0, []
        self.cadence = Cadence(every, lambda: self.now)
        with self.cadence.looking():
            self.now += cost
        self.step = 0

    def run(self, steps, pace):
        for _ in range(steps):
            self.now += pace
            self.step += 1
            if self.step < self.cadence.at:
                continue
            self.asked += 1
            look, write = self.cadence.due(self.step)
            if look:
                with self.cadence.looking():
                    self.now += self.cost
                self.looks.append(self.step)
                self.cadence.looked_at(self.step)
            elif write:
                with self.cadence.looking(WRITING_IT):
                    self.now += self.write
                self.cadence.plan(self.step)
        return self


@pytest.mark.parametrize(("pace", "steps"), [(0.001, 200_000), (0.1, 20_000), (30.0, 300)])
def test_the_share_is_kept_and_used(pace, steps):
    loop = Loop().run(steps, pace)
    assert loop.cadence.share <= SHARE
    assert len(loop.looks) >= min(60, 0.5 * SHARE * steps * pace / loop.cost, steps - 3)
    assert loop.asked < 0.2 * steps + 2 * len(loop.looks) + 100


def test_at_every_moment_and_whatever_the_pace():
    loop = Loop()
    for pace in (0.02, 0.0001, 0.5, 0.02):
        for _ in range(20):
            loop.run(200, pace)
            assert loop.cadence.share <= SHARE
    loop.cost = 4.0  # the model has grown slow: one look may come too dear, and is made up for
    loop.run(60_000, 0.02)
    assert loop.cadence.share <= SHARE


def test_looks_that_cost_now_more_now_less_are_paid_for_beforehand():
    loop = Loop(cost=0.5)
    for k in range(400):
        loop.cost = 0.5 if k % 7 == 0 else 0.1
        loop.run(10, 0.05)
        assert loop.cadence.share <= SHARE


def test_a_loop_of_days_does_not_fill_the_disk():
    loop = Loop(cost=0.2).run(400_000, 0.5)
    assert 200 < len(loop.looks) < 1200


def test_a_number_of_steps_that_is_asked_for_is_kept():
    loop = Loop(every=50).run(400, 0.001)
    assert loop.looks == [50, 100, 150, 200, 250, 300, 350, 400]


def test_nothing_is_dear_before_the_loop_begins():
    loop = Loop(cost=3.0)
    assert (loop.cadence.before, loop.cadence.looked, loop.cadence.share) == (3.0, 0.0, 0.0)
    loop.run(10, 0.1)
    assert loop.looks == []


def test_a_dear_beginning_is_not_taken_for_a_look():
    loop = Loop(cost=0.5)
    with loop.cadence.looking(BEGINNING):
        loop.now += 5.0
    loop.run(1_000, 0.1)
    assert loop.cadence.before == 5.5 and loop.cadence.share <= SHARE
    assert len(loop.looks) >= 6
