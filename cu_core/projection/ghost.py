"""Where another model puts the same samples: the retrained model's ghost on a run's map."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from cu_core.projection.fuzzy import fuzzy_set
from cu_core.projection.groups import groups_of, spaced
from cu_core.projection.layout import K, embedded, picture_quality, settled
from cu_core.projection.neighbours import nearest
from cu_core.projection.ways import ways_of
from cu_core.spec import Frame

# of the keep samples too, which lie where another model has them
ABOUT_ALL = ("trustworthiness", "triplets", "group_order")


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

    Keep samples are held where ``reference_xy`` has them: they are what the forget samples are
    drawn among, on the run's own map; groups of these are first put at that model's distances from
    the kept ones. ``quality`` holds what ``picture_quality`` says of forget samples. ValueError
    when ``z`` is not finite.
    """
    if not np.isfinite(z).all():
        raise ValueError("Embeddings that are not numbers have no map.")
    points = embedded(z, device, normalise)
    near = nearest(points, min(K, len(points) - 1))
    graph = fuzzy_set(near.first(K - 1))
    y = torch.tensor(np.asarray(reference_xy), dtype=torch.float32, device=device)
    free = torch.tensor(np.asarray(is_forget), device=device)[:, None]
    if is_forget.any():
        groups = groups_of(label, is_forget, device)
        ways = ways_of(points, near.index, groups, spaced(reference_xy, groups))
        y, _ = settled(graph, y if ways is None else ways.put(y), seed, 0, free)
    values = picture_quality(points, near, y, label, is_forget)
    for name in ABOUT_ALL:
        values.pop(name, None)
    return Frame(0, y.cpu().numpy(), values)
