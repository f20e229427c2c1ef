"""Pieces that several methods share: SGD and its schedule, labels to teach instead, and CoUn's term
as a switch.

The switch is two knobs, ``coun_weight`` (0: off, nothing is computed) and ``coun_temperature``;
``retain_terms`` turns them into a loss on the retain batch (CoUn, arXiv:2509.16391, Table 9).
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from cu_core.spec import Job, knob

LAST_LR = 1e-4  # where CoUn's cosine ends (its appendix E.2)


class SgdKnobs(Protocol):
    lr: float
    momentum: float
    weight_decay: float


def sgd(job: Job, method: SgdKnobs, nesterov: bool = False) -> torch.optim.Optimizer:
    """SGD over all of the job's weights, from a method's lr, momentum and weight_decay."""
    return torch.optim.SGD(
        job.model.parameters(),
        lr=method.lr,
        momentum=method.momentum,
        weight_decay=method.weight_decay,
        nesterov=nesterov and method.momentum > 0,
    )


def set_lr(job: Job, lr: float) -> None:
    """The rate of the next update, for a schedule that is a function of t alone."""
    for group in job.optimizer.param_groups:
        group["lr"] = lr


def schedule_knob(default: str = "constant") -> Any:
    return knob(default, help="Learning rate: constant, or a cosine from lr down to 1e-4")


def scheduled(schedule: str, lr: float, t: int, total: int) -> float:
    """Learning rate of update t of ``total``. A rate that starts below 1e-4 stays where it is."""
    if schedule == "constant" or lr <= LAST_LR:
        return lr
    return LAST_LR + (lr - LAST_LR) * (1 + math.cos(math.pi * t / total)) / 2


def augment_knob() -> Any:
    """A knob ``augment``, for methods that see forget images alone: ``Method.augmented``."""
    return knob(False, help="Crop and mirror forget images, as the training did")


def kept_labels(
    y: Tensor, n_classes: int, forgotten: Sequence[int], generator: torch.Generator | None = None
) -> Tensor:
    """Labels (B,) in place of y, uniform among the classes that are not forgotten. One forgotten
    class taught as another would be learnt again instead."""
    kept = torch.tensor([c for c in range(n_classes) if c not in forgotten])
    drawn: Tensor = kept[torch.randint(len(kept), y.shape, generator=generator)]
    return drawn.to(y.device)


def coun_weight_knob() -> Any:
    return knob(
        0.0, 0.0, 10.0, symbol=r"\lambda_{CL}", help="CoUn's contrastive term on top; 0 is off"
    )


def coun_temperature_knob() -> Any:
    return knob(0.1, 0.01, 1.0, symbol=r"\tau", help="Of CoUn's term, where its weight is not 0")


def coun_loss(z: Tensor, z_prime: Tensor, temperature: float) -> Tensor:
    """CoUn's Eq. 2 as its listing B.2 has it: cross-view InfoNCE, both ways, without a half.

    ``z``, ``z_prime`` (N, D): two views of the same N images, of any length. Each view's only
    positive is its twin; the negatives are the N - 1 others of the other view, whatever their
    label. B.2 takes log(sum(exp)), which overflows in float32 below a temperature of 0.012.
    """
    sim = normalize(z, dim=1) @ normalize(z_prime, dim=1).T / temperature  # (N, N)
    twin = torch.arange(len(sim), device=sim.device)  # (N,)
    return cross_entropy(sim, twin) + cross_entropy(sim.T, twin)


def contrast_term(job: Job, i: int, temperature: float, z: Tensor | None = None) -> Tensor:
    """CoUn's term for two views of retain batch i; ``z`` (N, D), where view 0 was embedded before.

    The views go through the model one after the other in train mode, as in B.2, and gradients
    flow through both.
    """
    if z is None:
        z = job.model(job.retain.batch(i)[0])[1]
    z_prime = job.model(job.retain.batch(i, view=1)[0])[1]  # (N, D)
    return coun_loss(z, z_prime, temperature)


def retain_terms(job: Job, i: int, weight: float, temperature: float) -> dict[str, Tensor]:
    """The terms of retain batch i: its cross-entropy and, where ``weight`` is not 0, CoUn's."""
    x, y = job.retain.batch(i)
    logits, z = job.model(x)  # (N, C), (N, D)
    terms = {"cross-entropy": cross_entropy(logits, y)}
    if weight:
        terms["contrast"] = contrast_term(job, i, temperature, z)
    return terms


def retain_loss(terms: dict[str, Tensor], weight: float) -> Tensor:
    """Cross-entropy + weight x contrast, of the ``retain_terms`` made with the same weight."""
    return terms["cross-entropy"] + weight * terms["contrast"] if weight else terms["cross-entropy"]
