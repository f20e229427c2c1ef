"""The classes of a probe, kept and forget samples apart: their centroids, and how far they lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FEWEST = 3  # groups: two have one distance, which any map can show
MOST = 256  # groups: a step costs as their square, and their centroids are of hardly any samples

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Groups:
    """The kept and the forget samples of each class. ``number``: int64 (P,), the group of each
    point; ``size``: (G,) points of each; ``classes``: (G,); ``forget``: (G,), whether it is to be
    forgotten."""

    number: Tensor
    size: Tensor
    classes: Tensor
    forget: NDArray[np.bool_]

    @property
    def kept(self) -> NDArray[np.bool_]:
        return ~self.forget

    @cached_property
    def is_forget(self) -> Tensor:
        """(P,): whether a point is to be forgotten."""
        return torch.tensor(self.forget, device=self.number.device)[self.number]

    @cached_property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """For functions of tensors: members (G, P) float32, sizes (G, 1), number and whether to be
        forgotten (P,)."""
        members = self._members(torch.float32)
        return members, self.size[:, None], self.number, self.is_forget

    @property
    def comparable(self) -> bool:
        """Whether there are distances between kept groups, the unit of all others."""
        return int(self.kept.sum()) > 1

    @property
    def movable(self) -> bool:
        """Whether they can be laid out by the distances between them."""
        return self.comparable and FEWEST <= len(self.forget) <= MOST

    def centroids(self, points: Tensor) -> Array:
        """The mean of each group's ``points`` (P, D): (G, D). By a product, whose bits do not
        depend on the order in which threads come by."""
        member = self._members(points.dtype)
        return np.asarray((member @ points / self.size[:, None]).double().cpu().numpy())

    def within(self, places: Tensor) -> Tensor:
        """Where each of ``places`` (P, d) lies beside the centroid of its group: (P, d)."""
        centre = torch.tensor(self.centroids(places), dtype=places.dtype, device=places.device)
        return places - centre[self.number]

    def _members(self, dtype: torch.dtype) -> Tensor:
        groups = torch.arange(len(self.forget), device=self.number.device)
        return (groups[:, None] == self.number).to(dtype)  # (G, P)


def groups_of(label: NDArray[np.int64], is_forget: NDArray[np.bool_], device: str) -> Groups:
    """Of points of these classes (P,), some of them to be forgotten (P,)."""
    key = 2 * np.asarray(label, np.int64) + np.asarray(is_forget)
    found, number, size = np.unique(key, return_inverse=True, return_counts=True)
    of_point, sizes, classes = (
        torch.tensor(part, device=device) for part in (number, size, found // 2)
    )
    return Groups(of_point, sizes, classes, found % 2 == 1)


def distances(a: Array, b: Array | None = None) -> Array:
    """Euclidean (A, B) between the rows of ``a`` (A, D) and ``b`` (B, D), by default ``a``."""
    b = a if b is None else b
    square = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.asarray(np.sqrt(square.clip(0)))


def unit(apart: Array, kept: NDArray[np.bool_]) -> float:
    """The mean of the distances ``apart`` (G, G) between kept groups; 1 where all coincide."""
    return float(among(apart, kept).mean()) or 1.0


def among(apart: Array, kept: NDArray[np.bool_]) -> Array:
    """The distances between kept groups, each once; 1 where there is only one group."""
    among = apart[np.ix_(kept, kept)]
    pairs = among[np.triu_indices(len(among), 1)]
    return pairs if len(pairs) else np.ones(1)


def spaced(xy: NDArray[np.float32], groups: Groups) -> float:
    """The mean distance between the kept groups of a layout ``xy`` (P, d), layout units."""
    on = torch.tensor(np.asarray(xy), device=groups.number.device)
    return unit(distances(groups.centroids(on)), groups.kept)
