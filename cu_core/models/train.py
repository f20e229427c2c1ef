"""Trains the original and the retrained model: one-cycle SGD, one yield per optimizer update.

The same function makes both; only the index of their batches differs. Everything an update needs
is a pure function of (recipe, batches, seed, t): the learning rate, the batch, the random stream
inside the model. So a training state is weights, momenta and t, nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from cu_core.errors import BadCheckpoint, BadRequest, LetheError
from cu_core.models import get
from cu_core.models._base import Shape
from cu_core.models.capture import next_update, record_passes
from cu_core.seeding import derive, preserve_random_state
from cu_core.spec import Batches

Augment = Literal["none", "crop", "crop+flip"]

CHECK_EVERY = 10  # updates between two looks at the loss; each look waits for the device
MIN_UPDATES = 400  # a small set gets more epochs until it has as many,
MIN_AUGMENTED = 1000  # or as many of images that are never twice the same, which take longer
MAX_EPOCHS = 60  # unless asked for
SMALL_SET, SMALL_SIDE = 10_000, 16
WRITING = ("mnist", "svhn", "digits", "signs")  # a mirrored 2 is no 2; fashion-mnist stays upright


class Recipe(BaseModel):
    """How a model is trained. ``lr`` is the peak of the cycle, ``warmup`` the share before it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int = Field(ge=1, le=500)
    lr: float = Field(gt=0, le=10)
    batch_size: int = Field(ge=2, le=4096)
    weight_decay: float = Field(ge=0, le=1)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    augment: Augment = "none"
    warmup: float = Field(default=0.3, ge=0, lt=1)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)


@dataclass(frozen=True)
class TrainStep:
    """``step`` of ``total`` updates done. ``loss``: 0-d, on the device; read one in ten."""

    step: int
    total: int
    loss: Tensor
    lr: float
    optimizer: torch.optim.Optimizer = field(repr=False)  # for ``state``


def recipe(
    architecture: str,
    dataset_key: str,
    shape: Shape,
    n_train: int,
    epochs: int | None = None,
    device: str = "cpu",
) -> Recipe:
    """The recipe of a model on a data set. ``n_train``: of the whole training part, always.

    The retrained model must be trained by the original's recipe, not by one for fewer samples.
    """
    declared = get(architecture)
    on_gpu = device != "cpu" and n_train >= SMALL_SET  # a small set trains alike everywhere
    batch = 64 if n_train < SMALL_SET else 256 if on_gpu else 128
    augment = augmentation(dataset_key, shape)
    if epochs is None:
        usual = declared.epochs_gpu if on_gpu else declared.epochs_cpu
        longer = augment != "none" and n_train < SMALL_SET
        least = MIN_AUGMENTED if longer else MIN_UPDATES
        epochs = min(max(usual, ceil(least * batch / n_train)), MAX_EPOCHS)
    return Recipe(
        epochs=epochs,
        lr=declared.lr * batch / 128,
        batch_size=batch,
        weight_decay=5e-4,
        augment=augment,
    )


def augmentation(dataset_key: str, shape: Shape) -> Augment:
    """Crop and mirror natural images, crop grey ones and writing; leave rows and tiny images."""
    if len(shape) != 3 or min(shape[1:]) < SMALL_SIDE:
        return "none"
    if shape[0] != 3 or any(word in dataset_key.lower() for word in WRITING):
        return "crop"
    return "crop+flip"


def one_cycle(recipe: Recipe, t: int, total: int) -> float:
    """Learning rate of update t of ``total``: a straight line up to the peak, then down to 0."""
    peak = recipe.warmup * total
    return recipe.lr * min((t + 1) / (peak + 1), (total - t) / (total - peak))


def train(
    model: nn.Module,
    batches: Batches,
    recipe: Recipe,
    *,
    seed: int,
    start: Mapping[str, Any] | None = None,
) -> Iterator[TrainStep]:
    """Trains ``model`` in place, from a ``state`` if given; leaves it in train mode.

    Resumed from the state after update k, the weights are those of an unbroken training, bit for
    bit on the CPU. LetheError when the loss is no longer finite; closing the iterator stops it.
    """
    if batches.n < 2:
        raise BadRequest(f"Training needs at least two samples, and this set has {batches.n}.")
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe.lr,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.momentum > 0,
    )
    total = recipe.epochs * batches.n_batches
    done = restore(model, optimizer, start, total) if start else 0
    if next(model.parameters()).is_cuda:
        record_passes(model, optimizer)
    model.train()
    for t in range(done, total):
        lr = one_cycle(recipe, t, total)
        optimizer.param_groups[0]["lr"] = lr
        next_update(model)
        loss = _update(model, optimizer, batches.batch(t), recipe, derive(seed, "train", t))
        if (t % CHECK_EVERY == 0 or t + 1 == total) and not loss.isfinite():
            raise LetheError(
                f"Training diverged: the loss is {loss.item()} at update {t + 1} of {total} "
                f"(learning rate {lr:.3g}). Check the data for extreme values, or train another "
                "model."
            )
        yield TrainStep(t + 1, total, loss, lr, optimizer)


def _update(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: tuple[Tensor, Tensor],
    recipe: Recipe,
    seed: int,
) -> Tensor:
    x, y = batch
    with preserve_random_state(str(x.device)):
        torch.manual_seed(seed)  # dropout, if a model has it, draws the same after a resume
        logits, _ = model(x)  # (B, C)
        loss = cross_entropy(logits, y, label_smoothing=recipe.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return loss.detach()


def state(model: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> dict[str, Tensor | int]:
    """All that ``train`` needs to go on after ``step`` updates: flat, copied to the CPU.

    "model.<name>" and "momentum.<name>" are tensors, "step" an int.
    """
    saved: dict[str, Tensor | int] = {"step": step}
    for name, tensor in model.state_dict().items():
        saved[f"model.{name}"] = tensor.detach().cpu().clone()
    for name, parameter in model.named_parameters():
        momentum = optimizer.state.get(parameter, {}).get("momentum_buffer")
        if momentum is not None:
            saved[f"momentum.{name}"] = momentum.detach().cpu().clone()
    return saved


def restore(
    model: nn.Module, optimizer: torch.optim.Optimizer, saved: Mapping[str, Any], total: int
) -> int:
    """Puts a ``state`` back; returns the updates already done. BadCheckpoint if it is another's."""
    weights = {k.removeprefix("model."): v for k, v in saved.items() if k.startswith("model.")}
    try:
        model.load_state_dict(weights)
        for name, parameter in model.named_parameters():
            if (momentum := saved.get(f"momentum.{name}")) is not None:
                buffer = torch.empty_like(parameter).copy_(momentum)
                optimizer.state[parameter]["momentum_buffer"] = buffer.detach()
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise BadCheckpoint(
            f"The saved training state belongs to another model ({reason}). Train from the start."
        ) from None
    done = int(saved["step"])
    if not 0 <= done <= total:
        raise BadCheckpoint(
            f"The saved training state is after {done} updates, and this recipe has {total} in "
            "all. Train from the start, or with the recipe it was saved under."
        )
    return done
