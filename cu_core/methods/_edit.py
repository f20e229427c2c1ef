"""What the weight edits share: gradients at fixed weights, and the straight walk to new ones.

Such a method looks at the data once and then changes the weights in one stroke. Here the look is
cut into ``SCAN`` steps, so that pause and stop are obeyed in between, and the stroke into a few
equal ones, so that it can be watched. After the last step the weights are those of the paper.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cu_core.spec import Batches, Job

SCAN = 5  # steps of the look at the data


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode inside; every module's own mode comes back, not just the root's."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def weights(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """All of them as one new vector (P,)."""
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def unflat(vector: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Views of a vector (P,) in the shapes of ``like``."""
    parts = vector.split([t.numel() for t in like])
    return [part.view(t.shape) for part, t in zip(parts, like, strict=True)]


def gradient(loss: Tensor, model: nn.Module, keep_graph: bool = False) -> Tensor:
    """d loss / d weights as a vector (P,); the ``.grad`` of the weights is not touched."""
    params = weights(model)
    found = torch.autograd.grad(loss, params, retain_graph=keep_graph, allow_unused=True)
    return flat(
        [torch.zeros_like(p) if g is None else g for g, p in zip(found, params, strict=True)]
    )


def ce_gradient(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of a batch, 0-d, and its gradient (P,)."""
    loss = cross_entropy(model(x)[0], y)
    return loss.detach(), gradient(loss, model)


def part(n: int, t: int) -> range:
    """The t-th of SCAN near-equal parts of 0..n-1; some are empty where n is small."""
    return range(t * n // SCAN, (t + 1) * n // SCAN)


def rows(batches: Batches, start: int, stop: int) -> tuple[Tensor, Tensor]:
    """Samples start..stop-1 of the first shuffled pass, across the borders of its batches."""
    xs, ys, n, parts = [], [], batches.n, batches.n_batches
    for i in range(start * parts // n, parts):
        first, last = i * n // parts, (i + 1) * n // parts
        if first >= stop:
            break
        if last > start:
            x, y = batches.batch(i)
            xs.append(x[max(start - first, 0) : stop - first])
            ys.append(y[max(start - first, 0) : stop - first])
    return torch.cat(xs), torch.cat(ys)


def rows_of_all(job: Job, i: int, n: int) -> tuple[Tensor, Tensor]:
    """Batch i of n of the whole training set: its share of the forget and of the retain set."""
    x, y = [], []
    for batches in (job.forget, job.retain):
        first, last = i * batches.n // n, (i + 1) * batches.n // n
        if last > first:
            some_x, some_y = rows(batches, first, last)
            x.append(some_x)
            y.append(some_y)
    return torch.cat(x), torch.cat(y)


def begin_edit(job: Job, *sums: str) -> None:
    """The weights as they are, and a zero vector (P,) of each name to add up in."""
    job.extra["origin"] = flat(weights(job.model))
    for name in sums:
        job.extra[name] = torch.zeros_like(job.extra["origin"])


def end_scan(job: Job, goal: Tensor) -> None:
    """Where the walk goes (P,); what was added up for it is let go."""
    job.extra = {"origin": job.extra["origin"], "goal": goal}


@torch.no_grad()
def walk(job: Job, done: int, steps: int) -> Tensor:
    """The weights ``done`` of ``steps`` parts of the way to ``job.extra["goal"]``; their distance
    from the origin, 0-d. The last step ends on the goal exactly."""
    origin, goal = job.extra["origin"], job.extra["goal"]
    here = torch.lerp(origin, goal, done / steps)
    params = weights(job.model)
    for p, value in zip(params, unflat(here, params), strict=True):
        p.copy_(value)
    distance: Tensor = (here - origin).norm()
    return distance
