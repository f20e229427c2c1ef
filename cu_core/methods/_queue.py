"""A queue of past retain embeddings with their labels, and the slow encoder that may fill it.

As in MoCo (arXiv:1911.05722), but the queue stands beside the step's own retain batch, which keeps
its gradient: an empty queue is Eq. 5 itself. The queue holds what has been seen and no more, so
the mask of own and other classes is right from the first step; the released memory-queue code
takes empty places for samples and has its mask inverted until they are filled.

All state is in ``job.extra``: ``queue z`` (<= K, D), ``queue y`` (<= K,), ``key encoder``.
"""

from typing import Any

import torch
from torch import Tensor

from cu_core.methods._teacher import frozen
from cu_core.spec import Job


def start_queue(job: Job, momentum: float) -> None:
    """For a momentum above 0, a copy of the model that will follow it slowly."""
    if momentum:
        job.extra["key encoder"] = frozen(job.model)


def beside_queue(job: Job, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The batch's embeddings (R, D) and labels (R,) with those of the queue after them."""
    if "queue z" not in job.extra:
        return z, y
    return torch.cat([z, job.extra["queue z"]]), torch.cat([y, job.extra["queue y"]])


def enqueue(job: Job, z: Tensor, y: Tensor, size: int) -> None:
    """Adds a batch (R, D), (R,); the oldest beyond ``size`` leave. No gradient is kept."""
    z = z.detach()
    old_z, old_y = job.extra.get("queue z", z[:0]), job.extra.get("queue y", y[:0])
    job.extra["queue z"] = torch.cat([old_z, z])[-size:]
    job.extra["queue y"] = torch.cat([old_y, y])[-size:]


@torch.no_grad()
def slow_embeddings(job: Job, x: Tensor, momentum: float) -> Tensor:
    """The key encoder, moved one update towards the model, and what it makes of ``x``: (R, D).

    It stays in eval mode, as a model is measured; BatchNorm statistics follow like weights.
    """
    key: Any = job.extra["key encoder"]
    for kept, now in zip(key.state_dict().values(), job.model.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(now, 1 - momentum)
        else:
            kept.copy_(now)  # a counter
    z: Tensor = key(x)[1]
    return z
