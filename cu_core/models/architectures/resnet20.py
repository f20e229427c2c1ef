"""The CIFAR ResNets of He et al. (arXiv:1512.03385, section 4.2), of which the one of 20 layers is
to be picked: 3 stages of 3 blocks.

It differs from the paper in the shortcut where the width doubles: a 1x1 convolution with BatchNorm
(their option B) in place of padding, as in the ResNet-20 weights most shared today. The layer
names are torchvision's, so that those weights load. Weights from elsewhere can be of the paper's
own shortcut, without weights (option A), and of its deeper networks.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from cu_core.models._base import Architecture, Shape, needs_image

WIDTHS = (16, 32, 64)
BLOCKS = 3  # of each stage of the network of 20 layers
DEEPER = {32: 0.47, 44: 0.66, 56: 0.86, 110: 1.73}  # layers -> million weights


class Block(nn.Module):
    def __init__(self, c_in: int, c_out: int, stride: int, padded: bool) -> None:
        super().__init__()
        self.stride, self.planes = stride, (c_out - c_in) // 2  # of zeros on either side
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.downsample = (
            nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
            if c_in != c_out and not padded
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu()
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    def shortcut(self, x: Tensor) -> Tensor:
        if self.downsample is not None:
            out: Tensor = self.downsample(x)
            return out
        if not self.planes:
            return x
        x = x[:, :, :: self.stride, :: self.stride]
        return pad(x, (0, 0, 0, 0, self.planes, self.planes))


class ResNet20(nn.Module):
    """(B, C, H, W) -> (B, 64): the global average of the last stage. ``padded``: option A."""

    def __init__(self, channels: int, blocks: int = BLOCKS, padded: bool = False) -> None:
        super().__init__()
        a, b, c = WIDTHS
        self.conv1 = nn.Conv2d(channels, a, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(a)
        self.layer1 = _stage(a, a, 1, blocks, padded)
        self.layer2 = _stage(a, b, 2, blocks, padded)
        self.layer3 = _stage(b, c, 2, blocks, padded)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn1(self.conv1(x)).relu()  # (B, 16, H, W)
        x = self.layer3(self.layer2(self.layer1(x)))  # (B, 64, H/4, W/4)
        return x.mean((2, 3))


def _stage(c_in: int, c_out: int, stride: int, blocks: int, padded: bool) -> nn.Sequential:
    rest = [Block(c_out, c_out, 1, padded) for _ in range(blocks - 1)]
    return nn.Sequential(Block(c_in, c_out, stride, padded), *rest)


def body(shape: Shape, blocks: int = BLOCKS, padded: bool = False) -> tuple[nn.Module, int]:
    return ResNet20(shape[0], blocks, padded), WIDTHS[-1]


USUAL = Architecture(
    key="resnet20",
    title="ResNet-20",
    help="The small ResNet made for CIFAR: 0.27 million weights, 64-d embedding.",
    body=body,
    refuses=needs_image,
    lr=0.2,
    epochs_cpu=8,
    epochs_gpu=30,
    heads=("plain", "normalised"),
)


def _others() -> Iterator[Architecture]:
    for depth, millions in ({20: 0.27} | DEEPER).items():
        for padded in (False, True):
            if (depth, padded) == (20, False):
                continue
            yield replace(
                USUAL,
                key=f"resnet{depth}" + "-padded" * padded,
                title=f"ResNet-{depth}" + ", shortcuts without weights" * padded,
                help=f"A ResNet made for CIFAR: {millions} million weights, 64-d embedding.",
                body=partial(body, blocks=(depth - 2) // 6, padded=padded),
                listed=False,
            )


ARCHITECTURES = (USUAL, *_others())
