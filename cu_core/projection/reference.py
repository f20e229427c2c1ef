"""The picture a run starts from: UMAP of the original model's embeddings, brought to rest.

Fitted once by umap-learn and kept with the model, since its just-in-time compilation costs 8-13 s
in every process; then settled under our own forces, so that frame 0 has nothing left to settle.
Units are UMAP's own (neighbours lie about 0.1 to 1 apart), centred on 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.layout import SLIDING, K, embedded, relax
from cu_core.projection.neighbours import nearest

FEWEST = 16  # points umap-learn needs for 15 neighbours
SETTLE = 100  # iterations at most


def reference(
    z: NDArray[np.float32], seed: int, normalise: bool = True, device: str = "cpu"
) -> NDArray[np.float32]:
    """Layout (P, 2) float32 of embeddings ``z`` (P, D), centred, in UMAP's units.

    Below 16 points, or when all rows are equal: principal components instead, one unit in mean
    standard deviation. ValueError when ``z`` is not finite.
    """
    if not np.isfinite(z).all():
        bad = int((~np.isfinite(z)).any(1).sum())
        raise ValueError(f"{bad} of {len(z)} embeddings are not finite; the map needs numbers.")
    points = embedded(z, device, normalise)
    if len(z) < FEWEST or bool((points == points[0]).all()):
        return principal(points.cpu().numpy())
    start = torch.tensor(_fit(points.cpu().numpy(), seed), device=device)
    graph = fuzzy_set(nearest(points, K - 1))
    asleep = torch.zeros(len(z), 1, dtype=torch.bool, device=device)
    y = relax(graph, start, asleep, SLIDING, SETTLE)
    return np.asarray((y - y.mean(0)).cpu().numpy(), dtype=np.float32)


def principal(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """The two first principal components (P, 2), scaled to a mean standard deviation of 1.

    Each axis points where its largest entry is positive; missing ones are 0.
    """
    xy = np.zeros((len(z), 2), np.float32)
    if len(z) < 2:
        return xy
    u, size, _ = np.linalg.svd(z - z.mean(0), full_matrices=False)
    scores = (u * size)[:, :2]
    scores = scores * np.sign(scores[np.abs(scores).argmax(0), np.arange(scores.shape[1])])
    xy[:, : scores.shape[1]] = scores
    spread = float(xy.std(0).mean())
    return xy / spread if spread > 1e-6 else np.zeros_like(xy)


def warm_up() -> None:
    """Makes umap-learn compile now, on 64 points, rather than in the first run's path."""
    _fit(np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32), 0)


@contextmanager
def threads_kept() -> Iterator[None]:
    """Gives torch back its number of threads, which the pool that umap-learn's compiled loops
    start may change (seen: 1 became 2). Sums over another number of threads differ in their last
    bits, so a run would depend on whether its map was cached.
    """
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _fit(z: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    import umap

    threads = torch.get_num_threads()
    with warnings.catch_warnings():  # that a seed means one thread
        warnings.simplefilter("ignore")
        fitted = umap.UMAP(n_neighbors=K, random_state=seed).fit_transform(z)
    # numba resets torch's threads, and another number of them rounds a run's sums differently.
    torch.set_num_threads(threads)
    return np.asarray(fitted, dtype=np.float32)
