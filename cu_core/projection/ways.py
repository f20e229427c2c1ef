"""Where whole classes lie: what a layout made of neighbours alone does not know.

UMAP's forces are local. A class that travels as one keeps its neighbours, so they leave it where it
was. Here each class, split into what is to be forgotten and what is kept, is a group with a
centroid in the embedding; the groups are moved on the map until their distances are like those
in the embedding, by stress majorisation (SMACOF; de Leeuw 1977, Gansner et al. 2004), and each
point is carried along by those it lies among. A forget sample that has begun to leave its class
seeks its own distances from the kept ones, and goes the mean way of its neighbours. Groups and
samples have friction: they rest until they would be moved further than ``REST``, so that equal
embeddings give equal frames.

Classes in many dimensions are nearly equally far from each other, and a plane cannot show that.
Distances are therefore raised to a power, which keeps their order, until they have ``CONTRAST``:
the plane is spent on what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cu_core.projection.groups import Array, Groups, among, distances, groups_of, unit
from cu_core.projection.recorded import Way, plainly
from cu_core.seeding import derive

CONTRAST = 0.25  # of distances between kept groups, their standard deviation over their mean: less
# is raised to it by a power, up to
POWER = 3.0
ANCHOR = 0.1  # pull of a group to where it was, over the pull of all others together
REST = 0.08  # way that a resting group withstands: the forces may push it back so far
SLIDING = 0.02  # way left at which a moving group comes to rest
# REST, SLIDING and STILL are in units of the mean distance between kept groups on the map.
ROUNDS = 8  # of moves in one frame, at most
STEPS = 60  # of majorisation in a round
MANY = 0.3  # share of other classes among its neighbours at which a forget sample may go alone
FARTHER = 15.0  # and how much farther than its own these are drawn
SINGLE_STEPS = 20  # of a single point
STILL = 1e-3  # step below which there are no more
STARTS = 20  # of the first layout; the best is kept
FIRST_STEPS = 200
SPACING = 10.0  # layout units between groups, in the mean, where umap-learn is to start
SPREAD = 0.5  # standard deviation of the points of a group around it, there


Numbers = TypeVar("Numbers", Array, Tensor)


def wanted(centroids: Array, groups: Groups) -> Array:
    """The distances (G, G) that the groups should have on a map, kept ones 1 in the mean.

    Their contrast is raised; those between a forget and a kept group are brought back to the mean
    they have in the embedding, so that a class is drawn as far out as it lies.
    """
    kept, forget = groups.kept, groups.forget
    plain = distances(centroids)
    plain = plain / unit(plain, kept)
    np.fill_diagonal(plain, 0.0)
    sharp = plain ** power(plain, kept)
    sharp = sharp / unit(sharp, kept)
    across = np.ix_(forget, kept)
    if forget.any() and sharp[across].any():
        sharp[across] *= plain[across].mean() / sharp[across].mean()
        sharp[np.ix_(kept, forget)] = sharp[across].T
    return np.asarray(sharp)


def power(apart: Array, kept: NDArray[np.bool_]) -> float:
    """The power that gives the distances ``apart`` (G, G) among kept groups their contrast; 1 where
    they have it, or have none at all."""
    pairs = among(apart, kept)
    spread = float(pairs.std() / (pairs.mean() or 1.0))
    return min(max(CONTRAST / spread, 1.0), POWER) if spread > STILL else 1.0


def majorised(places: Array, goal: Array, anchor: float, steps: int, still: float) -> Array:
    """``places`` (G, d) after some steps towards distances ``goal`` (G, G), each of which lowers
    the stress and the squared way from ``places``, weighted by ``anchor``."""
    n, y = len(places), places
    middle = places.mean(0)
    start = places - middle
    y = start
    for _ in range(steps):
        apart = distances(y)
        np.fill_diagonal(apart, 1.0)
        ratio = goal / apart.clip(1e-9)
        np.fill_diagonal(ratio, 0.0)
        ahead = (ratio.sum(1)[:, None] * y - ratio @ y) / n
        new = (ahead + anchor * start) / (1 + anchor)
        moved = float(np.abs(new - y).max())
        y = new
        if moved < still:
            break
    return np.asarray(y + middle)


def moved(places: Array, goal: Array, spacing: float) -> Array:
    """Where the groups go from ``places`` (G, d): those that the stress would move by less than
    ``REST`` of the ``spacing`` stay, the others go on until hardly any way is left."""
    at, awake = places, np.zeros((len(places), 1), bool)
    for _ in range(ROUNDS):
        way = majorised(at, goal, ANCHOR, STEPS, STILL * spacing) - at
        length = np.linalg.norm(way, axis=1, keepdims=True) / spacing
        awake = (length > REST) | (awake & (length > SLIDING))
        if not awake.any():
            break
        at = at + np.where(awake, way, 0.0)
    return at


@dataclass(frozen=True)
class Ways:
    """What the embeddings of one frame ask of the places of classes and of forget samples.

    ``near``: (P, K), the neighbours of each point; ``goal``: (G, G) distances between groups;
    ``reach``: (F, R) of each forget sample to the kept groups; all in layout units.
    """

    groups: Groups
    near: Tensor
    goal: Array
    reach: Array
    spacing: float

    def carry(self, y: Tensor, way: Way = plainly) -> Tensor:
        """A layout (P, d) with its classes and forget samples moved, as far as they do not rest."""
        if way is not plainly:
            return self._carry_whole(y, way)
        at = self.groups.centroids(y)
        to = moved(at, self.goal, self.spacing)
        ways = self._on(to - at, y)[self.groups.number]
        ways = ways + self._apart(y, to[self.groups.kept])
        return y + ways[self.near].mean(1) if bool(ways.any()) else y

    def _carry_whole(self, y: Tensor, way: Way) -> Tensor:
        """The same for a device that is best given its work whole: one thing is read back, where
        the groups are and whether any sample is torn."""
        groups, d = self.groups, y.shape[1]
        where, torn, told = way(look, (y, *groups.tensors, self.near, self._other))
        *places, any_torn = told.tolist()
        at = np.array(places).reshape(-1, d)
        to = moved(at, self.goal, self.spacing)
        if np.array_equal(to, at) and not any_torn:
            return y
        given = (y, self._on(to - at, y), *groups.tensors, self.near)
        if not (any_torn and len(self.reach)):
            return way(carried, given)[0]
        kept, reach = (self._on(part, where) for part in (to[groups.kept], self.reach))
        rest = y.new_tensor(REST * self.spacing)
        return way(carried_apart, (*given, torn, self._forget, kept, reach, rest))[0]

    @cached_property
    def _forget(self) -> Tensor:
        """(F,): which points are to be forgotten."""
        return torch.nonzero(self.groups.is_forget)[:, 0]

    @cached_property
    def _other(self) -> Tensor:
        """(P, K): whether each neighbour is of another class."""
        classes = self.groups.classes[self.groups.number]
        return classes[self.near] != classes[:, None]

    def put(self, y: Tensor) -> Tensor:
        """A layout (P, d) whose forget samples alone are moved, beside kept ones that are held."""
        kept, at = self.groups.kept, self.groups.centroids(y)
        way = np.zeros_like(at)
        way[~kept] = sought(at[~kept], at[kept], self.goal[np.ix_(~kept, kept)]) - at[~kept]
        way[np.linalg.norm(way, axis=1) <= REST * self.spacing] = 0.0
        ways = self._on(way, y)[self.groups.number] + self._apart(y, at[kept])
        return torch.where(self.groups.is_forget[:, None], y + ways[self.near].mean(1), y)

    def _apart(self, y: Tensor, kept: Array) -> Tensor:
        """The way (P, d), beside that of its group, of each forget sample that is drawn away from
        its neighbours: what these seek otherwise than the whole group does, unless it rests."""
        torn = is_torn(y, self.groups.is_forget, self.near, self._other)
        if not bool(torn.any()):  # of most frames: what each would seek need not be found
            return torch.zeros_like(y)
        alone = self._alone(y, kept)
        beside = (alone[self.near].sum(1) + alone) / (self.near.shape[1] + 1)
        own = torch.where(self.groups.is_forget[:, None], beside, 0.0)
        apart = self.groups.within(own)
        goes = torn & (apart.norm(dim=1) > REST * self.spacing)
        return torch.where(goes[:, None], apart, 0.0)

    def _alone(self, y: Tensor, kept: Array) -> Tensor:
        """The way (P, d) of each forget sample to where its distances from the ``kept`` (R, d)
        places want it; of kept ones none."""
        forget, ways = self.groups.is_forget, torch.zeros_like(y)
        if len(self.reach):
            own = np.asarray(y[forget].double().cpu().numpy())
            ways[forget] = self._on(sought(own, kept, self.reach) - own, y)
        return ways

    @staticmethod
    def _on(ways: Array, y: Tensor) -> Tensor:
        return torch.tensor(ways, dtype=y.dtype, device=y.device)


def is_torn(y: Tensor, is_forget: Tensor, near: Tensor, other: Tensor) -> Tensor:
    """(P,): the forget samples with many neighbours of other classes that the map ``y`` has far
    away, while it has those of its own class close by."""
    away = (y[near] - y[:, None]).norm(dim=2)  # (P, K)
    count = other.sum(1)
    theirs = (away * other).sum(1) / count.clamp(min=1)
    own = (away * ~other).sum(1) / (other.shape[1] - count).clamp(min=1)
    many = (count > MANY * other.shape[1]) & (count < other.shape[1])
    torn: Tensor = is_forget & many & (theirs > FARTHER * own)
    return torn


def look(given: tuple[Tensor, ...], _fixed: tuple[int, ...] = ()) -> tuple[Tensor, ...]:
    """Of a layout, ``Groups.tensors``, neighbours and whether they are of another class: centroids
    (G, d), who is torn (P,), and both to be read: (G d + 1,), the last whether anyone is."""
    y, member, size, _, is_forget, near, other = given
    at = (member @ y / size).double()
    torn = is_torn(y, is_forget, near, other)
    return at, torn, torch.cat([at.flatten(), torn.any().double()[None]])


def carried(given: tuple[Tensor, ...], _fixed: tuple[int, ...] = ()) -> tuple[Tensor]:
    """A layout after the ways (G, d) of its groups: each point goes the mean way of those it lies
    among."""
    y, ways, _, _, number, _, near = given
    return (y + ways[number][near].mean(1),)


def carried_apart(given: tuple[Tensor, ...], _fixed: tuple[int, ...] = ()) -> tuple[Tensor]:
    """The same where samples are ``torn`` (P,), of which the groups' ``kept`` (R, d) and ``reach``
    (F, R) tell where each goes, unless less than ``rest``; ``forget`` (F,) are their numbers."""
    y, ways, member, size, number, is_forget, near, torn, forget, kept, reach, rest = given
    own, none = y[forget].double(), torch.zeros_like(y)
    alone = none.index_copy(0, forget, (sought(own, kept, reach) - own).to(y))
    beside = (alone[near].sum(1) + alone) / (near.shape[1] + 1)
    theirs = torch.where(is_forget[:, None], beside, none)
    apart = theirs - (member @ theirs / size)[number]
    goes = torn & (apart.norm(dim=1) > rest)
    ways = ways[number] + torch.where(goes[:, None], apart, none)
    return (y + ways[near].mean(1),)


def ways_of(points: Tensor, near: Tensor, groups: Groups, spacing: float) -> Ways | None:
    """``points``: (P, D) embeddings; ``near``: (P, K) their neighbours; ``spacing``: layout units
    between kept groups, in the mean. None where groups are too few or too many to be laid out."""
    if not groups.movable:
        return None
    centroids = groups.centroids(points)
    goal = wanted(centroids, groups)
    forget = np.asarray(points[groups.is_forget].double().cpu().numpy())
    apart = distances(centroids)
    reach = distances(forget, centroids[groups.kept]) ** power(apart, groups.kept)
    if len(reach):  # as far out, in the mean, as the groups of which these are the samples
        reach = reach * (goal[np.ix_(groups.forget, groups.kept)].mean() / reach.mean())
    return Ways(groups, near, spacing * goal, spacing * reach, spacing)


def sought(places: Numbers, kept: Numbers, reach: Numbers) -> Numbers:
    """Where single points go from ``places`` (F, d) to have the distances ``reach`` (F, R) from
    ``kept`` (R, d), which are held: by majorisation, each by itself."""
    y = places
    for _ in range(SINGLE_STEPS):
        way = y[:, None] - kept  # (F, R, d)
        apart = ((way**2).sum(2) ** 0.5).clip(1e-9)
        y = kept.mean(0) + ((reach / apart)[:, :, None] * way).mean(1)
    return y


def first_places(points: Tensor, label: NDArray[np.int64], seed: int, d: int) -> Array | None:
    """Where a fit of ``points`` (P, D) may start: (P, d), the classes by the distances between
    them, of several starts the one of least stress. None where there are too few or too many."""
    everyone = groups_of(label, np.zeros(len(label), bool), str(points.device))
    if not everyone.movable:
        return None
    goal = wanted(everyone.centroids(points), everyone)
    random = np.random.default_rng(derive("groups", seed))
    tries = [
        majorised(random.normal(size=(len(goal), d)), goal, 0.0, FIRST_STEPS, STILL)
        for _ in range(STARTS)
    ]
    best = min(tries, key=lambda y: float(((distances(y) - goal) ** 2).sum()))
    around = random.normal(scale=SPREAD, size=(len(label), d))
    return np.asarray(SPACING * best[everyone.number.cpu().numpy()] + around)
