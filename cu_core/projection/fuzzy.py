"""UMAP's fuzzy simplicial set (McInnes et al., arXiv:1802.03426, section 3.1) in torch.

Equal to ``umap.umap_.fuzzy_simplicial_set`` to 1e-5 (tested), without its compiler: bandwidths by
Newton's method on all points at once, where umap-learn bisects them one by one.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor, nn

from cu_core.projection.neighbours import Neighbours
from cu_core.projection.recorded import Way, plainly

for said in ("Sparse CSR tensor support is in beta", "Sparse invariant checks are implicitly"):
    warnings.filterwarnings("ignore", said)  # once a process

TOLERANCE = 2e-6  # of the summed membership; umap-learn stops at 1e-5
MIN_SCALE = 1e-3  # least bandwidth over the mean distance, as in umap-learn
MAX_NEWTON = 96
AT_A_TIME = 4  # steps


@dataclass(frozen=True)
class Rows:
    """A sparse matrix whose products have the same bits each time: a GPU's own add up in whatever
    order its threads come by, and the last bit decides which point jumps."""

    graph: Graph
    values: Tensor

    def __matmul__(self, dense: Tensor) -> Tensor:
        parts = self.values[:, None] * dense.index_select(0, self.graph.column)  # (E, m)
        return torch.segment_reduce(parts, "sum", offsets=self.graph.start, axis=0, unsafe=True)


@dataclass(frozen=True)
class Graph:
    """A symmetric weighted graph over N points: E directed edges sorted by row, both directions.

    ``start`` (N + 1,) and ``column`` (E,) are CSR's; ``row`` (E,); ``weight`` (E,) in (0, 1];
    ``degree`` (N, 1) sums the weights of a row. ``listed``, ``strength`` (N, k): the k nearest
    others of each point, and the weights of the edges to them.
    """

    row: Tensor
    column: Tensor
    start: Tensor
    weight: Tensor
    degree: Tensor
    listed: Tensor
    strength: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All of it, in the order in which it is made of them."""
        return tuple(getattr(self, part.name) for part in fields(self))

    def padded(self) -> Graph:
        """The same with as many edges as a graph of so many neighbours can have, those beyond its
        last row without weight: so that all graphs of one probe have one shape. Only ``Rows``
        makes sense of it."""
        spare = 2 * self.listed.numel() - len(self.weight)
        edges = (nn.functional.pad(e, (0, spare)) for e in (self.row, self.column, self.weight))
        row, column, weight = edges
        return replace(self, row=row, column=column, weight=weight)

    def matrix(self, values: Tensor) -> Tensor | Rows:
        """The sparse (N, N) matrix with ``values`` (E,) on the edges, for products with (N, m)."""
        if values.is_cuda:
            return Rows(self, values)
        n = len(self.degree)
        return torch.sparse_csr_tensor(
            self.start, self.column, values, (n, n), check_invariants=False
        )


def fuzzy_set(near: Neighbours, way: Way = plainly) -> Graph:
    """The fuzzy union of all points' neighbourhoods: umap-learn's with n_neighbors = k + 1.

    umap-learn counts a point among its own neighbours, ``near`` does not.
    """
    n, k = near.index.shape
    strength = memberships(near.distance, way)  # (N, k) of i -> j
    column = near.index.flatten()
    weight, alone = _union(strength, near.index)
    row = torch.arange(n, device=column.device).repeat_interleave(k)
    key = torch.cat([row * n + column, column[alone] * n + row[alone]])  # (E,)
    order = _order(key)
    key, both = key[order], torch.cat([weight, weight[alone]])[order]
    row = torch.div(key, n, rounding_mode="floor")
    column = key - row * n
    start = torch.searchsorted(row, torch.arange(n + 1, device=row.device))
    union = weight.view(n, k)
    graph = Graph(row, column, start, both, both.new_ones(n, 1), near.index, union)
    return replace(graph, degree=graph.matrix(both) @ graph.degree)


def _union(strength: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (N k,) of the edges i -> j from all points to their neighbours ``index`` (N, k), and
    which of them go one way only: j does not list i."""
    n, k = index.shape
    listed, short = index.flatten(), index.int()
    own = torch.arange(n, dtype=torch.int32, device=index.device)[:, None, None]
    hit = _true((short.index_select(0, listed).view(n, k, k) == own).view(-1))
    edge = torch.div(hit, k, rounding_mode="floor")
    forth = strength.flatten()
    returned, alone = torch.zeros_like(forth), torch.ones_like(forth, dtype=torch.bool)
    returned[edge] = forth[listed[edge] * k + hit - edge * k]
    alone[edge] = False
    return forth + returned - forth * returned, _true(alone)


def _true(mask: Tensor) -> Tensor:
    """Where ``mask`` (M,) is true; numpy's way is several times as fast on a CPU."""
    if mask.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(mask.numpy()))
    return torch.nonzero(mask)[:, 0]


def _order(key: Tensor) -> Tensor:
    """``argsort`` of distinct integers; numpy's is four times as fast on a CPU."""
    if key.device.type == "cpu":
        return torch.from_numpy(np.argsort(key.numpy()))
    return torch.argsort(key)


def memberships(distance: Tensor, way: Way = plainly) -> Tensor:
    """Membership strengths (N, k) in (0, 1] of neighbours at ``distance`` (N, k), ascending.

    exp(-(d - rho) / sigma): rho the distance to the nearest point that is not a duplicate, sigma
    such that a row sums to log2(k + 1).
    """
    apart = torch.where(distance > 0, distance, torch.inf).amin(1, keepdim=True)  # (N, 1)
    rho = torch.where(apart.isinf(), 0.0, apart)
    beyond = (distance - rho).clamp(min=0)  # (N, k)
    sigma = 1 / _rates(beyond, way)
    mean = distance.sum(1, keepdim=True) / (distance.shape[1] + 1)
    sigma = sigma.maximum(MIN_SCALE * torch.where(rho > 0, mean, mean.mean()))
    return torch.where(beyond > 0, torch.exp(-beyond / sigma), 1.0)


def _rates(beyond: Tensor, way: Way) -> Tensor:
    """The t (N, 1) with sum(exp(-beyond t)) = log2(k + 1) in each row; inf where none exists.

    The sum is convex and falls with t, so Newton from t = 0 climbs to the root from below.
    """
    rate = torch.zeros_like(beyond[:, :1])
    for _ in range(MAX_NEWTON // AT_A_TIME):
        rate, ahead = way(newton, (beyond, rate))
        if not bool(ahead):
            break
    return rate


def newton(given: tuple[Tensor, ...], _fixed: tuple[int, ...] = ()) -> tuple[Tensor, Tensor]:
    """Some steps, of (N, k) and the rates (N, 1) so far: the next ones, and whether the last step
    was one. umap-learn's k counts the point itself."""
    beyond, rate = given
    target, none = math.log2(beyond.shape[1] + 1), torch.zeros_like(rate)
    for _ in range(AT_A_TIME):
        share = torch.exp(-beyond * rate)
        excess = share.sum(1, keepdim=True) - target
        short = excess > TOLERANCE
        slope = (beyond * share).sum(1, keepdim=True)
        rate = rate + torch.where(short, excess / slope, none).nan_to_num(0.0, 1e30)
        rate = rate.clamp(max=1e30)
    return rate, short.any()
