"""The live map: each frame laid out from the last one, so that movement means something.

UMAP's forces on the whole layout, in torch, on CPU and CUDA alike, nothing compiled at run time.
What is different here: points have friction. A point rests until the forces of its new
neighbourhood exceed a threshold, then goes all the way to where they balance; one whose new
neighbours are elsewhere altogether jumps there. So equal embeddings give equal frames, and a point
moves only as its own evidence moves. The balance is found by Newton-like steps on the attraction
(the "spectral direction" of Vladymyrov and Carreira-Perpinan, 2012): a few, not hundreds.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cu_core.projection import quality
from cu_core.projection.forces import A, B, attraction, repulsion
from cu_core.projection.fuzzy import Graph, fuzzy_set
from cu_core.projection.neighbours import nearest
from cu_core.seeding import derive
from cu_core.spec import Frame

K = 15  # neighbours of the measures; the graph has umap-learn's n_neighbors = 15, itself included
FRICTION = 0.25  # force over degree that a resting point withstands: it would move it about as far
SLIDING = 0.03  # force over degree at which a moving point comes to rest
MARGIN = 0.3  # a jump must lower the attraction energy, per unit of edge weight, by this
LANDING = 0.15  # layout units from the neighbour that a jumping point lands beside
ITERATIONS = 6
SOLVES = 8  # conjugate gradient steps in each
DAMPING = 0.5  # added to the attraction's curvature, in units of the degree
LONGEST = 1.0  # step of one iteration, layout units
MIN_DIST = 0.1  # umap-learn's min_dist: nearer than this is no nearer
AT_REST = 0.01  # a step shorter than this, in layout units, is none
RESTLESS = 0.002  # iterations end when at most this share of the points step


class Layout:
    """Frame after frame of one run. Its only state is the last layout.

    ``reference_xy``: (P, 2), the original model's layout, in UMAP's own units; ``previous``: the
    layout to go on from, by default the reference. Same embeddings, same seed, same device: same
    coordinates, whether or not the run was interrupted between two frames.
    """

    def __init__(
        self,
        reference_xy: NDArray[np.float32],
        seed: int,
        device: str = "cpu",
        previous: NDArray[np.float32] | None = None,
        normalise: bool = True,
    ) -> None:
        self.seed, self.device, self.normalise = seed, device, normalise
        self.scale = float(np.asarray(reference_xy).std(0).mean()) or 1.0
        start = reference_xy if previous is None else previous
        self._xy = torch.tensor(np.asarray(start), dtype=torch.float32, device=device)

    @property
    def xy(self) -> NDArray[np.float32]:
        """The last layout (P, 2): hand it to ``previous`` to resume."""
        return np.array(self._xy.cpu().numpy())

    def place(
        self,
        z: NDArray[np.float32],
        step: int,
        label: NDArray[np.int64],
        is_forget: NDArray[np.bool_],
    ) -> Frame:
        """Lays out ``z`` (P, D) and measures the picture. ``quality`` holds ``trustworthiness``,
        ``fidelity``, ``jitter``, ``noise_floor`` and ``moved_forget``; a measure that has no
        value (no forget samples) is left out. Below four points, or when ``z`` is not finite
        (a diverged model), the last layout stands and nothing is measured.
        """
        points = embedded(z, self.device, self.normalise)
        if len(points) < 4 or not bool(points.isfinite().all()):
            return Frame(step, self.xy, {})
        near = nearest(points, min(K, len(points) - 1))
        graph = fuzzy_set(near.first(K - 1))
        before, self._xy = self._xy, advance(graph, self._xy, self.seed, step)
        again = advance(graph, self._xy, self.seed, step)
        forget = torch.tensor(np.asarray(is_forget), device=self.device)
        drawn = nearest(self._xy, near.index.shape[1]).index
        way = quality.moved(before, self._xy, self.scale)
        values = {
            "jitter": quality.jitter(way, forget),
            "noise_floor": quality.noise_floor(quality.moved(self._xy, again, self.scale)),
        }
        k = min(K, (len(points) - 1) // 2)
        values["trustworthiness"] = quality.trustworthiness(points, near, drawn[:, :k])
        if is_forget.any():
            classes = torch.tensor(np.asarray(label), device=self.device)
            values["fidelity"] = quality.forget_fidelity(classes, forget, near.index, drawn)
            values["moved_forget"] = float(way[forget].median())
        return Frame(step, self.xy, values)


def embedded(z: NDArray[np.float32], device: str, normalise: bool) -> Tensor:
    """Embeddings (P, D) as the map sees them: on the device, each of length 1 if asked."""
    points = torch.tensor(np.asarray(z), dtype=torch.float32, device=device)
    return torch.nn.functional.normalize(points, dim=1) if normalise else points


def advance(graph: Graph, before: Tensor, seed: int, step: int) -> Tensor:
    """The next layout (N, 2) from the one before."""
    y = jump(graph, before, seed, step)
    return relax(graph, y, (y != before).any(1, keepdim=True), FRICTION, ITERATIONS)


def relax(graph: Graph, y: Tensor, awake: Tensor, friction: float, iterations: int) -> Tensor:
    """Moves the points that are ``awake`` (N, 1), and those whose force exceeds ``friction``, until
    they rest or the iterations are spent. Returns the new places (N, 2)."""
    for _ in range(iterations):
        pull, matrix, total = attraction(graph, y)
        force = pull + repulsion(graph, y)  # (N, 2)
        strain = force.norm(dim=1, keepdim=True) / graph.degree
        awake = (strain > friction) | (awake & (strain > SLIDING))
        move = solve(matrix, total + DAMPING * graph.degree, force, awake.to(force))
        length = move.norm(dim=1, keepdim=True)
        y = y + move * (LONGEST / length.clamp(min=LONGEST))
        if float((length > AT_REST).float().mean()) <= RESTLESS:
            break
    return y


def solve(matrix: Tensor, diagonal: Tensor, force: Tensor, mask: Tensor) -> Tensor:
    """Some conjugate gradient steps for (diag - matrix) move = force on the masked rows.

    ``matrix``: sparse (N, N), symmetric, row sums below ``diagonal`` (N, 1); ``force``: (N, 2),
    whose columns are solved side by side.
    """
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

    Forces alone would leave them stuck behind whatever lies between. Where a point lands around
    that neighbour is a pure function of (seed, step).
    """
    there = y[graph.listed]  # (N, k, 2)
    share = graph.strength / graph.strength.sum(1, keepdim=True)  # (N, k)
    here = _energy(y[:, None], there, share)  # (N, 1)
    best, which = _energy(there, there, share).min(1, keepdim=True)  # (N, 1)
    target = there.gather(1, which[..., None].expand(-1, -1, 2))[:, 0]  # (N, 2)
    random = torch.Generator().manual_seed(derive("landing", seed, step))
    angle = 2 * torch.pi * torch.rand(len(y), 1, generator=random).to(y)
    beside = target + LANDING * torch.cat([angle.cos(), angle.sin()], 1)
    return torch.where(here - best > MARGIN, beside, y)


def _energy(places: Tensor, there: Tensor, share: Tensor) -> Tensor:
    """Mean attraction energy (N, M), log(1 + a d^2b), at ``places`` (N, M, 2) of each point, given
    its neighbours' places ``there`` (N, k, 2) and ``share`` of its edge weight (N, k)."""
    square = (places[:, :, None] - there[:, None]).square().sum(3)  # (N, M, k)
    energy = torch.log1p(A * square.clamp(min=MIN_DIST**2) ** B)
    return (energy @ share[..., None])[..., 0]
