"""How far a picture can be believed: each measure compares the layout with the embeddings.

Trustworthiness (Venna and Kaski 2001) is scikit-learn's. Forget fidelity asks whether each forget
sample is drawn among the classes it lies among; jitter how much of the movement is not the
forget set's. Those are local; ``between`` asks about the way from class to class. All are in [0, 1]
but jitter and floor, which are in units of the reference layout's mean axis standard deviation,
centrality, from 0 on, and rank correlations, in [-1, 1].
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from cu_core.projection.groups import Array, Groups, distances, unit
from cu_core.projection.neighbours import Neighbours, block_rows, centred, squared_rows

K = 15
ROWS = 2048  # trustworthiness of a larger layout is the mean over this many of its points
FLOOR = 0.95  # quantile
TRIPLETS = 20_000


def trustworthiness(points: Tensor, near: Neighbours, drawn: Tensor) -> float:
    """1 minus the scaled mean rank excess of the ``drawn`` neighbours (N, k) in the embedding.

    ``points``: (N, D) embeddings, ``near``: their neighbours. Above ``ROWS`` points, evenly
    spaced rows stand for all. k < N / 2, as in scikit-learn.
    """
    n, k = drawn.shape
    rows = torch.arange(0, n, -(-n // ROWS), device=points.device)
    excess = 0.0
    for part in rows.split(block_rows(n)):
        known = near.squared
        if known is None:
            squared = squared_rows(centred(points), part)
        else:  # all rows of a small picture need no copy
            squared = known if len(part) == n else known[part]
        excess += float((ranks(squared, drawn[part]) - k).clamp_(min=0).sum())
    return 1 - 2 * excess / (len(rows) * k * (2 * n - 3 * k - 1))


def ranks(squared: Tensor, drawn: Tensor) -> Tensor:
    """The rank (R, k), from 1, of each drawn neighbour among all by ``squared`` (R, N)."""
    by = _sorted if squared.device.type == "cpu" else _counted
    return by(squared, squared.gather(1, drawn)) + 1


def _sorted(squared: Tensor, bound: Tensor) -> Tensor:
    """How many of each row lie below each ``bound`` (R, k): numpy sorts rows in a third of the
    time that a CPU counts in."""
    ordered = torch.from_numpy(np.sort(squared.numpy(), axis=1))
    return torch.searchsorted(ordered, bound)


def _counted(squared: Tensor, bound: Tensor) -> Tensor:
    """``_sorted`` on a GPU, which counts faster than it sorts."""
    padded = torch.nn.functional.pad(squared, (0, -squared.shape[1] % 8), value=torch.inf)
    return torch.stack([_below(padded, bound[:, c : c + 1]) for c in range(bound.shape[1])], 1)


def _below(values: Tensor, bound: Tensor) -> Tensor:
    """How many of each row (R, 8 m) lie below ``bound`` (R, 1).

    Eight comparisons are one word: words are added while no byte can overflow, then the bytes.
    """
    words = (values < bound).view(torch.int64)  # (R, m)
    count = torch.zeros(len(values), dtype=torch.int64, device=values.device)
    for part in words.split(255, dim=1):
        count += part.sum(1, keepdim=True).view(torch.uint8).sum(1)
    return count


def forget_fidelity(label: Tensor, is_forget: Tensor, lies: Tensor, drawn: Tensor) -> float:
    """1 minus the mean total variation distance, over forget samples, between the class shares of
    its neighbours in the embedding (``lies`` (N, k)) and in the layout (``drawn`` (N, k))."""
    n_classes = int(label.max()) + 1
    gap = _shares(label[lies[is_forget]], n_classes) - _shares(label[drawn[is_forget]], n_classes)
    return 1 - float(gap.abs().sum(1).mean()) / 2


def _shares(label: Tensor, n_classes: int) -> Tensor:
    """(F, C) share of each class in rows (F, k)."""
    counts = torch.zeros(len(label), n_classes, device=label.device)
    counts.scatter_add_(1, label, torch.ones_like(label, dtype=torch.float32))
    return counts / label.shape[1]


def displacement(before: Tensor, after: Tensor, scale: float) -> Tensor:
    """Distance (N,) each point moved, in units of ``scale``."""
    distance: Tensor = (after - before).norm(dim=1)
    return distance / scale


def jitter(distance: Tensor, is_forget: Tensor) -> float:
    """Median movement of the retain samples; of all where there are none."""
    return float((distance if is_forget.all() else distance[~is_forget]).median())


def noise_floor(distance: Tensor) -> float:
    """95th percentile of the movement drawn when the same embeddings are given again."""
    return float(torch.quantile(distance, FLOOR))


def between(points: Tensor, near: Neighbours, xy: Tensor, groups: Groups) -> dict[str, float]:
    """How a layout ``xy`` (N, d) shows what lies between classes, beside the embedding (N, D).

    ``centrality``, ``map_centrality``: mean distance of the forget groups' centroids to the kept
    ones', over the mean distance among these, in the embedding and on the map. ``group_order``:
    rank correlation, over all pairs of groups, of the two distances. ``reach``: the same over a
    forget sample's distances to the kept centroids, mean of the samples. ``triplets``: share of
    random triplets of which the same is the nearer pair. What has no value is left out.
    """
    values = {"triplets": _triplets(points, near, xy)}
    if not groups.comparable:
        return values
    lies, drawn = groups.centroids(points), groups.centroids(xy)
    apart, shown = distances(lies), distances(drawn)
    pairs = np.triu_indices(len(apart), 1)
    if len(pairs[0]) > 1:
        values["group_order"] = float(_rank_correlation(apart[pairs][None], shown[pairs][None])[0])
    if groups.forget.any():
        values["centrality"] = centrality(apart, groups)
        values["map_centrality"] = centrality(shown, groups)
        ways = [
            distances(_wide(places[groups.is_forget]), centre[groups.kept])
            for places, centre in ((points, lies), (xy, drawn))
        ]
        values["reach"] = float(_rank_correlation(*ways).mean())
    return values


def centrality(apart: Array, groups: Groups) -> float:
    """From distances (G, G) between centroids: those of forget to kept groups, over those among
    kept ones, each in the mean."""
    return float(apart[np.ix_(groups.forget, groups.kept)].mean()) / unit(apart, groups.kept)


def _wide(points: Tensor) -> Array:
    return np.asarray(points.double().cpu().numpy())


def _rank_correlation(a: Array, b: Array) -> Array:
    """Spearman's (R,) of the rows of two (R, M); 0 where a row is constant."""
    from scipy.stats import rankdata

    x, y = (rankdata(rows, axis=1) - (rows.shape[1] + 1) / 2 for rows in (a, b))
    size = np.sqrt((x**2).sum(1) * (y**2).sum(1))
    return np.asarray((x * y).sum(1) / np.where(size > 0, size, 1.0))


def _triplets(points: Tensor, near: Neighbours, xy: Tensor) -> float:
    """Share of random triplets i, j, k for which both spaces agree whether i is nearer to j or k;
    of triplets drawn for each number of points, always the same."""
    first, second, third, apart_all = _drawn_triplets(len(xy), str(xy.device))

    def apart(places: Tensor, known: Tensor | None, other: Tensor) -> Tensor:
        if known is not None:
            return known[first, other]
        return (places[first] - places[other]).square().sum(1)

    nearer = [
        apart(places, known, second) < apart(places, known, third)
        for places, known in ((points, near.squared), (xy, None))
    ]
    return float((nearer[0] == nearer[1])[apart_all].float().mean())


@lru_cache(maxsize=4)
def _drawn_triplets(n: int, device: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Three of ``n`` points, ``TRIPLETS`` times, and whether they are three: (T,) each. Kept from
    frame to frame."""
    drawn = np.random.default_rng(0).integers(0, n, (3, TRIPLETS))
    first, second, third = (torch.tensor(row, device=device) for row in drawn)
    return first, second, third, (first != second) & (first != third) & (second != third)
