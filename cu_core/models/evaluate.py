"""Looks at a model without touching it: no gradient, no statistic, no mode is changed."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cu_core.spec import Floats

CPU_NUMBERS = 200_000  # of a batch that its layers' outputs still fit the caches with
FEWEST, MOST = 64, 1000  # samples of a batch
HELD_ON_CPU, HELD_ON_GPU = 4_000_000, 32_000_000  # numbers; layers hold some 60 times as many
FEW_BLOCKS = 3  # below, a network made elsewhere is opened further


def outputs(
    model: nn.Module, x: Any, normalise: Callable[[Tensor], Tensor], batch: int | None = None
) -> tuple[Floats, Floats]:
    """Logits float32 (N, C) and embeddings float32 (N, D) of x (N, ...), in eval mode.

    ``x``: uint8 images or float rows on any device, as a tensor, an array or what else gives
    tensors for slices (a set that stays on disk); ``normalise`` makes a batch
    of it what the model was trained on. No random number is drawn. ``batch``: samples at a time;
    by default 1000, on the CPU down to 64 of them, fewer where samples are large: small-cnn takes
    0.10 ms an image then, 0.12 by 128 and 0.27 in thousands.
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
    """Samples of so many numbers that are looked at in one go. Of large images few, so that their
    layers' outputs take a gigabyte of memory at most, and eight on a GPU."""
    if device.type != "cpu":
        return min(MOST, max(1, HELD_ON_GPU // numbers))
    fitting = min(max(CPU_NUMBERS // numbers, FEWEST), MOST)
    return min(fitting, max(1, HELD_ON_CPU // numbers))


@contextmanager
def block_outputs(model: nn.Module) -> Iterator[dict[str, list[Tensor]]]:
    """What the top-level blocks of the model's body give, of every batch that passes inside.

    Block name -> float32 (B, D) on the CPU, one a batch: feature maps and tokens are averaged over
    their positions. Layers whose weights are vectors (norms) or that have none are not blocks.
    """
    taken: dict[str, list[Tensor]] = {}
    square = len(set(getattr(model, "shape", ())[1:])) == 1

    def take(name: str, given: Any) -> None:
        output = given if isinstance(given, Tensor) else next(iter(_tensors(given)), None)
        if output is None:
            return
        positions = _positions(output, square)
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


def _positions(output: Tensor, square: bool) -> tuple[int, ...]:
    """The axes that are positions: of (B, C, H, W) and of (B, tokens, D), and of (B, H, W, C),
    which a network of square images tells by its sides."""
    if output.ndim == 4:
        _, a, b, c = output.shape
        return (1, 2) if square and a == b != c else (2, 3)
    return (1,) if output.ndim == 3 else ()


def _tensors(output: Any) -> Iterator[Tensor]:
    """Those in a tuple or a mapping that a block gives."""
    values = output.values() if isinstance(output, Mapping) else output
    yield from (v for v in values if isinstance(v, Tensor))


def _blocks(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    body = model.get_submodule("body") if hasattr(model, "body") else model

    def size(at: int) -> int:
        return sum(weight.numel() for weight in found[at][1].parameters())

    elsewhere = hasattr(body, "order")  # made by others: its parts may be few and large
    found = list(_with_weights("", body.get_submodule("net") if elsewhere else body))
    while elsewhere and len(found) < FEW_BLOCKS:
        inside = {
            name: parts
            for name, block in found
            if (parts := list(_with_weights(f"{name}.", block)))
        }
        if not inside:
            break
        at = max((i for i, (name, _) in enumerate(found) if name in inside), key=size)
        found[at : at + 1] = inside[found[at][0]]
    yield from found


def _with_weights(prefix: str, whole: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The parts of a network that have weights of two axes and more, by name."""
    for name, child in whole.named_children():
        several = isinstance(child, nn.ModuleList)  # is never called itself
        parts = child.named_children() if several else [("", child)]
        for part, block in parts:
            if any(weight.ndim > 1 for weight in block.parameters()):
                yield (f"{prefix}{name}.{part}" if part else f"{prefix}{name}"), block


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
