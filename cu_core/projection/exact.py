"""The sceptic's picture: a fresh UMAP of one frame, turned to lie as the animated one does."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core.projection import quality
from cu_core.projection.layout import K, embedded, picture_quality, scale_of, threads
from cu_core.projection.neighbours import nearest
from cu_core.projection.reference import FEWEST
from cu_core.spec import Frame


def exact(
    z: NDArray[np.float32],
    onto: NDArray[np.float32],
    seed: int,
    label: NDArray[np.int64],
    is_forget: NDArray[np.bool_],
    normalise: bool = True,
) -> Frame:
    """umap-learn's layout (P, d) of embeddings ``z`` (P, D), Procrustes-aligned to ``onto`` (P, d).

    Alignment is a shift, a turn, a mirroring and one scale: it changes no neighbour. ``quality``
    holds ``trustworthiness``, ``fidelity`` and ``shift``, the median distance of keep samples to
    where ``onto`` has them, in units of its scale. ValueError below 16 points or when ``z`` is not
    finite.
    """
    if len(z) < FEWEST:
        raise ValueError(f"UMAP needs at least {FEWEST} points for its neighbours, got {len(z)}.")
    if not np.isfinite(z).all():
        raise ValueError("Embeddings that are not numbers have no map.")
    points = embedded(z, "cpu", normalise)
    xy = aligned(fit(points.numpy(), seed, onto.shape[1]), onto)
    near = nearest(points, min(K, len(points) - 1))
    values = picture_quality(points, near, torch.tensor(xy), label, is_forget)
    way = quality.displacement(torch.tensor(onto), torch.tensor(xy), scale_of(onto))
    values["shift"] = quality.jitter(way, torch.tensor(is_forget))
    return Frame(0, xy, values)


def aligned(xy: NDArray[np.float32], onto: NDArray[np.float32]) -> NDArray[np.float32]:
    """``xy`` (P, d) shifted, turned and mirrored as near to ``onto`` (P, d) as it goes in least
    squares (Schoenemann 1966), and as large: least squares would shrink what does not fit."""
    from scipy.linalg import orthogonal_procrustes

    middle = onto.mean(0)
    a, b = xy - xy.mean(0), onto - middle
    turn, _ = orthogonal_procrustes(a, b)
    scale = float(np.linalg.norm(b)) / max(float(np.linalg.norm(a)), 1e-6)
    return np.asarray(scale * a @ turn + middle, dtype=np.float32)


def fit(
    z: NDArray[np.float32],
    seed: int,
    components: int = 2,
    start: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """umap-learn's layout (P, components) of ``z`` (P, D) as it is, P >= 16, from ``start`` (P,
    components) or from its own.

    It compiles itself first in every process, for 8 to 13 s. The pool that its loops start may
    change torch's number of threads (seen: 1 became 2), on which the last bits of sums depend.
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
