"""UMAP's forces on a whole layout at once: attraction along the graph, expected repulsion.

umap-learn samples both and lets its step size fall; here each is its expectation, so there is no
sampling noise and a layout can come to rest. Repulsion between all pairs is a convolution: masses
are spread on a grid by cubic splines, convolved by FFT, and read back. Spreading and reading are
products of (N, G) matrices, so nothing is scattered: the same bits every time, O(N G^2 / 10^3).
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from cu_core.projection.fuzzy import Graph

A, B = 1.576943460405378, 0.8950608781227859  # umap.umap_.find_ab_params(spread=1, min_dist=0.1)
NEGATIVES = 5  # umap-learn's negative_sample_rate: repulsions per attraction
SOFT = 0.2  # two points repel by at most B / SOFT = 4.5; umap-learn clips at 4 on each axis
CELL = 0.2  # of the grid, in layout units; the kernel must not vary within one
TILE = 16  # cells; the grid is cut at multiples of it, so it stays while the layout breathes
NEAR2 = 1e-4  # squared distance below which attraction grows no further


def attraction(graph: Graph, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(pull on each point (N, 2), its coefficients as a sparse (N, N), their row sums (N, 1)).

    ``y``: (N, 2). Edge ij of weight w pulls with w c(d) (y_j - y_i), c = 2ab d^(2b-2) / (1 + a
    d^2b).
    """
    along = y[graph.column] - y[graph.row]  # (E, 2)
    square = along.square().sum(1).clamp_(min=NEAR2)  # (E,)
    power = square**B
    pull = graph.weight * (2 * A * B) * power / (square * (1 + A * power))  # (E,)
    matrix = graph.matrix(pull)
    both = matrix @ torch.cat([y, y.new_ones(len(y), 1)], 1)  # (N, 3)
    total = both[:, 2:]
    return both[:, :2] - total * y, matrix, total


def repulsion(graph: Graph, y: Tensor) -> Tensor:
    """Expected push of umap-learn's negative samples on each point (N, 2), relative to
    ``attraction``: degree_i NEGATIVES / 2 times the mean over all k of c(d) (y_i - y_k),
    c = 2b / ((SOFT^2 + d^2)(1 + a d^2b))."""
    return pushes(y) * graph.degree * (NEGATIVES / (2 * len(y)))


def pushes(y: Tensor) -> Tensor:
    """Sum of the repulsions of all points on each point: (N, 2)."""
    across, n_across = _weights(y[:, 0])
    down, n_down = _weights(y[:, 1])
    size = (2 * n_down, 2 * n_across)  # zero-padded: the convolution must not wrap around
    mass = torch.fft.rfft2(down.T @ across, s=size)
    field = torch.fft.irfft2(mass * _spectrum(n_across, n_down, str(y.device)), s=size)
    field = field[:, :n_down, :n_across]
    felt: Tensor = ((down @ field) * across).sum(2)  # (2, N)
    return felt.T


def _weights(along: Tensor) -> tuple[Tensor, int]:
    """Cubic spline weights (N, G) of each point on the grid nodes of one axis, and G."""
    step = CELL * TILE
    low = int(torch.floor((along.min() - 2 * CELL) / step))
    high = int(torch.ceil((along.max() + 2 * CELL) / step))
    nodes = torch.arange(low * TILE, high * TILE + 1, device=along.device)
    away = (along[:, None] / CELL - nodes).abs()  # (N, G) in cells
    outer = (2 - away).clamp(min=0) ** 3 / 6
    inner = 2 / 3 - away.square() * (1 - away / 2)
    return torch.where(away < 1, inner, outer), len(nodes)


@lru_cache(maxsize=64)
def _spectrum(n_across: int, n_down: int, device: str) -> Tensor:
    """Spectrum (2, 2 n_down, n_across + 1) of both components of the kernel, corrected for the
    two smoothings by the spline."""
    x = torch.fft.fftfreq(2 * n_across, 1 / (2 * n_across), dtype=torch.float64) * CELL
    y = torch.fft.fftfreq(2 * n_down, 1 / (2 * n_down), dtype=torch.float64)[:, None] * CELL
    square = x * x + y * y
    kernel = 2 * B / ((SOFT**2 + square) * (1 + A * square**B))
    spectrum = torch.fft.rfft2(torch.stack([kernel * x, kernel * y]))
    spline = torch.sinc(torch.fft.rfftfreq(2 * n_across, dtype=torch.float64)) ** 4
    spline = spline * torch.sinc(torch.fft.fftfreq(2 * n_down, dtype=torch.float64))[:, None] ** 4
    corrected: Tensor = spectrum / spline.square()
    return corrected.to(device, torch.complex64)
