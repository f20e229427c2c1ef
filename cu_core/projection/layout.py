"""The live map: each frame laid out from the last one, so that movement means something.

UMAP's forces on the whole layout, in torch, on CPU and CUDA alike, nothing compiled at run time.
What is different here: points have friction. A point rests until the forces of its new
neighbourhood exceed a threshold, then goes all the way to where they balance; one whose new
neighbours are elsewhere altogether jumps there. So equal embeddings give equal frames, and a point
moves only as its own evidence moves. The balance is found by Newton-like steps on the attraction
(the "spectral direction" of Vladymyrov and Carreira-Perpinan, 2012): a few, not hundreds.

These forces are local. What whole classes do, ``ways`` adds: first they are carried to where the
distances between them want them, then their points settle among their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from cu_core.projection import quality
from cu_core.projection.fuzzy import Graph, fuzzy_set
from cu_core.projection.groups import groups_of, spaced
from cu_core.projection.moves import AT_REST, FRICTION, ITERATIONS, RESTLESS, jump
from cu_core.projection.moves import SLIDING as SLIDING  # of those who settle a layout by it
from cu_core.projection.moves import relax as relax
from cu_core.projection.neighbours import Neighbours, nearest, nearest_drawn
from cu_core.projection.recorded import Way, plainly, way_of
from cu_core.projection.ways import Ways, ways_of
from cu_core.spec import Frame

K = 15  # neighbours of the measures; the graph has umap-learn's n_neighbors = 15, itself included
TURNS = 16  # of jumps and iterations in one frame, at most; nearly all frames need one
ALONE = 5000  # points up to which one thread is faster than several that wait for each other
STRAGGLERS = 0.05  # frames end when, beside that, at most this share of the forget samples steps:
# 2 % of all may be a third of a small forget set, drawn half-way or not as the last bits of the
# start have it


class Layout:
    """Frame after frame of one run. Its only state is the last layout.

    ``reference_xy``: (P, d), d = 2 or 3, the original model's layout, in UMAP's own units;
    ``previous``: the layout to go on from, by default the reference. Same embeddings, same seed,
    same device: same coordinates, whether or not the run was interrupted between two frames.
    ``turns``: of a frame at most; fewer bound its time, and the next frame goes on from there.
    """

    def __init__(
        self,
        reference_xy: NDArray[np.float32],
        seed: int,
        device: str = "cpu",
        previous: NDArray[np.float32] | None = None,
        normalise: bool = True,
        turns: int | None = None,
    ) -> None:
        self.seed, self.device, self.normalise, self.turns = seed, device, normalise, turns
        self.reference_xy = reference_xy
        self.scale = scale_of(reference_xy)
        start = reference_xy if previous is None else previous
        self._xy = torch.tensor(np.asarray(start), dtype=torch.float32, device=device)
        self._way = way_of(device)

    @property
    def xy(self) -> NDArray[np.float32]:
        """The last layout (P, d): hand it to ``previous`` to resume."""
        return np.array(self._xy.cpu().numpy())

    def place(
        self,
        z: NDArray[np.float32],
        step: int,
        label: NDArray[np.int64],
        is_forget: NDArray[np.bool_],
    ) -> Frame:
        """Lays out ``z`` (P, D) and measures the picture. ``quality`` holds what
        ``picture_quality`` gives, ``jitter``, ``jitter_within`` (of kept samples beside others
        of their class), ``noise_floor`` and ``moved_forget``; a measure without value (no forget
        samples) is left out. Below four points, or when ``z`` is not finite
        (a diverged model), the last layout stands and nothing is measured.
        """
        points = embedded(z, self.device, self.normalise)
        if len(points) < 4 or not bool(points.isfinite().all()):
            return Frame(step, self.xy, {})
        near = nearest(points, min(K, len(points) - 1))
        graph = fuzzy_set(near.first(K - 1), self._way)
        before = self._xy
        forget = torch.tensor(np.asarray(is_forget), device=self.device)
        groups = groups_of(label, is_forget, self.device)
        ways = ways_of(points, near.index, groups, spaced(self.reference_xy, groups))
        self._xy, again = settled(
            graph, before, self.seed, step, None, forget, ways, self.turns, self._way
        )
        way = quality.displacement(before, self._xy, self.scale)
        within = quality.displacement(groups.within(before), groups.within(self._xy), self.scale)
        values = {
            "jitter": quality.jitter(way, forget),
            "jitter_within": quality.jitter(within, forget),
            "noise_floor": quality.noise_floor(quality.displacement(self._xy, again, self.scale)),
            **picture_quality(points, near, self._xy, label, is_forget),
        }
        if is_forget.any():
            values["moved_forget"] = float(way[forget].median())
        return Frame(step, self.xy, values)


def scale_of(xy: NDArray[np.float32]) -> float:
    """The mean standard deviation of a layout's axes: the unit of the measures of movement."""
    return float(np.asarray(xy).std(0).mean()) or 1.0


