"""Neighbours against scikit-learn, the fuzzy graph against umap-learn, forces against loops."""

import math

import numpy as np
import pytest
import torch

from cu_core.projection import forces, layout, moves, neighbours, selection
from cu_core.projection.fuzzy import Rows, fuzzy_set
from cu_core.projection.neighbours import Neighbours, nearest


def points(kind: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    drawn = {
        "normal": rng.normal(size=(300, 8)),
        "duplicates": np.repeat(rng.normal(size=(60, 8)), 5, axis=0),
        "one clump": np.r_[np.repeat(rng.normal(size=(1, 8)), 20, 0), rng.normal(size=(200, 8))],
        "tight": np.r_[9 + 1e-4 * rng.normal(size=(60, 8)), 10 * rng.normal(size=(100, 8))],
        "plane": rng.normal(size=(200, 2)),
    }
    return drawn[kind].astype(np.float32)


@pytest.mark.parametrize("kind", ["normal", "tight", "plane", "duplicates"])
def test_neighbours_are_scikit_learns(kind: str) -> None:
    from sklearn.neighbors import NearestNeighbors

    x = points(kind)
    distance, index = NearestNeighbors(n_neighbors=15).fit(x.astype(np.float64)).kneighbors()
    near = nearest(torch.tensor(x), 15)
    np.testing.assert_allclose(near.distance.numpy(), distance, atol=1e-4, rtol=1e-4)
    if kind in ("normal", "plane"):
        np.testing.assert_array_equal(near.index.numpy(), index)


@pytest.mark.parametrize("rows_a_block", [7, 300])
def test_blocks_change_nothing_and_ties_go_to_the_lower_index(
    monkeypatch: pytest.MonkeyPatch, rows_a_block: int
) -> None:
    x = np.repeat(np.arange(50.0), 6)[:, None] * np.ones((1, 3))  # six copies of 50 points
    monkeypatch.setattr(neighbours, "CHUNK_BYTES", 4 * len(x) * rows_a_block)
    near = nearest(torch.tensor(x), 8)
    for i in (0, 3, 299):
        gap = np.linalg.norm(x - x[i], axis=1)
        order = [j for j in sorted(range(300), key=lambda j: (round(gap[j], 6), j)) if j != i]
        assert near.index[i].tolist() == order[:8]
        assert near.distance[i, :5].tolist() == [0.0] * 5


def test_long_rows_are_searched_in_groups_and_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    z = torch.tensor(np.random.default_rng(3).normal(size=(1003, 6)), dtype=torch.float32)
    z[500:520] = z[3]  # ties across groups
    grouped = nearest(z, 15)
    monkeypatch.setattr(selection, "GROUP", 10**6)  # whole rows
    whole = nearest(z, 15)
    assert torch.equal(grouped.index, whole.index)
    assert torch.equal(grouped.distance, whole.distance)


@pytest.mark.parametrize("columns", [40, 130, 1003])
def test_a_cpu_selects_what_a_gpu_does(columns: int) -> None:
    """Both are the first columns of a stable sort, with many ties, infinities and all equal."""
    rng = np.random.default_rng(5)
    few = torch.tensor(rng.integers(0, 12, size=(60, columns)), dtype=torch.float32)
    many = torch.tensor(rng.random(size=(60, columns)), dtype=torch.float32)
    many[:, 7] = torch.inf
    for block in (few, many, torch.cat([many, few]), torch.zeros(3, columns)):
        whole = block.sort(dim=1, stable=True)
        for select in (selection._by_keys, selection._by_topk):
            value, index = select(block, 15)
            assert torch.equal(value, whole.values[:, :15])
            assert torch.equal(index, whole.indices[:, :15])


@pytest.mark.parametrize("d", [2, 3])
def test_neighbours_in_a_layout_are_the_same_by_tree_and_by_product(d: int) -> None:
    xy = torch.tensor(np.random.default_rng(4).normal(size=(400, d)), dtype=torch.float32)
    assert torch.equal(neighbours.nearest_drawn(xy, 15), nearest(xy, 15).index)
    xy[:40] = 0.0  # more duplicates than neighbours
    drawn = neighbours.nearest_drawn(xy, 15)
    assert not (drawn == torch.arange(400)[:, None]).any()
    assert bool((drawn[:40] < 40).all())


def test_neighbours_refuse_more_than_there_are() -> None:
    with pytest.raises(ValueError, match="4 points, got 4"):
        nearest(torch.zeros(4, 2), 4)


@pytest.mark.parametrize("kind", ["normal", "duplicates", "one clump", "tight"])
@pytest.mark.parametrize("k", [15, 8])
def test_fuzzy_set_is_umap_learns(kind: str, k: int) -> None:
    from umap.umap_ import fuzzy_simplicial_set

    x = points(kind)
    near = nearest(torch.tensor(x), k - 1)
    with_self = np.c_[np.arange(len(x)), near.index], np.c_[np.zeros(len(x)), near.distance]
    with layout.threads(None):
        wanted = fuzzy_simplicial_set(
            x, k, None, "euclidean", knn_indices=with_self[0], knn_dists=with_self[1]
        )[0].toarray()
    graph = fuzzy_set(near)
    got = graph.matrix(graph.weight).to_dense().numpy()
    np.testing.assert_allclose(got, wanted, atol=1e-5)
    np.testing.assert_allclose(graph.degree[:, 0], wanted.sum(1), atol=1e-4)


def test_curve_constants_are_umap_learns() -> None:
    from umap.umap_ import find_ab_params

    np.testing.assert_allclose((forces.A, forces.B), find_ab_params(1.0, 0.1), rtol=1e-5)


def small(d: int = 2) -> tuple[object, torch.Tensor]:
    rng = np.random.default_rng(1)
    near = nearest(torch.tensor(rng.normal(size=(60, 5))), 14)
    return fuzzy_set(near), torch.tensor(3 * rng.normal(size=(60, d)), dtype=torch.float32)


def test_attraction_is_the_sum_over_edges() -> None:
    graph, y = small()
    pull, _, _ = forces.attraction(graph, y)
    dense = graph.matrix(graph.weight).to_dense()
    a, b = forces.A, forces.B
    for i in range(5):
        slow = torch.zeros(2)
        for j in range(60):
            if dense[i, j] > 0:
                d = float((y[j] - y[i]).norm())
                slow += (
                    dense[i, j]
                    * 2
                    * a
                    * b
                    * d ** (2 * b - 2)
                    / (1 + a * d ** (2 * b))
                    * (y[j] - y[i])
                )
        torch.testing.assert_close(pull[i], slow, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("d", "cell", "error"), [(2, 0.2, 0.1), (2, 0.05, 0.005), (3, 0.4, 0.1), (3, 0.1, 0.01)]
)
def test_repulsion_by_grid_is_the_sum_over_pairs(
    monkeypatch: pytest.MonkeyPatch, d: int, cell: float, error: float
) -> None:
    forces._spectrum.cache_clear()
    monkeypatch.setitem(forces.CELL, d, cell)
    graph, y = small(d)
    slow = torch.zeros(60, d)
    for i in range(60):
        for j in range(60):
            gap = y[i] - y[j]
            s = float(gap.norm())
            soft = (forces.SOFT[d] ** 2 + s * s) * (1 + forces.A * s ** (2 * forces.B))
            slow[i] += 2 * forces.B / soft * gap
    fast = forces.pushes(y)
    forces._spectrum.cache_clear()
    assert float((fast - slow).norm() / slow.norm()) < error
    pushed = forces.repulsion(graph, y)
    forces._spectrum.cache_clear()
    torch.testing.assert_close(pushed, fast * graph.degree * 5 / 120, atol=1e-5, rtol=1e-4)


def test_solve_is_the_linear_system_of_the_awake_rows() -> None:
    graph, y = small()
    force, matrix, total = forces.attraction(graph, y)
    diagonal = total + graph.degree
    awake = (torch.arange(60)[:, None] % 3 > 0).float()
    system = torch.diag(diagonal[:, 0]) - matrix.to_dense()
    rows = torch.nonzero(awake[:, 0])[:, 0]
    exact = torch.linalg.solve(system[rows][:, rows], force[rows])
    got = moves.solve(matrix, diagonal, force, awake)
    torch.testing.assert_close(got[rows], exact, atol=2e-2, rtol=5e-2)
    assert not got[awake[:, 0] == 0].any()


def test_a_point_whose_neighbours_are_elsewhere_jumps_beside_them() -> None:
    rng = np.random.default_rng(0)
    z = np.r_[rng.normal(size=(40, 4)), 30 + rng.normal(size=(40, 4))].astype(np.float32)
    graph = fuzzy_set(nearest(torch.tensor(z), 14))
    y = torch.tensor(0.03 * rng.normal(size=(80, 2)), dtype=torch.float32)
    y[40:, 0] += 10
    stays = moves.jump(graph, y, 0, 0)
    assert torch.equal(stays, y)
    y[0, 0] += 10  # drawn among the others
    moved = moves.jump(graph, y, 0, 0)
    assert float(moved[0].norm()) < 3 and torch.equal(moved[1:], y[1:])
    assert torch.equal(moved, moves.jump(graph, y, 0, 0))
    assert not torch.equal(moved, moves.jump(graph, y, 0, 1))


def test_energy_is_that_of_umaps_attraction() -> None:
    there = torch.tensor([[[0.0, 0.0], [3.0, 4.0]]])
    got = moves._energy(torch.zeros(1, 1, 2), there)
    a, b = forces.A, forces.B
    near, far = math.log1p(a * 0.1 ** (2 * b)), math.log1p(a * 5.0 ** (2 * b))
    assert got.tolist() == [[pytest.approx([near, far], rel=1e-5)]]


def test_first_keeps_the_nearest() -> None:
    near = nearest(torch.tensor(points("normal")), 15).first(3)
    assert isinstance(near, Neighbours) and near.index.shape == near.distance.shape == (300, 3)


def test_products_by_rows_are_those_of_the_sparse_matrix() -> None:
    """A GPU takes sums of segments, which have one order; here both are at hand."""
    graph = fuzzy_set(nearest(torch.tensor(points("normal")), 14))
    stream = torch.Generator().manual_seed(0)
    values = torch.rand(len(graph.column), generator=stream)
    dense = torch.randn(300, 3, generator=stream)
    wanted = graph.matrix(values).double() @ dense.double()
    torch.testing.assert_close((Rows(graph, values) @ dense).double(), wanted, atol=1e-5, rtol=1e-5)
