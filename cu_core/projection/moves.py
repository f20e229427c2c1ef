"""How points move within a frame: jumps to where their neighbours are, then forces until they rest.

What is done over and over asks nothing of the host and has shapes that do not depend on values:
``iterate`` and ``leap`` are functions of tensors, which a device may be given whole
(``recorded.py``). The one thing read back from an iteration is its ``said``: whether it was the
last, and the grid of the next.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from cu_core.projection.forces import A, B, Grid, attraction, repulsion, span
from cu_core.projection.fuzzy import Graph, Rows
from cu_core.projection.recorded import Way, plainly
from cu_core.seeding import derive

FRICTION = 0.18  # force over degree that a resting point withstands: it would move it that far
SLIDING = 0.05  # force over degree at which a moving point comes to rest
LOOSE = 0.35  # share of strained points above which friction is SLIDING for all
MARGINS = (0.2, 1.2)  # a jump must lower the mean attraction energy by one: weighted, unweighted
LANDINGS = 3  # every third neighbour is considered for it, the nearest first
LANDING = 0.15  # layout units from the neighbour that a jumping point lands beside
ITERATIONS = 5
LOOSE_ITERATIONS = 20
SOLVES = 4  # conjugate gradient steps in each
DAMPING = 0.1  # added to the attraction's curvature, in units of the degree
LONGEST = 1.0  # step of one iteration, layout units
MIN_DIST = 0.1  # umap-learn's min_dist: nearer than this is no nearer
AT_REST = 0.01  # a step shorter than this, in layout units, is none
RESTLESS = 0.02  # iterations, and frames, end when at most this share of the points step


def relax(
    graph: Graph,
    y: Tensor,
    awake: Tensor,
    free: Tensor,
    friction: float,
    iterations: int,
    way: Way = plainly,
) -> Tensor:
    """Moves the points that are ``awake`` (N, 1), and those whose force exceeds ``friction``, until
    they rest or the iterations are spent. Returns the new places (N, d).

    Where many points are strained the embeddings have changed as a whole: friction would then
    hold back what is no noise, so it is lowered and more iterations are allowed.
    """
    limit, sliding, loose, never = y.new_tensor([friction, SLIDING, LOOSE, torch.inf]).unbind()
    tiles, done = span(y), 0
    bounds = tiles.tolist()
    while done < iterations:
        grid = Grid.over(tiles, bounds)
        given = (y, awake, free, limit, sliding, loose, *grid.tensors, *graph.tensors)
        y, awake, limit, tiles, ends = way(iterate, given, grid.shape)
        moving, loosened, *bounds = ends.tolist()
        if loosened:
            iterations = max(iterations, LOOSE_ITERATIONS)
        loose, done = never, done + 1
        if moving <= RESTLESS:
            break
    return y


def iterate(given: tuple[Tensor, ...], shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """One iteration on a grid of ``shape``, of places (N, d), points awake and free (N, 1), the
    friction, the one of sliding points, the share of strained points above which it becomes that,
    ``Grid.tensors`` and ``Graph.tensors``: new places, points awake, friction, the tiles they span,
    and, to be read, [share that stepped, whether friction has become less, the tiles] (2 + 2 d,).
    """
    y, awake, free, friction, sliding, loose, low, spectrum, *edges = given
    graph = Graph(*edges)
    pull, matrix, total = attraction(graph, y)
    force = pull + repulsion(graph, y, Grid(low, spectrum, shape))  # (N, d)
    strain = force.norm(dim=1, keepdim=True) / graph.degree
    loosened = ((strain > friction) & free).sum() / free.sum() > loose
    friction = torch.where(loosened, sliding, friction)
    awake = free & ((strain > friction) | (awake & (strain > SLIDING)))
    move = solve(matrix, total + DAMPING * graph.degree, force, awake.to(force))
    length = move.norm(dim=1, keepdim=True)
    y = y + move * (LONGEST / length.clamp(min=LONGEST))
    moving, tiles = (length > AT_REST).float().mean(), span(y)
    said = torch.cat([torch.stack([moving, loosened.float()]), tiles])
    return y, awake, friction, tiles, said


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


def jump(
    graph: Graph, y: Tensor, seed: int, step: int, free: Tensor | None = None, way: Way = plainly
) -> Tensor:
    """Points that are ``free`` (N, 1), or all, and whose neighbours are elsewhere, put beside the
    most central of them: (N, d).

    Forces alone would leave them stuck behind whatever lies between, and UMAP's pull falls with
    distance. The energy of a place is taken twice: with the edges' weights, which the nearest few
    dominate, and with all neighbours alike, which says among whom a point lies. Where a point lands
    around its neighbour is a pure function of (seed, step).
    """
    random = torch.Generator().manual_seed(derive("landing", seed, step))
    where = torch.randn(y.shape, generator=random).to(y)
    given = (y, graph.listed, graph.strength, where, y.new_tensor(MARGINS))
    there = _leap_few(*given) if way is plainly else way(leap, given)[0]
    return there if free is None else torch.where(free, there, y)


def _leap_few(
    y: Tensor, listed: Tensor, strength: Tensor, random: Tensor, margin: Tensor
) -> Tensor:
    """Jumps worked out for those alone whose energy they could lower: few, so fast where a kernel
    costs by its size, but their number has to be known."""
    around, shares, here = _held(y, listed, strength)
    far = torch.nonzero((here > margin).any(1))[:, 0]  # (F,): energies are above 0
    there = around.index_select(1, far).movedim(0, 2)  # (F, k, d)
    y = y.clone()
    y[far] = _landed(y[far], there, shares[far], here[far], random[far], margin)
    return y


def leap(given: tuple[Tensor, ...], _shape: tuple[int, ...] = ()) -> tuple[Tensor]:
    """Jumps worked out for all, of places (N, d), neighbours and strengths (N, k), random ways (N,
    d) and margins (2,): the new places (N, d)."""
    y, listed, strength, random, margin = given
    around, shares, here = _held(y, listed, strength)
    far = (here > margin).any(1, keepdim=True)
    there = _landed(y, around.movedim(0, 2), shares, here, random, margin)
    return (torch.where(far, there, y),)


def _held(y: Tensor, listed: Tensor, strength: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Neighbours' places (d, N, k), their shares in both energies (N, k, 2), and these (N, 2)."""
    around = y.T.contiguous().index_select(1, listed.flatten())
    around = around.view(-1, *listed.shape)  # an axis in one piece
    share = strength / strength.sum(1, keepdim=True)  # (N, k)
    shares = torch.stack([share, torch.full_like(share, 1 / share.shape[1])], 2)
    return around, shares, (_energy(y[:, None], around.movedim(0, 2)) @ shares)[:, 0]


