"""A look at a network in the middle of its training that leaves no trace.

Kept as found: random streams (torch's on every device that the network is on, numpy's, Python's),
each submodule's mode, buffers, plain attributes that a forward pass sets, autocast, the default
type and device, compiled code. Gradients are neither made nor read.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

GENERATORS = (random.Random, np.random.Generator, np.random.RandomState, torch.Generator)
DEEPEST, MOST_HELD, MOST_SEEN = 6, 64, 10_000  # objects, where a data set's own are looked for
DEVICES = ("cuda", "cpu", "mps", "xpu")  # whose autocast a loop may be in


@contextmanager
def fenced(*models: nn.Module) -> Iterator[None]:
    """Inside, the models are in eval mode and make no gradients; afterwards all is as it was."""
    with ExitStack() as stack:
        stack.enter_context(random_streams(*models))
        stack.enter_context(plain_settings())
        for model in models:
            held = [value for module in model.modules() for value in vars(module).values()]
            stack.enter_context(own_generators([v for v in held if isinstance(v, GENERATORS)]))
            stack.enter_context(_state(model))
            stack.enter_context(_eval_mode(model))
        stack.enter_context(torch.no_grad())
        yield


@contextmanager
def random_streams(*models: nn.Module) -> Iterator[None]:
    """Numbers drawn inside leave every stream as it was."""
    places = {tensor.device for model in models for tensor in model.parameters()}
    cuda = sorted({place.index or 0 for place in places if place.type == "cuda"})
    mps = torch.mps.get_rng_state() if any(p.type == "mps" for p in places) else None
    of_python, of_numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=cuda):
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)
        if mps is not None:
            torch.mps.set_rng_state(mps)


@contextmanager
def own_generators(of: Any) -> Iterator[None]:
    """Random generators that an object holds, a data set in its transforms say, are as before."""
    states = [(each, *_state_of(each)) for each in _generators(of, DEEPEST, set())]
    try:
        yield
    finally:
        for _, state, restore in states:
            restore(state)


def _state_of(generator: Any) -> tuple[Any, Any]:
    """(its state, what takes it back)."""
    if isinstance(generator, np.random.Generator):
        bits = generator.bit_generator
        return bits.state, lambda state: setattr(bits, "state", state)
    if isinstance(generator, random.Random):
        return generator.getstate(), generator.setstate
    return generator.get_state(), generator.set_state


def _generators(of: Any, depth: int, seen: set[int]) -> Iterator[Any]:
    """Those in an object's attributes, and in theirs, ``depth`` of them deep."""
    if depth < 0 or id(of) in seen or len(seen) > MOST_SEEN:
        return
    seen.add(id(of))
    if isinstance(of, GENERATORS):
        yield from [of] * (not isinstance(of, random.SystemRandom))  # which has no state
    elif isinstance(of, list | tuple):
        for each in of[:MOST_HELD]:
            yield from _generators(each, depth - 1, seen)
    else:
        held = of if isinstance(of, dict) else getattr(of, "__dict__", {})
        for each in [*held.values()][:MOST_HELD]:
            yield from _generators(each, depth - 1, seen)


@contextmanager
def plain_settings() -> Iterator[None]:
    """float32 on the processor unless it is said otherwise, no autocast, nothing compiled; numpy
    neither warns nor raises, whatever the loop has it do."""
    dtype = torch.get_default_dtype()
    with ExitStack() as stack:
        stack.enter_context(np.errstate(all="ignore"))
        for device in DEVICES:
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if "torch._dynamo" in sys.modules:  # else nothing can have been compiled
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


@contextmanager
def _eval_mode(model: nn.Module) -> Iterator[None]:
    """By the flags alone: ``eval()`` may be a person's own, or merge weights, as LoRA's does."""
    modes = [(module, module.training) for module in model.modules()]
    for module, _ in modes:
        module.training = False
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _state(model: nn.Module) -> Iterator[None]:
    """Buffers and attributes that a forward pass sets whatever the mode: counters, caches."""
    attributes = [(vars(module), dict(vars(module))) for module in model.modules()]
    buffers = [(module._buffers, _copied(module._buffers)) for module in model.modules()]
    try:
        yield
    finally:
        for now, before in attributes:
            if now.keys() != before.keys() or any(now[key] is not before[key] for key in before):
                now.clear()
                now.update(before)
        for there, held in buffers:
            _restore(there, held)


def _copied(buffers: dict[str, Tensor | None]) -> dict[str, Any]:
    return {
        name: (tensor, _version(tensor), None if tensor is None else tensor.detach().clone())
        for name, tensor in buffers.items()
    }


def _restore(there: dict[str, Tensor | None], held: dict[str, Any]) -> None:
    for name in [*there]:
        if name not in held:
            del there[name]
    for name, (tensor, version, copy) in held.items():
        there[name] = tensor
        if tensor is not None and _version(tensor) != version:
            tensor.data.copy_(copy)  # unseen by a backward pass that is yet to come


def _version(tensor: Tensor | None) -> int | None:
    return None if tensor is None or tensor.is_inference() else tensor._version
