"""Neighbours and what is counted of them, against scikit-learn and against brute force."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from cu_core.service import entangled


@pytest.fixture
def z():
    return np.random.default_rng(0).normal(size=(700, 6)).astype(np.float32)


def sklearn_neighbours(z, k, asked=None):
    fitted = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute")
    wide = z.astype(np.float64)
    return fitted.fit(wide).kneighbors(None if asked is None else asked.astype(np.float64))


def test_neighbours_are_those_of_scikit_learn(z):
    near, cosine = entangled.neighbours(z, 15)
    distance, index = sklearn_neighbours(z, 15)
    np.testing.assert_array_equal(near, index)
    np.testing.assert_allclose(1 - cosine, distance, atol=1e-9)
    others = np.random.default_rng(1).normal(size=(30, 6))
    np.testing.assert_array_equal(
        entangled.nearest_to(z, others, 15), sklearn_neighbours(z, 15, others)[1]
    )


def test_the_share_is_that_of_scikit_learns_neighbours(z):
    those = np.random.default_rng(2).random(len(z)) < 0.3
    near = entangled.neighbours(z)[0][those]
    wanted = [100 * np.mean(~those[row]) for row in sklearn_neighbours(z, 15)[1][those]]
    assert entangled.share_of(near, ~those) == pytest.approx(np.mean(wanted))


def test_fewer_samples_than_neighbours_and_equal_ones():
    assert entangled.neighbours(np.eye(4), 15)[0].shape == (4, 3)
    near, _ = entangled.neighbours(np.ones((5, 2)), 2)
    assert near.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]  # of equals the lower
    assert entangled.nearest_to(np.eye(3), np.zeros((0, 3)), 2).shape == (0, 2)


def brute(z, chosen, outside, k, count):
    """Every kept sample beside every other, one at a time."""
    everything = np.concatenate([z, outside]).astype(np.float64)
    everything /= np.linalg.norm(everything, axis=1, keepdims=True)
    marked = np.concatenate([chosen, np.ones(len(outside), bool)])
    found = []
    for row in np.flatnonzero(~chosen):
        cosine = everything @ everything[row]
        cosine[row] = -np.inf
        near = np.argsort(-cosine, kind="stable")[:k]
        found.append((-int(marked[near].sum()), -cosine[marked].max(), row))
    found.sort()
    return [row for *_, row in found[:count]], [-n for n, *_ in found[:count]]


@pytest.mark.parametrize("n_outside", [0, 40])
@pytest.mark.parametrize("share", [0.004, 0.2])
def test_the_kept_that_are_likeliest_to_suffer_are_those_of_brute_force(z, n_outside, share):
    rng = np.random.default_rng(3)
    chosen = rng.random(len(z)) < share
    outside = rng.normal(size=(n_outside, 6)).astype(np.float32)
    near, cosine = entangled.neighbours(z)
    rows, count = entangled.suffering(z, near, cosine, chosen, outside, 20)
    assert (rows.tolist(), count.tolist()) == brute(z, chosen, outside, 15, 20)


def test_there_may_be_fewer_kept_than_are_asked_for(z):
    chosen = np.ones(len(z), bool)
    chosen[:3] = False
    rows, _ = entangled.suffering(z, *entangled.neighbours(z), chosen, z[:0], 20)
    assert sorted(rows.tolist()) == [0, 1, 2]
