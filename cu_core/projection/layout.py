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
from cu_core.projection.forces import A, B, attraction, repulsion
from cu_core.projection.fuzzy import Graph, Rows, fuzzy_set
from cu_core.projection.groups import groups_of, spaced
from cu_core.projection.neighbours import Neighbours, nearest, nearest_drawn
from cu_core.projection.ways import Ways, ways_of
from cu_core.seeding import derive
from cu_core.spec import Frame

K = 15  # neighbours of the measures; the graph has umap-learn's n_neighbors = 15, itself included
FRICTION = 0.18  # force over degree that a resting point withstands: it would move it that far
SLIDING = 0.05  # force over degree at which a moving point comes to rest
LOOSE = 0.35  # share of strained points above which friction is SLIDING for all
MARGINS = (0.2, 1.2)  # a jump must lower the mean attraction energy by one: weighted, unweighted
LANDINGS = 3  # every third neighbour is considered for it, the nearest first
LANDING = 0.15  # layout units from the neighbour that a jumping point lands beside
ITERATIONS = 5
LOOSE_ITERATIONS = 20
TURNS = 16  # of jumps and iterations in one frame, at most; nearly all frames need one
SOLVES = 4  # conjugate gradient steps in each
DAMPING = 0.1  # added to the attraction's curvature, in units of the degree
LONGEST = 1.0  # step of one iteration, layout units
MIN_DIST = 0.1  # umap-learn's min_dist: nearer than this is no nearer
AT_REST = 0.01  # a step shorter than this, in layout units, is none
ALONE = 5000  # points up to which one thread is faster than several that wait for each other
RESTLESS = 0.02  # iterations, and frames, end when at most this share of the points step
STRAGGLERS = 0.05  # and frames, when at most this share of the forget samples does: 2 % of all may
# be a third of a small forget set, drawn half-way or not as the last bits of the start have it


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
        graph = fuzzy_set(near.first(K - 1))
        before = self._xy
        forget = torch.tensor(np.asarray(is_forget), device=self.device)
        groups = groups_of(label, is_forget, self.device)
        ways = ways_of(points, near.index, groups, spaced(self.reference_xy, groups))
        self._xy, again = settled(
            graph, before, self.seed, step, forget=forget, ways=ways, turns=self.turns
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
) -> tuple[Tensor, Tensor]:
    """The next layout (N, d) from the one before, and what would be drawn if the same embeddings
    came once more: the frame ends when that is hardly anything, of all points and of those to
    ``forget`` (N,) by themselves, since points that jump can take the neighbourhoods of others
    with them. ``free`` (N, 1) may move, the rest is held; ``ways``: of the classes."""
    free = torch.ones_like(graph.degree, dtype=torch.bool) if free is None else free
    with threads(1 if len(before) <= ALONE else None):
        y = advance(graph, before, seed, step, free, ways)
        again = advance(graph, y, seed, step, free, ways)
        for _ in range(TURNS if turns is None else turns):
            steps = (again - y).norm(dim=1) > AT_REST
            resting = float(steps[free[:, 0]].float().mean()) <= RESTLESS
            if resting and (forget is None or _arrived(steps[forget])):
                break
            y, again = again, advance(graph, again, seed, step, free, ways)
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
    graph: Graph, before: Tensor, seed: int, step: int, free: Tensor, ways: Ways | None = None
) -> Tensor:
    """The classes' ways, then jumps, then forces: (N, d)."""
    before = before if ways is None else ways.carry(before)
    there = torch.where(free, jump(graph, before, seed, step), before)
    jumped = (there != before).any(1, keepdim=True)
    return relax(graph, there, jumped, free, FRICTION, ITERATIONS)


