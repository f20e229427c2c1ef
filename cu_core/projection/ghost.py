"""Where another model puts the same samples: the retrained model's ghost on a run's map."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.layout import K, embedded, picture_quality, settled
from cu_core.projection.neighbours import nearest
from cu_core.spec import Frame


def ghost(
    reference_xy: NDArray[np.float32],
    z: NDArray[np.float32],
    seed: int,
    label: NDArray[np.int64],
    is_forget: NDArray[np.bool_],
    device: str = "cpu",
    normalise: bool = True,
) -> Frame:
    """Layout (P, d) of that model's embeddings ``z`` (P, D), from ``reference_xy`` (P, d) by the
    frames' own procedure, repeated until it rests.

    Keep samples are held where the reference has them: they are what the forget samples are drawn
    among, on the run's own map. ``quality`` holds ``fidelity``, where there are forget samples.
    ValueError when ``z`` is not finite.
    """
    if not np.isfinite(z).all():
        raise ValueError("Embeddings that are not numbers have no map.")
    points = embedded(z, device, normalise)
    near = nearest(points, min(K, len(points) - 1))
    graph = fuzzy_set(near.first(K - 1))
    y = torch.tensor(np.asarray(reference_xy), dtype=torch.float32, device=device)
    free = torch.tensor(np.asarray(is_forget), device=device)[:, None]
    if is_forget.any():
        y, _ = settled(graph, y, seed, 0, free)
    values = picture_quality(points, near, y, label, is_forget)
    del values["trustworthiness"]  # of the keep samples, which lie where another model has them
    return Frame(0, y.cpu().numpy(), values)
