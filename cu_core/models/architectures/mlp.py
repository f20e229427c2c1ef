"""Two hidden layers, for rows of numbers and for small images, flattened. No BatchNorm."""

from math import prod

from torch import nn

from cu_core.models._base import Architecture, Shape

HIDDEN, EMBEDDING = 256, 64


def body(shape: Shape) -> tuple[nn.Module, int]:
    """(B, D) or (B, C, H, W) -> (B, 64), non-negative."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(prod(shape), HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, EMBEDDING),
        nn.ReLU(),
    ), EMBEDDING


def refuses(shape: Shape) -> str | None:
    if len(shape) in (1, 3):
        return None
    return f"needs rows (D,) or images (C, H, W), and the samples here have shape {shape}."


ARCHITECTURES = (
    Architecture(
        key="mlp",
        title="MLP",
        help="Two hidden layers of 256 and 64 units. For rows of numbers; images are flattened.",
        body=body,
        refuses=refuses,
        lr=0.1,
        epochs_cpu=10,
        epochs_gpu=20,
    ),
)
