"""Networks of other people's making, small enough for a test; asked for as ``python:`` keys."""

from typing import Any

import torch
from torch import nn


def vit(n_classes: int) -> Any:
    """timm's vision transformer, two narrow blocks on 16 patches of an image of 64 pixels."""
    from timm.models.vision_transformer import VisionTransformer

    return VisionTransformer(
        img_size=64, patch_size=16, embed_dim=24, depth=2, num_heads=2, num_classes=n_classes
    )


def resnet18(n_classes: int) -> Any:
    from torchvision.models import resnet18

    return resnet18(weights=None, num_classes=n_classes)


def swin(n_classes: int) -> Any:
    """torchvision's shifted windows, which keep an index of integers among their weights."""
    from torchvision.models import SwinTransformer

    return SwinTransformer([4, 4], 8, [1, 1], [2, 2], [4, 4], num_classes=n_classes)


class Unbiased(nn.Module):
    """A last layer without a bias, declared before the layers that come before it."""

    def __init__(self) -> None:
        super().__init__()
        self.top = nn.Linear(12, 4, bias=False)
        self.second = nn.Conv2d(6, 12, 3, stride=2)
        self.first = nn.Conv2d(3, 6, 5, stride=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.second(self.first(x).relu()).relu().mean((2, 3))
        return self.top(z)
