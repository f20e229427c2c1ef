"""``timm:NAME``: any image classifier of timm, with as many classes and channels as the data have,
and at their size where it can be told one."""

from functools import cache, partial
from typing import Any

from torch import nn

from cu_core.models._base import Architecture, Shape
from cu_core.models.origins._origin import Origin, brought, unknown, weightless


@cache
def network(name: str) -> Architecture:
    import timm

    if not timm.is_model(name):
        raise unknown(name, timm.list_models(), "timm")
    try:  # a name may say which weights it was published with: their mean and std then count
        timm.get_pretrained_cfg(name)
    except RuntimeError:
        tagged = timm.list_pretrained(f"{name.partition('.')[0]}.*")
        raise unknown(name, tagged, "timm") from None
    like = weightless(partial(timm.create_model, name, pretrained=False))
    told: dict[str, Any] = dict(getattr(like, "pretrained_cfg", None) or {})
    size = told.get("input_size", (0, 0, 0))[-1] or None
    return brought(
        f"timm:{name}",
        partial(_make, name, size),
        f"timm's {name}: {sum(p.numel() for p in like.parameters()) / 1e6:.1f} million weights.",
        size=size,
        mean=_numbers(told.get("mean")),
        std=_numbers(told.get("std")),
        like=like,
    )


def _make(name: str, native: int | None, shape: Shape, n_classes: int) -> nn.Module:
    """Random weights. Networks that are made for one size are told the data's, where they take
    one: a vision transformer has as many positions as the image has patches."""
    import timm

    options: dict[str, Any] = {"num_classes": n_classes, "in_chans": shape[0]}
    side = shape[1] if shape[1] == shape[2] else shape[1:]
    if side != native:
        try:
            return timm.create_model(name, pretrained=False, img_size=side, **options)
        except TypeError as fault:
            if "img_size" not in str(fault):
                raise
    return timm.create_model(name, pretrained=False, **options)


def _numbers(values: Any) -> tuple[float, ...] | None:
    return tuple(float(v) for v in values) if values else None


ORIGINS = (
    Origin(
        key="timm",
        title="timm",
        help="Any image classifier of PyTorch Image Models, by its name.",
        example="timm:vit_tiny_patch16_224",
        network=network,
        needs="timm",
    ),
)
