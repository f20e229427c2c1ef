"""The two halves of contrastive unlearning's loss (arXiv:2401.10458, Eq. 5 and 6)."""

from typing import Literal

import torch
from torch import Tensor


def push_pull(
    z_f: Tensor, y_f: Tensor, z_r: Tensor, y_r: Tensor, temperature: float, variant: str = "paper"
) -> tuple[Tensor, Tensor]:
    """The two halves of Eq. 5, per anchor: push (F,) from the own class, pull (F,) to the others.

    Where an anchor lacks the samples, that half is 0 and its gradient finite.
    """
    sim = z_f @ z_r.T / temperature  # (F, R)
    same = y_f[:, None] == y_r  # (F, R)
    n_other = (~same).sum(1)  # (F,)
    # A large finite fill, not -inf: the gradient of an all-masked row would be NaN.
    push = sim.masked_fill(~same, -1e9).logsumexp(1)  # (F,)
    push = push.where(same.any(1), torch.zeros_like(push))
    if variant == "official":
        push = push * y_r.numel() / n_other.clamp(min=1)
    pull = (sim * ~same).sum(1) / n_other.clamp(min=1)  # (F,)
    return push, pull


def contrastive_loss(
    z_f: Tensor,
    y_f: Tensor,
    z_r: Tensor,
    y_r: Tensor,
    temperature: float,
    variant: Literal["paper", "official"] = "paper",
) -> Tensor:
    """L_UL of Eq. 5 and 6 as a mean over anchors (the paper sums; so does Eq. 5 / F).

    ``z_f (F, D)``, ``z_r (R, D)`` unit-norm embeddings, ``y_f (F,)``, ``y_r (R,)`` labels.
    ``variant="official"`` weights the push as the released code does: by R / (of other classes).
    """
    push, pull = push_pull(z_f, y_f, z_r, y_r, temperature, variant)
    return (push - pull).mean()
