"""torchvision's ResNets; images of up to 64 pixels get the CIFAR stem.

The CIFAR stem is a 3x3 convolution of stride 1 and no max-pool, in place of 7x7, stride 2 and a
max-pool, which would leave 2x2 pixels of a 32x32 image after the second stage.
"""

from functools import partial

from torch import nn

from cu_core.errors import LetheError
from cu_core.models._base import Architecture, Shape, needs_image
from cu_core.models.selfcheck import check_torchvision

CIFAR_STEM_UP_TO = 64  # pixels
STEM = 64  # channels


def body(shape: Shape, name: str) -> tuple[nn.Module, int]:
    """(B, C, H, W) -> (B, 512), from ResNet-50 on (B, 2048): the global average of stage 4."""
    if fault := check_torchvision():
        raise LetheError(fault)
    from torchvision.models import get_model

    net = get_model(name, weights=None)
    if max(shape[1:]) <= CIFAR_STEM_UP_TO:
        net.conv1 = nn.Conv2d(shape[0], STEM, 3, padding=1, bias=False)
        net.maxpool = nn.Identity()
    elif shape[0] != net.conv1.in_channels:
        net.conv1 = nn.Conv2d(shape[0], STEM, 7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
    width = int(net.fc.in_features)
    net.fc = nn.Identity()
    return net, width


def _declare(depth: int, millions: float, width: int, epochs_cpu: int) -> Architecture:
    text = f"torchvision's ResNet-{depth}: {millions} million weights, {width}-d embedding."
    return Architecture(
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


ARCHITECTURES = (
    _declare(18, 11.2, 512, 5),
    _declare(34, 21.3, 512, 3),
    _declare(50, 23.5, 2048, 3),
    _declare(101, 42.5, 2048, 3),
)
