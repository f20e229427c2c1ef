"""UMAP's own way down: edges drawn by their weight, a few others pushed away for each of them,
steps that fall to nothing (McInnes et al., arXiv:1802.03426, section 3.2).

umap-learn takes the samples one after the other, which has to be compiled to be fast; here all of
an epoch are taken at once, as on GPUs (Nolet et al., arXiv:2008.00325). What it is for: its noise
leads out of the tangles in which forces without any come to rest.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cu_core.projection.forces import NEGATIVES, A, B
from cu_core.projection.fuzzy import Graph
from cu_core.seeding import derive

EPOCHS = 200
CLIP = 4.0  # of a sample's pull or push on each axis, as in umap-learn
NEAR2, SOFT2 = 1e-4, 1e-3  # squared distances: of the least pull, and umap-learn's softening


def sampled(graph: Graph, y: Tensor, seed: int) -> Tensor:
    """The layout (N, d) after all epochs from ``y`` (N, d). On the CPU, where steps are added up in
    one order: the same seed gives the same bits."""
    device, y = y.device, y.cpu()
    random = torch.Generator().manual_seed(derive("sampled", seed))
    row, column, weight = graph.row.cpu(), graph.column.cpu(), graph.weight.cpu()
    once = row < column
    head, tail, weight = row[once], column[once], weight[once]
    chance = weight / weight.max()
    for epoch in range(EPOCHS):
        drawn = torch.rand(len(chance), generator=random) < chance
        ends = torch.cat([head[drawn], tail[drawn]])  # (M,): each edge from both its ends
        others = torch.cat([tail[drawn], head[drawn]])
        away = torch.randint(len(y), (NEGATIVES, len(ends)), generator=random)
        step = _pull(y[ends] - y[others]) + _push(y[ends] - y[away]).sum(0)
        y = y.index_add(0, ends, step, alpha=1 - epoch / EPOCHS)
    return y.to(device)


def _pull(way: Tensor) -> Tensor:
    """Of the other end of an edge, on a point that lies ``way`` (..., d) from it."""
    square = way.square().sum(-1, keepdim=True).clamp_(min=NEAR2)
    power = square**B
    return (way * (-2 * A * B * power / (square * (1 + A * power)))).clamp_(-CLIP, CLIP)


def _push(way: Tensor) -> Tensor:
    """Of a point that is no neighbour, on one that lies ``way`` (..., d) from it."""
    square = way.square().sum(-1, keepdim=True)
    return (way * (2 * B / ((SOFT2 + square) * (1 + A * square**B)))).clamp_(-CLIP, CLIP)
