"""torchvision's ResNets; images of up to 64 pixels get the CIFAR stem.

The CIFAR stem is a 3x3 convolution of stride 1 and no max-pool, in place of 7x7, stride 2 and a
max-pool, which would leave 2x2 pixels of a 32x32 image after the second stage. Weights from
elsewhere may have been trained with either at any size, or with a mixture of them: these are
networks of their own, which nobody has to pick from.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from torch import nn

from cu_core.errors import LetheError
from cu_core.models._base import Architecture, Shape, needs_image
from cu_core.models.selfcheck import check_torchvision

CIFAR_STEM_UP_TO = 64  # pixels
CHANNELS = 64  # of the stem
Stem = tuple[int, int, bool]  # side of the convolution, its stride, whether a max-pool follows
CIFAR, IMAGENET = (3, 1, False), (7, 2, True)
STEMS: dict[str, Stem] = {  # what the key says of it; the more usual ones first
    "3x3": CIFAR,
    "3x3-pool": (3, 1, True),
    "3x3-stride": (3, 2, False),
    "3x3-stride-pool": (3, 2, True),
    "7x7-stride-pool": IMAGENET,
    "7x7-stride": (7, 2, False),
    "7x7-pool": (7, 1, True),
    "7x7": (7, 1, False),
}


def usual_stem(shape: Shape) -> Stem:
    return CIFAR if max(shape[1:]) <= CIFAR_STEM_UP_TO else IMAGENET


def body(shape: Shape, name: str, stem: Stem | None = None) -> tuple[nn.Module, int]:
    """(B, C, H, W) -> (B, 512), from ResNet-50 on (B, 2048): the global average of stage 4.

    ``stem``: None for the usual one at this size.
    """
    if fault := check_torchvision():
        raise LetheError(fault)
    from torchvision.models import get_model

    net = get_model(name, weights=None)
    side, stride, pool = stem or usual_stem(shape)
    if (shape[0], side, stride) != (3, *IMAGENET[:2]):  # which is what torchvision's has
        net.conv1 = nn.Conv2d(shape[0], CHANNELS, side, stride, padding=side // 2, bias=False)
    if not pool:
        net.maxpool = nn.Identity()
    nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
    width = int(net.fc.in_features)
    net.fc = nn.Identity()
    return net, width


def refuses(shape: Shape, stem: Stem) -> str | None:
    """A stem is a network of its own only where it is not the usual one."""
    if reason := needs_image(shape):
        return reason
    if stem == usual_stem(shape):
        return f"has the usual stem at {shape[1]} x {shape[2]} pixels; use the one without it."
    return None


def _declare(depth: int, millions: float, width: int, epochs_cpu: int) -> Iterator[Architecture]:
    text = f"torchvision's ResNet-{depth}: {millions} million weights, {width}-d embedding."
    usual = Architecture(
        key=f"resnet{depth}",
        title=f"ResNet-{depth}",
        help=text if depth == 18 else f"{text} Meant for a GPU.",
        body=partial(body, name=f"resnet{depth}"),
        refuses=needs_image,
        lr=0.1,
        epochs_cpu=epochs_cpu,
        epochs_gpu=30,
        heads=("plain", "normalised"),
    )
    yield usual
    for words, stem in STEMS.items():
        yield replace(
            usual,
            key=f"{usual.key}-{words}",
            title=f"{usual.title}, stem {words.replace('-', ' ')}",
            help=f"{text} Its stem is one that few use at this size of image.",
            body=partial(body, name=usual.key, stem=stem),
            refuses=partial(refuses, stem=stem),
            variant_of=usual.key,
            listed=False,
        )


ARCHITECTURES = (
    *_declare(18, 11.2, 512, 5),
    *_declare(34, 21.3, 512, 3),
    *_declare(50, 23.5, 2048, 3),
    *_declare(101, 42.5, 2048, 3),
)