def relax(
    graph: Graph,
    y: Tensor,
    awake: Tensor,
    free: Tensor,
    friction: float,
    iterations: int,
) -> Tensor:
    """Moves the points that are ``awake`` (N, 1), and those whose force exceeds ``friction``, until
    they rest or the iterations are spent. Returns the new places (N, d).

    Where many points are strained the embeddings have changed as a whole: friction would then
    hold back what is no noise, so it is lowered and more iterations are allowed.
    """
    done = 0
    while done < iterations:
        pull, matrix, total = attraction(graph, y)
        force = pull + repulsion(graph, y)  # (N, d)
        strain = force.norm(dim=1, keepdim=True) / graph.degree
        if done == 0 and float((strain[free] > friction).float().mean()) > LOOSE:
            friction, iterations = SLIDING, max(iterations, LOOSE_ITERATIONS)
        awake = free & ((strain > friction) | (awake & (strain > SLIDING)))
        move = solve(matrix, total + DAMPING * graph.degree, force, awake.to(force))
        length = move.norm(dim=1, keepdim=True)
        y = y + move * (LONGEST / length.clamp(min=LONGEST))
        done += 1
        if float((length > AT_REST).float().mean()) <= RESTLESS:
            break
    return y


def solve(matrix: Tensor | Rows, diagonal: Tensor, force: Tensor, mask: Tensor) -> Tensor:
    """Some conjugate gradient steps for (diag - matrix) move = force on the masked rows.

    ``matrix``: sparse (N, N), symmetric, row sums below ``diagonal`` (N, 1); ``force``: (N, d),
    whose columns are solved side by side.
    """
    mask, diagonal = (same.expand_as(force).contiguous() for same in (mask, diagonal))
    move = torch.zeros_like(force)
    rest = mask * force
    ahead = rest / diagonal
    way = ahead
    size = (rest * ahead).sum(0)
    for _ in range(SOLVES):
        image = mask * (diagonal * way - matrix @ way)
        rate = size / (way * image).sum(0).clamp(min=1e-20)
        move = move + rate * way
        rest = rest - rate * image
        ahead = rest / diagonal
        size, last = (rest * ahead).sum(0), size
        way = ahead + size / last.clamp(min=1e-20) * way
    return move


def jump(graph: Graph, y: Tensor, seed: int, step: int) -> Tensor:
    """Points whose neighbours are elsewhere, put beside the most central of them.

    Forces alone would leave them stuck behind whatever lies between, and UMAP's pull falls with
    distance. The energy of a place is taken twice: with the edges' weights, which the nearest few
    dominate, and with all neighbours alike, which says among whom a point lies. Where a point lands
    around its neighbour is a pure function of (seed, step).
    """
    around = y.T.contiguous().index_select(1, graph.listed.flatten())
    around = around.view(-1, *graph.listed.shape)  # (d, N, k): an axis in one piece
    share = graph.strength / graph.strength.sum(1, keepdim=True)  # (N, k)
    shares = torch.stack([share, torch.full_like(share, 1 / share.shape[1])], 2)  # (N, k, 2)
    margin = torch.tensor(MARGINS, device=y.device)
    here = (_energy(y[:, None], around.movedim(0, 2)) @ shares)[:, 0]  # (N, 2)
    far = torch.nonzero((here > margin).any(1))[:, 0]  # (F,): energies are above 0
    there = around.index_select(1, far).movedim(0, 2)  # (F, k, d)
    landing = there[:, ::LANDINGS]  # (F, M, d)
    gain = here[far, None] - _energy(landing, there) @ shares[far]  # (F, M, 2)
    best, which = (gain - margin).amax(2).max(1)  # (F,)
    random = torch.Generator().manual_seed(derive("landing", seed, step))
    way = torch.randn(y.shape, generator=random).to(y)
    which = which[:, None, None].expand(-1, 1, y.shape[1])
    beside = landing.gather(1, which)[:, 0] + LANDING * normalize(way[far], dim=1)
    y = y.clone()
    y[far] = torch.where((best > 0)[:, None], beside, y[far])
    return y


def _energy(places: Tensor, there: Tensor) -> Tensor:
    """Attraction energy (N, M, k), log(1 + a s^2b), of each edge of each point from ``places`` (N,
    M, d), given its neighbours' places ``there`` (N, k, d)."""
    square = there.new_zeros(())
    for place, other in zip(places.unbind(2), there.unbind(2), strict=True):
        square = square + (place[:, :, None] - other[:, None]).square_()  # (N, M, k)
    return torch.log1p(A * square.clamp_(min=MIN_DIST**2) ** B)
