"""Where a network has its embedding: the input of the linear layer that makes its logits.

Found on a live network by looking, not by a list of names: every ``nn.Linear`` that a forward pass
goes through is heard, and the last one whose output the logits are is taken. Hooks are put on for
the look and taken off after it; nothing else of the network is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from cu_core.errors import BadRequest
from cu_core.models._adapter import TOLERANCE

WIDER = 8  # units in the last place, of numbers that have fewer digits
LAST = "the last layer"
AFTER: Mapping[str, Callable[[Tensor], Tensor]] = {
    "": lambda logits: logits,
    "softmax": lambda logits: logits.softmax(1),
    "log_softmax": lambda logits: logits.log_softmax(1),
}

Call = Callable[[], Any]


@dataclass(frozen=True)
class Head:
    """``name``: of the linear layer within the network; ``layer``: itself; ``after``: what the
    network makes of its logits before it returns them, one of ``AFTER``."""

    name: str
    layer: nn.Linear
    after: str


def find_head(model: nn.Module, call: Call) -> Head:
    """The head of ``model``, which ``call()`` sends some real samples through, in eval mode.

    BadRequest, with the name of the layer that was tried, where the logits are no linear layer's.
    """
    with _heard(model) as passes:
        found = candidates(call())
    for name, layer, z, made in reversed(passes):
        for output in found:
            after = _after(made, output)
            if after is not None and z.ndim == 2 and is_head(layer, z, made):
                return Head(name, layer, after)
    raise BadRequest(_refusal(model, passes, found))


def is_head(layer: nn.Linear, z: Tensor, logits: Tensor) -> bool:
    """Whether ``layer`` makes these logits (B, C) of these embeddings (B, D)."""
    bias = None if layer.bias is None else layer.bias.float()
    return _close(linear(z.float(), layer.weight.float(), bias), logits, z, layer.weight)


def _after(made: Tensor, output: Tensor) -> str | None:
    """What stands between a layer's output and the network's; None: something else."""
    if made.shape != output.shape:
        return None
    return next((name for name, of in AFTER.items() if _close(of(made.float()), output)), None)


def _close(found: Tensor, wanted: Tensor, *of: Tensor) -> bool:
    """To 1e-5 of the largest, or to some last places of numbers that have fewer digits."""
    digits = max(torch.finfo(part.dtype).eps for part in (wanted, *of))
    far = max(TOLERANCE, WIDER * digits) if digits > torch.finfo(torch.float32).eps else TOLERANCE
    most = wanted.float().abs().max().clamp(min=1.0)
    return bool((found.float() - wanted.float()).abs().max() <= far * most)


@contextmanager
def passes_of(head: Head) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """(logits (B, C), embeddings (B, D)) of every pass inside."""
    taken: list[tuple[Tensor, Tensor]] = []

    def take(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any], logits: Tensor) -> None:
        given = args[0] if args else kwargs["input"]
        taken.append((logits.detach(), given.detach()))

    hook = head.layer.register_forward_hook(take, with_kwargs=True)
    try:
        yield taken
    finally:
        hook.remove()


def candidates(output: Any) -> list[Tensor]:
    """What may be the logits of a network's output, (B, C) each: ``.logits`` of an object or a
    mapping, else the tensors of two axes, in their order."""
    if isinstance(output, Tensor):
        output = [output]
    elif (logits := getattr(output, "logits", None)) is not None:
        output = [logits]
    elif isinstance(output, Mapping):
        output = [output["logits"]] if "logits" in output else list(output.values())
    elif not isinstance(output, tuple | list):
        output = []
    return [part for part in output if isinstance(part, Tensor) and part.ndim == 2]


@contextmanager
def _heard(model: nn.Module) -> Iterator[list[tuple[str, nn.Linear, Tensor, Tensor]]]:
    """(name, layer, input, output) of every linear layer, in the order they are passed."""
    passes: list[tuple[str, nn.Linear, Tensor, Tensor]] = []

    def hook(name: str) -> Callable[..., None]:
        def hear(layer: Any, args: Any, kwargs: Any, output: Tensor) -> None:
            given = args[0] if args else kwargs["input"]
            passes.append((name, layer, given.detach(), output.detach()))

        return hear

    hooks = [
        layer.register_forward_hook(hook(name), with_kwargs=True)
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
    ]
    try:
        yield passes
    finally:
        for each in hooks:
            each.remove()


def _refusal(model: nn.Module, passes: list[Any], found: list[Tensor]) -> str:
    kind = type(model).__name__
    if not found:
        return (
            f"{kind} gives no logits that Lethe can read: a tensor of (samples, classes), a tuple "
            "that holds one, or an object with .logits. Give embed=, a function of the model and "
            "a batch that returns (logits, embeddings)."
        )
    tried = "it passes no nn.Linear" if not passes else f"{passes[-1][0] or LAST!r} was tried"
    return (
        f"The logits of {kind} are not the output of a linear layer ({tried}), so Lethe does not "
        "know its embedding. Give embed=, a function of the model and a batch that returns "
        "(logits, embeddings)."
    )
