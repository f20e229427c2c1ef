"""The CIFAR ResNet-20 of He et al. (arXiv:1512.03385, section 4.2): 3 stages of 3 blocks.

Differs from the paper in the shortcut where the width doubles: a 1x1 convolution with BatchNorm
(their option B) in place of padding, as in the ResNet-20 weights most shared today. The layer
names are torchvision's, so that those weights load.
"""

import torch
from torch import Tensor, nn

from cu_core.models._base import Architecture, Shape, needs_image

WIDTHS = (16, 32, 64)
BLOCKS = 3


class Block(nn.Module):
    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.downsample = (
            nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
            if c_in != c_out
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu()
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet20(nn.Module):
    """(B, C, H, W) -> (B, 64): the global average of the last stage."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        a, b, c = WIDTHS
        self.conv1 = nn.Conv2d(channels, a, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(a)
        self.layer1 = _stage(a, a, 1)
        self.layer2 = _stage(a, b, 2)
        self.layer3 = _stage(b, c, 2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn1(self.conv1(x)).relu()  # (B, 16, H, W)
        x = self.layer3(self.layer2(self.layer1(x)))  # (B, 64, H/4, W/4)
        return x.mean((2, 3))


def _stage(c_in: int, c_out: int, stride: int) -> nn.Sequential:
    rest = [Block(c_out, c_out, 1) for _ in range(BLOCKS - 1)]
    return nn.Sequential(Block(c_in, c_out, stride), *rest)


def body(shape: Shape) -> tuple[nn.Module, int]:
    return ResNet20(shape[0]), WIDTHS[-1]


ARCHITECTURES = (
    Architecture(
        key="resnet20",
        title="ResNet-20",
        help="The small ResNet made for CIFAR: 0.27 million weights, 64-d embedding.",
        body=body,
        refuses=needs_image,
        lr=0.2,
        epochs_cpu=8,
        epochs_gpu=30,
        heads=("plain", "normalised"),
    ),
)
