"""The way between classes: what is wanted, how it is reached, and how it is measured."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from cu_core import metrics
from cu_core.projection import groups, quality, ways
from cu_core.projection.layout import embedded, picture_quality
from cu_core.projection.neighbours import nearest
from cu_core.spec import ModelOutputs

P, CLASSES = 120, 6
LABEL = np.arange(P) % CLASSES
FORGET = (LABEL == 2) | ((LABEL == 4) & (np.arange(P) < 60))


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (3 * rng.normal(size=(CLASSES, 8))[LABEL] + rng.normal(size=(P, 8))).astype(np.float32)


def made() -> groups.Groups:
    return groups.groups_of(LABEL, FORGET, "cpu")


def test_groups_are_the_kept_and_the_forget_samples_of_a_class(z: np.ndarray) -> None:
    found = made()
    assert len(found.forget) == 7 and found.forget.sum() == 2  # class 2 goes whole, 4 in part
    assert int(found.size.sum()) == P and found.comparable and found.movable
    centre = found.centroids(torch.tensor(z))
    for group in range(7):
        rows = (found.number == group).numpy()
        assert len({*zip(LABEL[rows], FORGET[rows], strict=True)}) == 1
        np.testing.assert_allclose(centre[group], z[rows].mean(0), atol=1e-5)


def test_what_is_wanted_keeps_order_and_centrality(z: np.ndarray) -> None:
    found = made()
    lies = groups.distances(found.centroids(torch.tensor(z)))
    goal = ways.wanted(found.centroids(torch.tensor(z)), found)
    assert goal == pytest.approx(goal.T) and not np.diag(goal).any()
    kept = np.ix_(found.kept, found.kept)
    pairs = np.triu_indices(int(found.kept.sum()), 1)
    assert spearmanr(lies[kept][pairs], goal[kept][pairs]).statistic == pytest.approx(1)
    assert quality.centrality(goal, found) == pytest.approx(quality.centrality(lies, found))
    assert groups.unit(goal, found.kept) == pytest.approx(1)


def test_equal_distances_gain_no_contrast_that_is_not_there() -> None:
    equal = 1 - np.eye(5)
    assert ways.power(equal, np.ones(5, bool)) == 1
    flat = equal + 0.01 * (np.arange(5)[:, None] + np.arange(5)) * equal
    assert ways.power(flat, np.ones(5, bool)) == ways.POWER


def test_majorisation_lowers_the_stress_and_finds_a_plane_that_there_is() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(8, 2))
    goal = groups.distances(truth)
    np.testing.assert_allclose(ways.majorised(truth, goal, 0.0, 5, 0.0), truth, atol=1e-9)
    start = truth + 0.3 * rng.normal(size=(8, 2))
    tries = [ways.majorised(start, goal, 0.0, steps, 0.0) for steps in (0, 1, 5, 50, 2000)]
    found = [((groups.distances(way) - goal) ** 2).sum() for way in tries]
    assert all(a > b for a, b in itertools.pairwise(found))
    assert found[-1] < 1e-6 * found[0]
    held = ways.majorised(start, goal, 1e6, 50, 0.0)
    np.testing.assert_allclose(held, start, atol=1e-4)  # an anchor that heavy lets nothing go


def test_groups_where_they_should_be_rest_and_a_strayed_one_comes_back() -> None:
    truth = 10 * np.random.default_rng(2).normal(size=(6, 2))
    goal = groups.distances(truth)
    spacing = goal[np.triu_indices(6, 1)].mean()
    np.testing.assert_array_equal(ways.moved(truth, goal, spacing), truth)
    near = truth + 0.2 * ways.REST * spacing
    np.testing.assert_array_equal(ways.moved(near, goal, spacing), near)
    strayed = truth.copy()
    strayed[3] += 0.5 * spacing
    back = ways.moved(strayed, goal, spacing)
    off = [((groups.distances(xy) - goal) ** 2).sum() for xy in (strayed, back)]
    assert off[1] < 0.1 * off[0]


def test_single_points_go_where_their_distances_want_them() -> None:
    kept = np.random.default_rng(3).normal(size=(5, 2))
    truth = np.array([[0.2, -0.1], [1.0, 1.0]])
    reach = groups.distances(truth, kept)
    errors = [
        np.abs(groups.distances(xy, kept) - reach).mean()
        for xy in (truth + 0.5, ways.sought(truth + 0.5, kept, reach))
    ]
    assert errors[1] < 0.2 * errors[0]


def test_measures_between_are_what_a_loop_gives(z: np.ndarray) -> None:
    found, points = made(), embedded(z, "cpu", True)
    xy = torch.tensor(np.random.default_rng(5).normal(size=(P, 2)).astype(np.float32))
    values = picture_quality(points, nearest(points, 15), xy, LABEL, FORGET)
    number, kept = found.number.numpy(), np.flatnonzero(found.kept)
    for places, key in ((points.numpy(), "centrality"), (xy.numpy(), "map_centrality")):
        centre = [places[number == g].mean(0) for g in range(7)]
        among = [np.linalg.norm(centre[a] - centre[b]) for a in kept for b in kept if a < b]
        across = [
            np.linalg.norm(centre[a] - centre[b])
            for a in np.flatnonzero(found.forget)
            for b in kept
        ]
        assert values[key] == pytest.approx(np.mean(across) / np.mean(among), rel=1e-5)
    both = [found.centroids(points), found.centroids(xy)]
    pairs = np.triu_indices(7, 1)
    order = spearmanr(*(groups.distances(centre)[pairs] for centre in both)).statistic
    assert values["group_order"] == pytest.approx(order)
    reach = [
        spearmanr(*(
            [np.linalg.norm(places[i].numpy() - centre[k]) for k in kept]
            for places, centre in zip((points, xy), both, strict=True)
        )).statistic
        for i in np.flatnonzero(FORGET)
    ]  # fmt: skip
    assert values["reach"] == pytest.approx(np.mean(reach), abs=1e-6)
    rng = np.random.default_rng(9)
    agree = []
    for i, j, k in rng.integers(0, P, (4000, 3)):
        if len({i, j, k}) == 3:
            nearer = [
                np.linalg.norm(s[i] - s[j]) < np.linalg.norm(s[i] - s[k])
                for s in (points.numpy(), xy.numpy())
            ]
            agree.append(nearer[0] == nearer[1])
    assert values["triplets"] == pytest.approx(np.mean(agree), abs=0.05)  # six standard errors
    same = picture_quality(points, nearest(points, 15), points, LABEL, FORGET)
    assert same["triplets"] == same["reach"] == pytest.approx(1)


def test_the_metric_is_the_frames_own_centrality(z: np.ndarray) -> None:
    logits = np.eye(CLASSES, dtype=np.float32)[LABEL]
    scene = ModelOutputs(z, logits, LABEL, FORGET, logits[:4], LABEL[:4], ())
    points = embedded(z, "cpu", True)
    values = picture_quality(points, nearest(points, 15), points, LABEL, FORGET)
    found, _ = metrics.measure(scene)
    assert found["centrality"] == pytest.approx(values["centrality"], rel=1e-5)


@pytest.mark.parametrize("label", [np.zeros(30, int), np.arange(30) % 2])
def test_too_few_classes_are_left_to_the_forces(label: np.ndarray) -> None:
    points = torch.tensor(np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32))
    none = np.zeros(30, bool)
    found = groups.groups_of(label, none, "cpu")
    near = nearest(points, 15)
    assert ways.ways_of(points, near.index, found, 1.0) is None
    assert ways.first_places(points, label, 0, 2) is None
    values = picture_quality(points, near, points[:, :2], label, none)
    assert "centrality" not in values and "reach" not in values
