"""The picture a run starts from: UMAP of the original model's embeddings, brought to rest.

Fitted once by umap-learn and kept with the model, since its just-in-time compilation costs 8-13 s
in every process; started from where the distances between the classes put them, which its own
start does not know; then settled under our own forces, so that frame 0 has nothing left to settle.
Units are UMAP's own (neighbours lie about 0.1 to 1 apart), centred on 0.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.groups import groups_of, spaced
from cu_core.projection.layout import SLIDING, K, embedded, relax, settled, threads
from cu_core.projection.neighbours import nearest
from cu_core.projection.ways import first_places, ways_of

VERSION = 2  # to be raised when the same embeddings give another layout: kept ones are known by it
FEWEST = 16  # points umap-learn needs for 15 neighbours
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
    places = first_places(points, label, seed, components)
    start = fit(points.cpu().numpy(), seed, components, places)
    return _at_rest(points, start, seed, label)


def at_once(
    z: NDArray[np.float32], seed: int, label: NDArray[np.int64], components: int = 2
) -> NDArray[np.float32]:
    """The same without umap-learn, for a map that nobody may wait for: from where the distances
    between the classes put them, else from principal components, straight to our own forces.

    1,797 digits on one core, a network before, early and late in its training: 0.29, 0.14 and
    0.15 s where ``reference`` took 15.3 (compiling), 4.4 and 4.5 s; trustworthiness .977, .991
    and .989, and .978, .992 and .991.
    """
    points = _finite(z, "cpu", True)
    if len(z) < FEWEST or bool((points == points[0]).all()):
        return principal(points.numpy(), components)
    start: NDArray[Any] | None = first_places(points, label, seed, components)
    if start is None:
        start = SPREAD * principal(points.numpy(), components)
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
    """The layout that our own forces make of a start (P, d), centred."""
    device = str(points.device)
    near = nearest(points, K)
    graph = fuzzy_set(near.first(K - 1))
    everyone = torch.ones(len(points), 1, dtype=torch.bool, device=device)
    y = torch.tensor(start, dtype=torch.float32, device=device)
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


def warm_up() -> None:
    """Makes umap-learn compile now, on 64 points, rather than in the first run's path."""
    fit(np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32), 0)


def fit(
    z: NDArray[np.float32],
    seed: int,
    components: int = 2,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """umap-learn's layout (P, components) of ``z`` (P, D) as it is, P >= 16, from ``start`` (P,
    components) or from its own.

    The pool that umap-learn's compiled loops start may change torch's number of threads (seen: 1
    became 2). Sums over another number differ in their last bits, so a run would depend on whether
    its map was cached.
    """
    import umap

    with threads(None), warnings.catch_warnings():  # that a seed means one thread
        warnings.simplefilter("ignore")
        model = umap.UMAP(
            n_neighbors=K,
            n_components=components,
            random_state=seed,
            init="spectral" if start is None else start.astype(np.float32),
        )
        fitted = model.fit_transform(z)
    return np.asarray(fitted, dtype=np.float32)
