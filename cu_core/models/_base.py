"""What an architecture declares, and the classifier every one of them becomes.

    image or row -> body -> z -> logits                                       head "plain"
    image or row -> body -> mlp_head -> L2 norm = z -> ReLU -> logits         head "normalised"

"normalised" is the option of the authors of contrastive unlearning (`SupConResNet` of their
code): there the projection head is part of the classifier's path. z is taken before the ReLU;
their code, whose ReLU works in place, hands ReLU(z) to the loss. Who wants that writes
``z.relu() if model.head == "normalised" else z``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from cu_core.models.capture import Capture
from cu_core.spec import ComputePlan

Head = Literal["plain", "normalised"]
Shape = tuple[int, ...]  # (C, H, W) of one image or (D,) of one row

UNIT_SPHERE = 128  # dimensions of the normalised head's z, as in the authors' code
MIN_SIDE = 8  # pixels; three halvings leave one


@dataclass(frozen=True)
class Architecture:
    """One name of the registry. A file of ``architectures/`` declares one or more of them.

    ``body(shape)`` gives the network up to the features and their width; ``refuses(shape)`` a
    sentence when the shape is not for it. ``lr`` is the peak rate at batch 128, ``epochs`` are
    those of a set of 50 000 samples, on the CPU and on a GPU. ``size``: pixels a side it is made
    for, None: any; ``mean``, ``std``: of pixels in 0..1, where its makers give them (else the
    data's own). ``ours(name)``: a name in a file of its makers' code -> in a Classifier's.
    ``variant_of``: the network whose weights have the same names as its own, and the same shapes
    too at some sizes of image;
    ``listed``: whether it is one to pick, and not only one that weights from elsewhere can be of.
    ``network``: of one that is brought (``origins``), the whole of it for a shape and a number of
    classes; ``body`` is then what is left of it. ``classes``: names in the order of the outputs,
    ``fingerprint``: of the files that say what it computes.
    """

    key: str
    title: str
    help: str
    body: Callable[[Shape], tuple[nn.Module, int]]
    refuses: Callable[[Shape], str | None]
    lr: float
    epochs_cpu: int
    epochs_gpu: int
    heads: tuple[Head, ...] = ("plain",)
    size: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    ours: Callable[[str], str] | None = None
    variant_of: str = ""
    listed: bool = True
    network: Callable[[Shape, int], nn.Module] | None = None
    classes: tuple[str, ...] | None = None
    fingerprint: str = ""


class Classifier(nn.Module):
    """x (B, C, H, W) or (B, D), normalised -> logits (B, n_classes), z (B, embedding_dim)."""

    def __init__(
        self, architecture: str, body: nn.Module, width: int, shape: Shape, classes: int, head: Head
    ) -> None:
        super().__init__()
        self.architecture, self.head, self.shape, self.n_classes = (
            architecture,
            head,
            shape,
            classes,
        )
        self.embedding_dim = UNIT_SPHERE if head == "normalised" else width
        self.body = body
        self.mlp_head = (
            nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, UNIT_SPHERE))
            if head == "normalised"
            else None
        )
        self.fc = nn.Linear(self.embedding_dim, classes)
        self.plan = ComputePlan()
        self.capture: Capture | None = None  # where an engine has its passes recorded

    def use(self, plan: ComputePlan) -> None:
        """Compute as ``plan`` says from now on. Weights and what is returned stay float32."""
        self.plan = plan

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.ndim == 4 and self.plan.layout == "channels-last":
            x = x.to(memory_format=torch.channels_last)  # unlike `.contiguous`, also for C = 1
        z = self.features(x)  # (B, width)
        if self.mlp_head is None:
            return self.fc(z), z
        z = normalize(self.mlp_head(z), dim=1)  # (B, 128), unit norm
        return self.fc(z.relu()), z

    def features(self, x: Tensor) -> Tensor:
        """What the body makes of x: float32 (B, width), computed at the plan's precision.

        The cast is here, around the layers that cost time, so that methods and their losses never
        hear of it.
        """
        recorded = self.capture.passes(x) if self.capture else None
        if recorded is not None:
            return recorded(x)
        z: Tensor
        if self.plan.precision == "float32":
            z = self.body(x)
            return z
        with torch.autocast(x.device.type, torch.bfloat16):
            z = self.body(x)
        return z.float()


def needs_image(shape: Shape) -> str | None:
    """The sentence for a shape that is no image of at least 8 x 8 pixels."""
    if len(shape) != 3:
        return f"needs images (C, H, W), and the samples here have shape {shape}; use mlp."
    if min(shape[1:]) < MIN_SIDE:
        size = f"{shape[1]} x {shape[2]}"
        return f"needs images of at least {MIN_SIDE} x {MIN_SIDE} pixels, not {size}; use mlp."
    return None
