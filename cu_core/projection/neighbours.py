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


def _smallest(squared: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row, ascending, and their columns; of equals the lower column."""
    extra = min(k + 1, squared.shape[1])
    value, index = squared.topk(extra, dim=1, largest=False)  # order among equals unspecified
    tied = (value[:, 1:] == value[:, :-1]).any(1)
    if bool(tied.any()):
        rows = squared[tied].sort(dim=1, stable=True)
        value[tied], index[tied] = rows.values[:, :extra], rows.indices[:, :extra]
    return value[:, :k].contiguous(), index[:, :k].contiguous()
