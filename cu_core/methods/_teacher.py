"""Pieces of the methods that learn from a frozen copy of the original model."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import kl_div, log_softmax


def frozen(model: Any) -> Any:
    """A copy that never changes: eval mode, no gradients for its weights."""
    return copy.deepcopy(model).eval().requires_grad_(False)


def masked(logits: Tensor, y: Tensor, classes: Sequence[int] = ()) -> Tensor:
    """``logits`` (B, C) with each sample's label ``y`` (B,), and all of ``classes``, at -inf."""
    hidden = torch.zeros_like(logits, dtype=torch.bool).scatter_(1, y[:, None], True)
    hidden[:, list(classes)] = True
    return logits.masked_fill(hidden, -torch.inf)


def divergence(target: Tensor, logits: Tensor, temperature: float = 1.0) -> Tensor:
    """KL(target || softmax(logits / T)) in nats: summed over classes, a mean over samples.

    ``target`` (B, C) are probabilities, and may be 0. Not F.kl_div's default, which also divides
    by the number of classes.
    """
    return kl_div(log_softmax(logits / temperature, 1), target, reduction="batchmean")


def last_layer(model: Any, n_classes: int) -> nn.Linear:
    """The layer that gives the ``n_classes`` logits."""
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    return [layer for layer in linear if layer.out_features == n_classes][-1]


def logits_and_input(model: Any, last: nn.Linear, x: Tensor) -> tuple[Tensor, Tensor]:
    """The logits (B, C) of ``x`` and what the layer ``last`` was given for them (B, H)."""
    seen: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        logits: Tensor = model(x)[0]
    finally:
        hook.remove()
    return logits, seen[-1]
