"""Laws of the stratified draws."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cu_core.data.stratify import draw, shares, split

counts_of = st.lists(st.integers(0, 60), min_size=1, max_size=8).map(np.array)


@given(counts_of, st.integers(0, 300))
def test_shares_add_up_and_stay_near_proportional(counts: np.ndarray, size: int) -> None:
    got = shares(counts, size)
    total = counts.sum()
    assert got.sum() == min(size, total)
    assert ((got >= 0) & (got <= counts)).all()
    if size >= (counts > 0).sum():
        assert (got[counts > 0] >= 1).all()
    exact = counts * min(size, total) / max(total, 1)
    if (exact[counts > 0] >= 1).all():  # no class had to be lifted to its one sample
        assert (abs(got - exact) < 1).all()


def test_shares_by_hand() -> None:
    assert shares(np.array([50, 30, 20]), 10).tolist() == [5, 3, 2]
    assert shares(np.array([100, 1, 0]), 5).tolist() == [4, 1, 0]


@given(st.lists(st.integers(0, 4), min_size=2, max_size=80).map(np.array), st.integers(1, 40))
def test_a_split_parts_the_samples(y: np.ndarray, test_size: int) -> None:
    train, test = split(y, test_size)
    assert sorted([*train, *test]) == list(range(len(y)))
    assert np.array_equal(split(y, test_size)[1], test)
    counts = np.bincount(y)
    assert set(y[test]) <= set(np.flatnonzero(counts > 1))


def test_a_draw_depends_on_its_generator_alone() -> None:
    y = np.repeat([0, 1], 50)
    index = np.arange(0, 100, 2)
    draws = [draw(index, y, 10, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert np.array_equal(draws[0], draws[1]) and not np.array_equal(draws[0], draws[2])
    assert set(draws[0]) <= set(index) and np.bincount(y[draws[0]]).tolist() == [5, 5]
