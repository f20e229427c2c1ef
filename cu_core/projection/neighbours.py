"""Exact k nearest neighbours (Euclidean) by a matrix product, on the tensor's own device.

Both the fuzzy graph and the measures of the picture need them, so they are found once a frame.
Exact to float32 rounding; rows in which ``|a|^2 + |b|^2 - 2ab`` cancels (near-duplicates) are
recomputed in float64, so identical points are at distance 0. Of equal distances the lower index
comes first, on every device.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cu_core.projection.selection import smallest

CHUNK_BYTES = 64 << 20  # one block of distances; 4,000 points fit in a single block
CANCELS = 1e-4  # squared distance over squared norm below which float32 loses the third digit
SAME = 2e-14  # ... below which two rows are the same point in float64


@dataclass(frozen=True)
class Neighbours:
    """The k nearest others of each of N points, nearest first; a point is not its own neighbour.

    ``squared``: float32 (N, N) squared distances (diagonal inf) when one block held them all.
    """

    index: Tensor  # (N, k) int64
    distance: Tensor  # (N, k) float32
    squared: Tensor | None

    def first(self, k: int) -> Neighbours:
        """The same with only the k nearest."""
        return Neighbours(self.index[:, :k], self.distance[:, :k], self.squared)


def nearest(points: Tensor, k: int) -> Neighbours:
    """The k nearest others of every row of ``points`` (N, D), N > k, finite.

    Time O(N^2 D), memory O(N D) and one block of ``CHUNK_BYTES``.
    """
    n = len(points)
    if not 0 < k < n:
        raise ValueError(f"k must be in [1, {n - 1}] for {n} points, got {k}.")
    points = centred(points)
    both = sides(points)
    found, kept = [], None
    for rows in torch.arange(n, device=points.device).split(block_rows(n)):
        squared = _products(points, both, rows)
        value, index = smallest(squared, k)
        again = cancelled(value[:, 0], points, both, rows)
        if len(again):
            squared[again] = _precise(points, rows[again])
            value[again], index[again] = smallest(squared[again], k)
        found.append((value, index))
        kept = squared if len(rows) == n else None
    distance = torch.cat([d for d, _ in found]).sqrt()
    return Neighbours(torch.cat([i for _, i in found]), distance, kept)


def centred(points: Tensor) -> Tensor:
    """float32 around the mean: distances keep, cancellation shrinks."""
    points = points.float()
    return points - points.mean(0)


def block_rows(n: int) -> int:
    """Rows of an (n, n) float32 matrix that fit in one block."""
    return max(1, CHUNK_BYTES // (4 * n))


def squared_rows(points: Tensor, rows: Tensor) -> Tensor:
    """Squared distances (R, N) from ``points[rows]`` to all; inf from a point to itself.

    ``points``: (N, D), centred; ``rows``: int64 (R,).
    """
    both = sides(points)
    squared = _products(points, both, rows)
    again = cancelled(squared.amin(1), points, both, rows)
    if len(again):
        squared[again] = _precise(points, rows[again])
    return squared


def sides(points: Tensor) -> tuple[Tensor, Tensor]:
    """Two (N, D + 2), [-2 p, 1, |p|^2] and [p, |p|^2, 1]: the product of row i of the first and row
    j of the second is the squared distance, so that a block is written once by one product."""
    norm = points.square().sum(1, keepdim=True)  # (N, 1)
    one = torch.ones_like(norm)
    return torch.cat([-2 * points, one, norm], 1), torch.cat([points, norm, one], 1)


def _products(points: Tensor, both: tuple[Tensor, Tensor], rows: Tensor) -> Tensor:
    """``squared_rows`` without a second look at rows that cancel, which may even be below 0."""
    if points.shape[1] == 2:  # a layout: plain differences are exact, and faster
        x, y = points[:, 0], points[:, 1]
        dx, dy = x[rows, None] - x, y[rows, None] - y
        squared = dx.square_().addcmul_(dy, dy)
    else:
        squared = both[0][rows] @ both[1].T
    squared[torch.arange(len(rows), device=points.device), rows] = torch.inf
    return squared


def cancelled(least: Tensor, points: Tensor, both: tuple[Tensor, Tensor], rows: Tensor) -> Tensor:
    """Which rows of a block, by their ``least`` (R,) value, float32 has not resolved."""
    if points.shape[1] == 2:
        return rows[:0]
    return torch.nonzero(least < CANCELS * both[1][rows, -2])[:, 0]


def _precise(points: Tensor, rows: Tensor) -> Tensor:
    """Squared distances (R, N) of some rows by float64."""
    wide = points.double()
    norm = wide.square().sum(1)
    total = norm[rows, None] + norm
    squared = total - 2 * (wide[rows] @ wide.T)
    squared[squared < SAME * total] = 0.0
    squared[torch.arange(len(rows), device=points.device), rows] = torch.inf
    return squared.float()


def nearest_drawn(xy: Tensor, k: int) -> Tensor:
    """Column numbers (N, k) of the k nearest others of every point of a layout ``xy`` (N, d).

    On the CPU by scipy's tree, in O(N log N); of points at equal distances any may come first.
    """
    if xy.device.type != "cpu":
        return nearest(xy, k).index
    from scipy.spatial import KDTree

    places = xy.numpy()
    found = torch.from_numpy(KDTree(places).query(places, k + 1)[1])  # (N, k + 1)
    own = found == torch.arange(len(xy))[:, None]
    own[:, -1] |= ~own.any(1)  # more than k duplicates of it: any of them may go
    return found[~own].view(-1, k)
