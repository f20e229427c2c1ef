"""What a run needs of a device's memory, counted from the network itself before anything is made
there, against what is free.

A few images pass through the network once, and what autograd keeps of them for the way back is
what a batch costs. Where the network itself is large, that is on torch's meta device, which knows
sizes and computes nothing, but first loads torch's compiler, for more than a second. Halved
precision is not counted on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import cross_entropy

from cu_core import models
from cu_core.data.streamed import free
from cu_core.errors import BadRequest, OutOfMemory
from cu_core.models.calibrate import small
from cu_core.runs.resolve import Setup
from cu_core.seeding import preserve_random_state
from cu_core.spec import Method, UnlearnRequest

COPIES = 5  # of the weights: the model, gradients, momenta, the original, what a method keeps
IMAGES = 4  # of the pass that is counted
LIGHT = 0.02  # of the memory: a network whose weights are no more is passed through itself
SHARE = 0.9  # of what is free: the rest is for what the libraries take
GB = 1e9
CPU_SAYS = "can't allocate memory"  # torch, of the processor's own memory


@dataclass(frozen=True)
class Need:
    """Bytes: of the ``weights`` with all that a run keeps of them, and of a batch of ``images``,
    ``each`` of them."""

    weights: int
    images: int
    each: int

    @property
    def total(self) -> int:
        return self.weights + self.images * self.each


def needed(setup: Setup, method: Method | None) -> Need:
    """What training the request's models and unlearning by ``method`` takes at most."""
    request, dataset = setup.request, setup.dataset
    trained = setup.recipe.batch_size
    if isinstance(request, UnlearnRequest) and request.original and not request.reference:
        trained = 0  # nothing is
    sets = max(1, method.uses_forget + method.uses_retain) if method else 0
    images = max(trained, sets * int(getattr(method, "batch_size", 0)), 1)
    weights, each = _counted(request.model, dataset.shape, dataset.n_classes, request.head)
    return Need(COPIES * weights, images, each)


def check_memory(setup: Setup, method: Method | None) -> None:
    """BadRequest, with the numbers, where a run would not fit beside what is there now."""
    if small(setup.dataset.shape):
        return
    need, there = needed(setup, method), int(SHARE * free(setup.device))
    if need.total <= there:
        return
    model, shape = setup.request.model, setup.dataset.shape
    size = f" of {shape[2]} x {shape[1]}" if len(shape) == 3 else ""
    fit = max(0, there - need.weights) // max(1, need.each)
    advice = "choose a smaller network, or images of fewer pixels with --size"
    if method is not None and "batch_size" in type(method).model_fields and fit >= 4:
        advice = f"about {fit} fit: choose a smaller batch_size, or images of fewer pixels (--size)"
    raise BadRequest(
        f"{model} needs {need.total / GB:.1f} GB for its weights and a batch of {need.images} "
        f"images{size}, and {there / GB:.1f} GB are free on {setup.device}; {advice}."
    )


@contextmanager
def fitting(setup: Setup, method: Method) -> Iterator[None]:
    """What does not fit inside becomes OutOfMemory, with the batch that may. Nothing half-computed
    is on record by then: a step is written once it is whole."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not (isinstance(error, torch.OutOfMemoryError | MemoryError) or CPU_SAYS in str(error)):
            raise
        size, device = int(getattr(method, "batch_size", 0)), setup.device
        smaller = f"with --set batch_size={size // 2} (it was {size}), " if size >= 4 else ""
        raise OutOfMemory(
            f"There was no memory left on {device}. Close what else uses it and resume the run "
            f"from its last checkpoint, or start it anew {smaller}with a smaller network or with "
            "images of fewer pixels (--size)."
        ) from error


@cache
def _counted(key: str, shape: Any, n_classes: int, head: Any) -> tuple[int, int]:
    """(bytes of the weights, bytes that a pass keeps of each sample)."""
    with torch.device("meta"):
        model = models.build(key, shape, n_classes, head).to("meta")
    weights = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    device = "cpu" if weights < LIGHT * free("cpu") else "meta"
    if device == "cpu":
        with preserve_random_state():
            model = models.build(key, shape, n_classes, head)
    own = {weight.untyped_storage()._cdata for weight in model.parameters()}
    kept: dict[int, Tensor] = {}  # held, so that no address is given twice

    def keep(tensor: Tensor) -> Tensor:
        address = tensor.untyped_storage()._cdata
        if address not in own:
            kept[address] = tensor
        return tensor

    try:
        with preserve_random_state(), saved_tensors_hooks(keep, lambda tensor: tensor):
            x = torch.zeros(IMAGES, *shape, device=device)
            y = torch.zeros(IMAGES, dtype=torch.int64, device=device)
            cross_entropy(model(x)[0], y)
    except (RuntimeError, NotImplementedError):
        kept = {}  # a network that must see numbers: its batches are not counted
    bytes_kept = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    return weights, bytes_kept // IMAGES
