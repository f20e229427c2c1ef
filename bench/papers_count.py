"""What a method computes, counted while Lethe runs it: images forward, images backward, seconds.

Only what happens inside a method's ``start`` and ``step`` counts: looking at the model, measuring
it and training the references do not. A forward pass counts its images whichever model it is of (a
frozen teacher's too), a backward pass those whose embeddings a gradient reached.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from cu_core.spec import Job, Method


@dataclass
class Spent:
    """``depth``: how many of a method's functions are open (one may call its parent's)."""

    forward: int = 0
    backward: int = 0
    seconds: float = 0.0
    depth: int = field(default=0, repr=False)

    def on_forward(self, module: nn.Module, _inputs: Any, output: Any) -> None:
        if self.depth and _is_whole(output):
            z = output[1]
            self.forward += len(z)
            if z.requires_grad:
                z.register_hook(self.on_backward)

    def on_backward(self, gradient: Tensor) -> None:
        self.backward += len(gradient)


def _is_whole(output: Any) -> bool:
    """A model gives (logits, embeddings); none of its layers gives a pair of matrices."""
    pair = isinstance(output, tuple) and len(output) == 2
    return pair and all(isinstance(part, Tensor) and part.ndim == 2 for part in output)


@contextmanager
def counting(method: type[Method]) -> Iterator[Spent]:
    """What runs of this method spend in the meantime."""
    spent = Spent()
    own = {name: vars(method).get(name) for name in ("start", "step")}
    hook = register_module_forward_hook(spent.on_forward)
    try:
        for name in own:
            setattr(method, name, _counted(getattr(method, name), spent))
        yield spent
    finally:
        hook.remove()
        for name, before in own.items():
            delattr(method, name) if before is None else setattr(method, name, before)


def _counted(function: Callable[..., Any], spent: Spent) -> Callable[..., Any]:
    def run(self: Method, job: Job, *rest: Any) -> Any:
        spent.depth += 1
        began = _now(job.device)
        try:
            return function(self, job, *rest)
        finally:
            spent.depth -= 1
            if not spent.depth:
                spent.seconds += _now(job.device) - began

    return run


def _now(device: str) -> float:
    """Seconds, once the device has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter()