def picture_quality(
    points: Tensor,
    near: Neighbours,
    xy: Tensor,
    label: NDArray[np.int64],
    is_forget: NDArray[np.bool_],
) -> dict[str, float]:
    """Trustworthiness of a layout ``xy`` (P, d), forget fidelity where there is a forget set, and
    what it says of the way between the classes (``quality.between``).

    ``points``: (P, D) as ``embedded`` gives them; ``near``: their K nearest neighbours.
    """
    drawn = nearest_drawn(xy, near.index.shape[1])
    k = min(K, (len(points) - 1) // 2)
    values = {"trustworthiness": quality.trustworthiness(points, near, drawn[:, :k])}
    if is_forget.any():
        classes = torch.tensor(np.asarray(label), device=xy.device)
        forget = torch.tensor(np.asarray(is_forget), device=xy.device)
        values["fidelity"] = quality.forget_fidelity(classes, forget, near.index, drawn)
    groups = groups_of(label, is_forget, str(xy.device))
    return values | quality.between(points, near, xy, groups)


def embedded(z: NDArray[np.float32], device: str, normalise: bool) -> Tensor:
    """Embeddings (P, D) as the map sees them: on the device, each of length 1 if asked."""
    points = torch.tensor(np.asarray(z), dtype=torch.float32, device=device)
    return normalize(points, dim=1) if normalise else points


def settled(
    graph: Graph,
    before: Tensor,
    seed: int,
    step: int,
    free: Tensor | None = None,
    forget: Tensor | None = None,
    ways: Ways | None = None,
    turns: int | None = None,
    way: Way = plainly,
) -> tuple[Tensor, Tensor]:
    """The next layout (N, d) from the one before, and what would be drawn if the same embeddings
    came once more: the frame ends when that is hardly anything, of all points and of those to
    ``forget`` (N,) by themselves, since points that jump can take the neighbourhoods of others
    with them. ``free`` (N, 1) may move, the rest is held; ``ways``: of the classes;
    ``way``: in which a device is given what is done over and over."""
    free = torch.ones_like(graph.degree, dtype=torch.bool) if free is None else free
    graph = graph if way is plainly else graph.padded()
    with threads(1 if len(before) <= ALONE else None):
        y = advance(graph, before, seed, step, free, ways, way)
        again = advance(graph, y, seed, step, free, ways, way)
        for _ in range(TURNS if turns is None else turns):
            steps = (again - y).norm(dim=1) > AT_REST
            resting = float(steps[free[:, 0]].float().mean()) <= RESTLESS
            if resting and (forget is None or _arrived(steps[forget])):
                break
            y, again = again, advance(graph, again, seed, step, free, ways, way)
    return y, again


def _arrived(steps: Tensor) -> bool:
    """Whether all of the forget samples (F,), F >= 0, but some stragglers have ceased to step."""
    return float(steps.float().sum()) <= STRAGGLERS * len(steps)


@contextmanager
def threads(n: int | None) -> Iterator[None]:
    """torch with ``n`` threads for a while; None leaves them as they are."""
    before = torch.get_num_threads()
    torch.set_num_threads(n or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def advance(
    graph: Graph,
    before: Tensor,
    seed: int,
    step: int,
    free: Tensor,
    ways: Ways | None = None,
    way: Way = plainly,
) -> Tensor:
    """The classes' ways, then jumps, then forces: (N, d)."""
    before = before if ways is None else ways.carry(before, way)
    there = jump(graph, before, seed, step, free, way)
    jumped = (there != before).any(1, keepdim=True)
    return relax(graph, there, jumped, free, FRICTION, ITERATIONS, way)