def _landed(
    y: Tensor, there: Tensor, shares: Tensor, here: Tensor, random: Tensor, margin: Tensor
) -> Tensor:
    """Where each of F points at ``y`` (F, d) would best be, among its neighbours ``there`` (F, k,
    d), if that gains more than ``margin`` over its energies ``here`` (F, 2); else where it is."""
    landing = there[:, ::LANDINGS]  # (F, M, d)
    gain = here[:, None] - _energy(landing, there) @ shares  # (F, M, 2)
    best, which = (gain - margin).amax(2).max(1)  # (F,)
    which = which[:, None, None].expand(-1, 1, y.shape[1])
    beside = landing.gather(1, which)[:, 0] + LANDING * normalize(random, dim=1)
    return torch.where((best > 0)[:, None], beside, y)


def _energy(places: Tensor, there: Tensor) -> Tensor:
    """Attraction energy (N, M, k), log(1 + a s^2b), of each edge of each point from ``places`` (N,
    M, d), given its neighbours' places ``there`` (N, k, d)."""
    square = there.new_zeros(())
    for place, other in zip(places.unbind(2), there.unbind(2), strict=True):
        square = square + (place[:, :, None] - other[:, None]).square_()  # (N, M, k)
    return torch.log1p(A * square.clamp_(min=MIN_DIST**2) ** B)
