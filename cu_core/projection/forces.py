"""UMAP's forces on a whole layout at once: attraction along the graph, expected repulsion.

umap-learn samples both and lets its step size fall; here each is its expectation, so there is no
sampling noise and a layout can come to rest. Repulsion between all pairs is a convolution: masses
are spread on a grid by cubic splines, convolved by FFT, and read back: O(N) beside the FFT. Masses
are summed as whole numbers (float64 holds them), so that the order of a device's threads changes
no bit.

Layouts have two components or three; d stands for their number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from cu_core.projection.fuzzy import Graph, Rows

A, B = 1.576943460405378, 0.8950608781227859  # umap.umap_.find_ab_params(spread=1, min_dist=0.1)
NEGATIVES = 5  # umap-learn's negative_sample_rate: repulsions per attraction
SOFT = {2: 0.2, 3: 0.4}  # two points repel by at most B / SOFT; umap-learn clips at 4 on each axis
CELL = {2: 0.2, 3: 0.6}  # of the grid, layout units; a coarser one is less exact close by, not far
TILE = 16  # cells; the grid is cut at multiples of it, so it stays while the layout breathes
NEAR2 = 1e-4  # squared distance below which attraction grows no further
UNIT = 2.0**32  # masses are counted in this many parts


def attraction(graph: Graph, y: Tensor) -> tuple[Tensor, Tensor | Rows, Tensor]:
    """(pull on each point (N, d), its coefficients as a sparse (N, N), their row sums (N, 1)).

    ``y``: (N, d). Edge ij of weight w pulls with w c(s) (y_j - y_i), s the distance, c = 2ab
    s^(2b-2) / (1 + a s^2b).
    """
    square = torch.zeros_like(graph.weight)  # (E,)
    for axis in y.T.contiguous():  # one gather an axis: several times faster than of pairs
        square += (axis.index_select(0, graph.column) - axis.index_select(0, graph.row)).square_()
    square.clamp_(min=NEAR2)
    power = square**B
    pull = graph.weight * (2 * A * B) * power / (square * (1 + A * power))  # (E,)
    matrix = graph.matrix(pull)
    both = matrix @ torch.cat([y, y.new_ones(len(y), 1)], 1)  # (N, d + 1)
    total = both[:, -1:]
    return both[:, :-1] - total * y, matrix, total


@dataclass(frozen=True)
class Grid:
    """Where masses are spread. ``low``: (d,), the first tile on each axis; ``spectrum`` of the
    kernel there; ``shape``: nodes."""

    low: Tensor
    spectrum: Tensor
    shape: tuple[int, ...]

    @classmethod
    def over(cls, tiles: Tensor, bounds: Sequence[float]) -> Grid:
        """Of ``span``, and of the same as the host has read it."""
        d = len(bounds) // 2
        nodes = (int((b - a + 1) * TILE) for a, b in zip(bounds[:d], bounds[d:], strict=True))
        shape = tuple(nodes)
        return cls(tiles[:d], _spectrum(shape, str(tiles.device)), shape)

    @property
    def tensors(self) -> tuple[Tensor, Tensor]:
        return self.low, self.spectrum


def span(y: Tensor) -> Tensor:
    """The first and the last tile (2 d,) that a layout (N, d) reaches on each axis."""
    cell = CELL[y.shape[1]]
    low = torch.floor((y.amin(0) / cell - 2) / TILE)
    return torch.cat([low, torch.floor((y.amax(0) / cell + 2) / TILE)])


def repulsion(graph: Graph, y: Tensor, grid: Grid | None = None) -> Tensor:
    """Expected push of umap-learn's negative samples on each point (N, d), relative to
    ``attraction``: degree_i NEGATIVES / 2 times the mean over all k of c(s) (y_i - y_k),
    c = 2b / ((SOFT^2 + s^2)(1 + a s^2b)). ``grid``: over ``y``, if it is known."""
    return pushes(y, grid) * graph.degree * (NEGATIVES / (2 * len(y)))


def pushes(y: Tensor, grid: Grid | None = None) -> Tensor:
    """Sum of the repulsions of all points on each point: (N, d)."""
    d = y.shape[1]
    if grid is None:
        tiles = span(y)
        grid = Grid.over(tiles, tiles.tolist())
    shape = grid.shape
    node, weight = _spread(y, grid)
    mass = torch.zeros(math.prod(shape), dtype=torch.float64, device=y.device)
    mass.index_add_(0, node.flatten(), (weight * UNIT).trunc_().double().flatten())
    field = _convolved((mass / UNIT).float().view(shape), grid.spectrum).reshape(d, -1)
    at = field.index_select(1, node.flatten()).view(d, *node.shape)
    felt: Tensor = (at * weight).sum(2)  # (d, N)
    return felt.T


def _convolved(mass: Tensor, spectrum: Tensor) -> Tensor:
    """``mass`` (n_0, ...) convolved with each component of the kernel: (d, n_0, ...).

    Padded with as many zeros on each axis, so as not to wrap around. Axis by axis: what is only
    padding, and what nobody looks at, is not transformed.
    """
    shape = mass.shape
    wave = torch.fft.rfft(mass, n=2 * shape[-1])
    for axis in reversed(range(len(shape) - 1)):
        wave = torch.fft.fft(wave, n=2 * shape[axis], dim=axis)
    wave = wave * spectrum
    for axis, n in enumerate(shape[:-1], 1):
        wave = torch.fft.ifft(wave, dim=axis).narrow(axis, 0, n)
    field: Tensor = torch.fft.irfft(wave, n=2 * shape[-1])[..., : shape[-1]]
    return field


def _spread(y: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """The numbers (N, 4^d) of the grid nodes near each point, and its cubic spline weights there
    (N, 4^d)."""
    d, shape = y.shape[1], grid.shape
    place = y.T.contiguous() / CELL[d] - (grid.low * TILE)[:, None]  # (d, N), in nodes
    first = place.floor()
    f = place - first
    g = 1 - f
    inner = (2 / 3 - f * f * (1 - f / 2), 2 / 3 - g * g * (1 - g / 2))
    spline = torch.stack([g**3 / 6, *inner, f**3 / 6], 2)  # (d, N, 4)
    corner, step = first.long(), torch.arange(-1, 3, device=y.device)
    weight, node, steps = spline[0], corner[0], step
    for axis in range(1, d):
        weight = (weight[:, :, None] * spline[axis][:, None]).flatten(1)
        node = node * shape[axis] + corner[axis]
        steps = (steps[:, None] * shape[axis] + step).flatten()
    return node[:, None] + steps, weight


@lru_cache(maxsize=32)
def _spectrum(shape: tuple[int, ...], device: str) -> Tensor:
    """Spectrum (d, 2 n_0, ..., n_last + 1) of the d components of the kernel, corrected for the
    two smoothings by the spline."""
    d = len(shape)
    soft, cell = SOFT[d], CELL[d]
    square = torch.zeros((), dtype=torch.float64)
    spline = torch.ones((), dtype=torch.float64)
    axes = []
    for axis, n in enumerate(shape):
        tail = (1,) * (d - 1 - axis)
        offset = torch.fft.fftfreq(2 * n, 1 / (2 * n), dtype=torch.float64) * cell
        axes.append(offset.view(-1, *tail))
        square = square + axes[-1] ** 2
        wave = torch.fft.rfftfreq if axis == d - 1 else torch.fft.fftfreq
        spline = spline * torch.sinc(wave(2 * n, dtype=torch.float64)).view(-1, *tail) ** 4
    kernel = 2 * B / ((soft**2 + square) * (1 + A * square**B))
    components = torch.stack([kernel * along for along in axes])
    spectrum = torch.fft.rfftn(components, dim=tuple(range(1, d + 1)))
    corrected: Tensor = spectrum / spline.square()
    return corrected.to(device, torch.complex64)
