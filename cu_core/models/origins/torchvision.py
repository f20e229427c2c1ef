"""``torchvision:NAME``: any image classifier of torchvision, with as many classes as the data have.
They take images of three channels."""

from functools import cache, partial
from typing import Any

from torch import nn

from cu_core.errors import LetheError
from cu_core.models._base import Architecture, Shape, needs_image
from cu_core.models.origins._origin import Origin, brought, unknown, weightless
from cu_core.models.selfcheck import check_torchvision

CHANNELS = 3


@cache
def network(name: str) -> Architecture:
    if fault := check_torchvision():
        raise LetheError(fault)
    from torchvision import models

    there = models.list_models(module=models)
    if name not in there:
        raise unknown(name, there, "torchvision")
    like = weightless(partial(models.get_model, name, weights=None))
    size, mean, std = _preprocessing(name)
    return brought(
        f"torchvision:{name}",
        partial(_make, name, size),
        f"torchvision's {name}: {sum(p.numel() for p in like.parameters()) / 1e6:.1f} million "
        "weights.",
        size=size,
        mean=mean,
        std=std,
        refuses=_refuses,
        like=like,
    )


def _preprocessing(name: str) -> tuple[int | None, Any, Any]:
    """(pixels a side, mean, std) of the weights that its makers give; nothing is fetched."""
    from torchvision import models

    weights = next(iter(models.get_model_weights(name)), None)
    if weights is None:
        return None, None, None
    told = weights.transforms()
    return int(told.crop_size[0]), tuple(told.mean), tuple(told.std)


def _make(name: str, native: int | None, shape: Shape, n_classes: int) -> nn.Module:
    """Random weights; a vision transformer has as many positions as the image has patches."""
    from torchvision import models

    made: dict[str, Any] = {"weights": None, "num_classes": n_classes}
    if name.startswith("vit_") and shape[1] == shape[2] != native:
        made["image_size"] = shape[1]
    net: nn.Module = models.get_model(name, **made)
    return net


def _refuses(shape: Shape) -> str | None:
    if reason := needs_image(shape):
        return reason
    if shape[0] != CHANNELS:
        return f"takes images of {CHANNELS} channels, and here there is {shape[0]}."
    return None


ORIGINS = (
    Origin(
        key="torchvision",
        title="torchvision",
        help="Any image classifier of torchvision, by its name.",
        example="torchvision:resnet50",
        network=network,
    ),
)
