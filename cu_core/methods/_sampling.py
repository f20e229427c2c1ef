"""Which retained samples meet the forget samples of a step, and BatchNorm that only looks on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from cu_core.methods._edit import evaluating
from cu_core.spec import Job

Draw = Literal["fresh", "first", "balanced", "hard"]
Order = Literal["shuffled", "stored", "balanced"]


def retain_rows(
    job: Job, t: int, draw: Draw, first: int, anchors: Tensor, candidates: int
) -> tuple[Tensor, Tensor]:
    """Retained x (R, ...) and y (R,) of step t. What is drawn is a function of (seed, t) alone;
    ``hard`` keeps of ``candidates`` x R samples those nearest to the ``anchors``.
    ``first``: how many stored batches the draw of that name goes round."""
    if draw == "hard":
        return _nearest(job, t, anchors, candidates)
    number, order = batch_of(t, draw, first)
    return job.retain.batch(number, order=order)


def batch_of(t: int, draw: Draw, first: int) -> tuple[int, Order]:
    """Number and order of the retain batch of step t, where no model has a say in it: not of
    ``hard``."""
    if draw == "first":
        return t % first, "stored"
    return t, "balanced" if draw == "balanced" else "shuffled"


def _nearest(job: Job, t: int, anchors: Tensor, candidates: int) -> tuple[Tensor, Tensor]:
    """A batch, half of it the nearest of ``candidates`` batches: whose embedding has the largest
    cosine to any anchor. The model is asked in eval mode and left as it was.

    The other half is as it was drawn: the nearest may all be of one class, and cross-entropy on
    them alone lets the other classes go. The batches are of one pass: no sample comes twice.
    """
    candidates = min(candidates, job.retain.n_batches)
    epoch, group = divmod(t, job.retain.n_batches // candidates)
    first = epoch * job.retain.n_batches + group * candidates
    drawn = [job.retain.batch(i) for i in range(first, first + candidates)]
    x, y = torch.cat([x for x, _ in drawn]), torch.cat([y for _, y in drawn])
    size = len(drawn[0][1])
    with torch.no_grad(), evaluating(job.model):
        z = normalize(job.model(x[size // 2 :])[1], dim=1)
        z_f = normalize(job.model(anchors)[1], dim=1)  # (F, D)
    nearest = (z @ z_f.T).amax(1).topk(size - size // 2).indices + size // 2
    taken = torch.cat([torch.arange(size // 2, device=nearest.device), nearest])  # (R,)
    return x[taken], y[taken]


@contextmanager
def statistics_kept(model: nn.Module, kept: bool) -> Iterator[None]:
    """Inside, where ``kept``, BatchNorm normalises by its running statistics and leaves them as
    they are; each layer's own mode comes back."""
    norms = [m for m in model.modules() if kept and isinstance(m, nn.modules.batchnorm._BatchNorm)]
    modes = [norm.training for norm in norms]
    for norm in norms:
        norm.eval()
    try:
        yield
    finally:
        for norm, training in zip(norms, modes, strict=True):
            norm.train(training)
