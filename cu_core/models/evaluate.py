"""Looks at a model without touching it: no gradient, no statistic, no mode is changed."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cu_core.spec import Floats

CPU_NUMBERS = 400_000  # of a batch that its layers' outputs still fit the caches with
FEWEST, MOST = 128, 1000  # samples of a batch


def outputs(
    model: nn.Module, x: Any, normalise: Callable[[Tensor], Tensor], batch: int | None = None
) -> tuple[Floats, Floats]:
    """Logits float32 (N, C) and embeddings float32 (N, D) of x (N, ...), in eval mode.

    ``x``: uint8 images or float rows on any device, as a tensor, an array or what else gives
    tensors for slices (a set that stays on disk); ``normalise`` makes a batch
    of it what the model was trained on. No random number is drawn. ``batch``: samples at a time;
    by default 1000, on the CPU down to 128 of them where samples are large: ResNet-20 takes 0.5 ms
    an image then, and 0.85 ms in thousands.
    """
    device = next(model.parameters()).device
    x = torch.as_tensor(x) if isinstance(x, np.ndarray) else x
    batch = batch or _suitable(math.prod(x.shape[1:]), device)
    logits, z = [], []
    with observing(model):
        for first in range(0, max(len(x), 1), batch):  # an empty x gives (0, C) and (0, D)
            a, b = model(normalise(x[first : first + batch].to(device)))
            logits.append(a.float())
            z.append(b.float())
        return torch.cat(logits).cpu().numpy(), torch.cat(z).cpu().numpy()


def _suitable(numbers: int, device: torch.device) -> int:
    """Samples of so many numbers that are looked at in one go."""
    return MOST if device.type != "cpu" else min(max(CPU_NUMBERS // numbers, FEWEST), MOST)


@contextmanager
def block_outputs(model: nn.Module) -> Iterator[dict[str, list[Tensor]]]:
    """What the top-level blocks of the model's body give, of every batch that passes inside.

    Block name -> float32 (B, D) on the CPU, one a batch: feature maps and tokens are averaged over
    their positions. Layers whose weights are vectors (norms) or that have none are not blocks.
    """
    taken: dict[str, list[Tensor]] = {}

    def take(name: str, output: Tensor) -> None:
        positions = {4: (2, 3), 3: (1,)}.get(output.ndim)  # of (B, C, H, W) and (B, tokens, D)
        row = output.detach().float()
        row = row.mean(positions) if positions else row.clone()  # what follows may work in place
        taken.setdefault(name, []).append(row.cpu())

    hooks = [
        block.register_forward_hook(lambda _m, _x, output, name=name: take(name, output))
        for name, block in _blocks(model)
    ]
    try:
        yield taken
    finally:
        for hook in hooks:
            hook.remove()


def _blocks(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    body = model.get_submodule("body") if hasattr(model, "body") else model
    for name, child in body.named_children():
        several = isinstance(child, nn.ModuleList)  # is never called itself
        parts = child.named_children() if several else [("", child)]
        for part, block in parts:
            if any(weight.ndim > 1 for weight in block.parameters()):
                yield (f"{name}.{part}" if part else name), block


@contextmanager
def observing(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; every submodule's own mode comes back, not just the root's.

    A method may hold some layers (BatchNorm, say) in eval while the rest trains.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training
