"""The picture a run starts from: the original model's embeddings laid out by UMAP, at rest.

Started from where the distances between the classes put them, which UMAP's own start does not
know; brought down by UMAP's samples; then settled under our own forces, so that frame 0 has nothing
left to settle. Nothing is compiled, so the first in a process costs what each does. Units are
UMAP's own (neighbours lie about 0.1 to 1 apart), centred on 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.groups import groups_of, spaced
from cu_core.projection.layout import ALONE, SLIDING, K, embedded, relax, settled, threads
from cu_core.projection.neighbours import nearest
from cu_core.projection.sampled import sampled
from cu_core.projection.ways import first_places, ways_of

VERSION = 3  # to be raised when the same embeddings give another layout: kept ones are known by it
FEWEST = 16  # points that have 15 neighbours
SETTLE = 100  # iterations at most
SPREAD = 5.0  # of a start without classes: about as wide as their places are


def reference(
    z: NDArray[np.float32],
    seed: int,
    label: NDArray[np.int64],
    normalise: bool = True,
    device: str = "cpu",
    components: int = 2,
) -> NDArray[np.float32]:
    """Layout (P, components) float32 of embeddings ``z`` (P, D) of classes ``label`` (P,), centred,
    in UMAP's units. What is to be forgotten does not matter: all runs on a model and probe share
    their map.

    Below 16 points, or when all rows are equal: principal components instead, one unit in mean
    standard deviation. ValueError when ``z`` is not finite.
    """
    points = _finite(z, device, normalise)
    if len(z) < FEWEST or bool((points == points[0]).all()):
        return principal(points.cpu().numpy(), components)
    start: NDArray[Any] | None = first_places(points, label, seed, components)
    if start is None:
        start = SPREAD * principal(points.cpu().numpy(), components)
    with threads(1 if len(z) <= ALONE else None):
        return _at_rest(points, start, seed, label)


def _finite(z: NDArray[np.float32], device: str, normalise: bool) -> torch.Tensor:
    """Embeddings as the map sees them; ValueError when some are no numbers."""
    if not np.isfinite(z).all():
        bad = int((~np.isfinite(z)).any(1).sum())
        raise ValueError(f"{bad} of {len(z)} embeddings are not finite; the map needs numbers.")
    return embedded(z, device, normalise)


def _at_rest(
    points: torch.Tensor, start: NDArray[Any], seed: int, label: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The layout that UMAP's samples and then our own forces make of a start (P, d), centred."""
    device = str(points.device)
    near = nearest(points, K)
    graph = fuzzy_set(near.first(K - 1))
    everyone = torch.ones(len(points), 1, dtype=torch.bool, device=device)
    y = sampled(graph, torch.tensor(start, dtype=torch.float32, device=device), seed)
    y = relax(graph, y, ~everyone, everyone, SLIDING, SETTLE)
    groups = groups_of(label, np.zeros(len(points), bool), device)
    ways = ways_of(points, near.index, groups, spaced(y.cpu().numpy(), groups))
    y, _ = settled(graph, y, seed, 0, ways=ways)
    return np.asarray((y - y.mean(0)).cpu().numpy(), dtype=np.float32)


def principal(z: NDArray[np.float32], components: int = 2) -> NDArray[np.float32]:
    """The first principal components (P, components), scaled to a mean standard deviation of 1.

    Each axis points where its largest entry is positive; missing ones are 0.
    """
    xy = np.zeros((len(z), components), np.float32)
    if len(z) < 2:
        return xy
    u, size, _ = np.linalg.svd(z - z.mean(0), full_matrices=False)
    scores = (u * size)[:, :components]
    scores = scores * np.sign(scores[np.abs(scores).argmax(0), np.arange(scores.shape[1])])
    xy[:, : scores.shape[1]] = scores
    spread = float(xy.std(0).mean())
    return xy / spread if spread > 1e-6 else np.zeros_like(xy)
