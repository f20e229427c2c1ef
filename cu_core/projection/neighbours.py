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

CHUNK_BYTES = 64 << 20  # one block of distances; 4,000 points fit in a single block
CANCELS = 1e-4  # squared distance over squared norm below which float32 loses the third digit
GROUP = 8  # columns; of 8 to 50, the fastest at 2,000 and at 20,000 points
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
    blocks = torch.arange(n, device=points.device).split(block_rows(n))
    found, kept = [], None
    for rows in blocks:
        squared = squared_rows(points, rows)
        found.append(_smallest(squared, k))
        kept = squared if len(blocks) == 1 else None
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
    own = torch.arange(len(rows), device=points.device), rows
    if points.shape[1] == 2:  # a layout: plain differences are exact, and faster
        x, y = points[:, 0], points[:, 1]
        dx, dy = x[rows, None] - x, y[rows, None] - y
        squared = dx.square_().addcmul_(dy, dy)
        squared[own] = torch.inf
        return squared
    norm = points.square().sum(1)  # (N,)
    squared = torch.addmm(norm, points[rows], points.T, alpha=-2)
    squared += norm[rows, None]
    squared[own] = torch.inf
    close = squared.amin(1) < CANCELS * norm[rows]
    if bool(close.any()):
        squared[close] = _precise(points, rows[close])
    return squared.clamp_(min=0)


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


def _smallest(squared: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row, ascending, and their columns; of equals the lower column."""
    extra = min(k + 1, squared.shape[1])
    value, index = _topk(squared, extra)
    tied = (value[:, 1:] == value[:, :-1]).any(1)
    if bool(tied.any()):
        rows = squared[tied].sort(dim=1, stable=True)
        value[tied], index[tied] = rows.values[:, :extra], rows.indices[:, :extra]
    return value[:, :k].contiguous(), index[:, :k].contiguous()


def _topk(squared: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """``topk`` of the smallest; the order among equals is unspecified.

    Of columns in groups, the k smallest values lie in the k groups with the smallest minima: a
    long row is read once, and then only k groups of it.
    """
    n = squared.shape[1]
    groups = n // GROUP
    if groups < 4 * k:
        value, index = squared.topk(k, dim=1, largest=False)
        return value, index
    grouped = squared[:, : groups * GROUP].unflatten(1, (GROUP, groups)).amin(1)  # (R, groups)
    chosen = grouped.topk(k, dim=1, largest=False, sorted=False).indices
    step = groups * torch.arange(GROUP, device=squared.device)
    column = (chosen[:, :, None] + step).flatten(1)  # (R, k GROUP)
    rest = torch.arange(groups * GROUP, n, device=squared.device).expand(len(squared), -1)
    column = torch.cat([column, rest], 1)
    value, index = squared.gather(1, column).topk(k, dim=1, largest=False)
    return value, column.gather(1, index)
