"""VGG-16 with BatchNorm (arXiv:1409.1556, configuration D), cut down to small images.

The 13 convolutions are torchvision's, name for name. Behind them the two layers of 4,096 units,
made for 224 x 224 pixels, give way to one of 1,024: the encoder head of CoUn (arXiv:2509.16391,
appendix E.1, which gives its width alone; that it is one layer with a ReLU is our reading).
Poolings round up, so that sides down to 8 pixels pass all five; at 32 and 64 nothing differs.
Weights from elsewhere can be of the network without that layer, as pytorch-cifar has it.
"""

from dataclasses import replace
from functools import partial

from torch import nn

from cu_core.models._base import Architecture, Shape, needs_image

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels, convolutions
EMBEDDING = 1024


def body(shape: Shape, encoder: bool = True) -> tuple[nn.Module, int]:
    """(B, C, H, W) -> (B, 1024), non-negative; (B, 512) without the ``encoder`` head."""
    layers: list[nn.Module] = []
    c_in = shape[0]
    for width, convolutions in STAGES:
        for _ in range(convolutions):
            conv = nn.Conv2d(c_in, width, 3, padding=1)
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
            layers += [conv, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            c_in = width
        layers.append(nn.MaxPool2d(2, ceil_mode=True))
    parts: list[nn.Module] = [nn.Sequential(*layers), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    if not encoder:
        return nn.Sequential(*parts), c_in
    return nn.Sequential(*parts, nn.Linear(c_in, EMBEDDING), nn.ReLU()), EMBEDDING


USUAL = Architecture(
    key="vgg16-bn",
    title="VGG-16 (BatchNorm)",
    help="13 convolutions, 15.3 million weights, 1024-d embedding. Meant for a GPU.",
    body=body,
    refuses=needs_image,
    lr=0.05,
    epochs_cpu=5,
    epochs_gpu=30,
    heads=("plain", "normalised"),
)
SHORT = replace(
    USUAL,
    key="vgg16-bn-short",
    title="VGG-16 (BatchNorm), one linear layer",
    help="13 convolutions, 14.7 million weights, 512-d embedding. Meant for a GPU.",
    body=partial(body, encoder=False),
    listed=False,
)
ARCHITECTURES = (USUAL, SHORT)
