"""Three 3x3 convolutions with BatchNorm: seconds on a laptop, from 8x8 digits to 32x32 colour."""

from torch import nn

from cu_core.models._base import Architecture, Shape, needs_image

WIDTHS = (32, 64, 96)
EMBEDDING = 64


def block(c_in: int, c_out: int) -> list[nn.Module]:
    conv = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(c_out), nn.ReLU(inplace=True)]


def body(shape: Shape) -> tuple[nn.Module, int]:
    """(B, C, H, W) -> (B, 64), non-negative."""
    a, b, c = WIDTHS
    layers = [
        *block(shape[0], a),
        nn.MaxPool2d(2),
        *block(a, b),
        nn.MaxPool2d(2),
        *block(b, c),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(c, EMBEDDING),
        nn.ReLU(),
    ]
    return nn.Sequential(*layers), EMBEDDING


ARCHITECTURES = (
    Architecture(
        key="small-cnn",
        title="Small CNN",
        help="Three convolutions and 81 thousand weights. The digits train in seconds on a CPU.",
        body=body,
        refuses=needs_image,
        lr=0.2,
        epochs_cpu=5,
        epochs_gpu=20,
    ),
)
