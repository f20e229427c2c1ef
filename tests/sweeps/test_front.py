"""The front of a sweep, against the definition of it."""

from hypothesis import given
from hypothesis import strategies as st

from cu_core.spec import Trial, fronts

KEYS = ("forget_gap", "ta", "seconds")  # low, high, low
SIGNS = (1, -1, 1)
values = st.lists(st.tuples(*[st.integers(0, 4)] * 3), max_size=30)


@given(values, st.integers(1, 3), st.integers(0, 4))
def test_no_other_trial_is_as_good_in_all_and_better_in_one(
    found: list[tuple[int, ...]], n: int, low: int
) -> None:
    keys = KEYS[:n]
    trials = [
        Trial(
            number=number,
            state="failed" if low and number % 7 == 6 else "done",
            values=dict(zip(keys, map(float, point[:n]), strict=True)),
            below_floor=bool(low) and number % 5 == low,
        )
        for number, point in enumerate(found)
    ]
    own = {
        t.number: [s * (t.values[k] or 0) for k, s in zip(keys, SIGNS[:n], strict=True)]
        for t in trials
        if t.state == "done" and not t.below_floor
    }
    beaten = {
        number
        for number, point in own.items()
        for other in own.values()
        if other != point and all(o <= p for o, p in zip(other, point, strict=True))
    }
    assert fronts(trials, keys) == own.keys() - beaten


def test_a_trial_that_lacks_a_value_takes_no_part() -> None:
    trials = [
        Trial(number=0, state="done", values={"ta": None}),
        Trial(number=1, state="done", values={"ta": 3.0}),
    ]
    assert fronts(trials, ("ta",)) == {1}
