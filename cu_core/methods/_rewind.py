"""The rewind of SCRUB+R: back to the epoch whose forget error matches a reference error.

The reference is what a model that never saw the forget samples is taken to get wrong of them:
- a class task: all. Such a model never answers the class, and no sample of it is held back.
- a sample task: what the finished model gets wrong of retain batches that were kept out of every
  unlearning step, weighed to the forget set's classes. The original model was trained on them, so
  this is a low estimate; a validation set of its own would be better, and the test set is not one.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cu_core.methods._teacher import frozen
from cu_core.spec import Batches, Job


def keep(job: Job, epoch: int) -> None:
    """Remembers the model as it is after this epoch."""
    job.extra[f"epoch {epoch}"] = {k: v.clone() for k, v in job.model.state_dict().items()}


@torch.no_grad()
def wrong_and_seen(model: Any, batches: Batches, which: Iterable[int], c: int) -> Tensor:
    """(2, C): errors of ``model`` on these batches, and samples, by true class."""
    counts = torch.zeros(2, c)
    for i in which:
        x, y = batches.batch(i)
        missed = model(x)[0].argmax(1) != y
        counts[0] += torch.bincount(y[missed], minlength=c).cpu()
        counts[1] += torch.bincount(y, minlength=c).cpu()
    return counts


def reference_error(job: Job, judge: Any, held_out: range, share: Tensor) -> Tensor:
    """In 0..1. ``share`` (C,): the forget set's samples by class."""
    if job.forget_classes:
        return torch.tensor(1.0)
    missed, seen = wrong_and_seen(judge, job.retain, held_out, job.n_classes)
    weight: Tensor = share * (seen > 0)  # (C,)
    weight = weight if weight.any() else seen
    return torch.dot(missed / seen.clamp(min=1), weight) / weight.sum()


def rewind(job: Job, epochs: int, held_out: range) -> dict[str, Tensor]:
    """Puts the model back to the kept epoch nearest to the reference; the later one if equal."""
    judge = frozen(job.model)  # the finished model, in eval mode
    every = range(job.forget.n_batches)
    share = wrong_and_seen(judge, job.forget, every, job.n_classes)[1]
    reference = reference_error(job, judge, held_out, share)
    errors = []
    for epoch in range(epochs):
        judge.load_state_dict(job.extra[f"epoch {epoch}"])
        missed, seen = wrong_and_seen(judge, job.forget, every, job.n_classes)
        errors.append(missed.sum() / seen.sum())
    chosen = min(range(epochs), key=lambda e: (float((errors[e] - reference).abs()), -e))
    job.model.load_state_dict(job.extra[f"epoch {chosen}"])
    return {"forget error": errors[chosen], "reference error": reference}
