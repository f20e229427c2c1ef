"""The probe's samples as pictures that a person can see, made of what the network is given.

A ``Normalize`` among the data set's transforms is undone; values in 0..1 are taken as they are;
others are stretched, one range for all samples of a channel. Samples that are no images have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cu_core.data.thumbs import TILES, atlas
from cu_core.spec import AtlasFacts, Dataset
from cu_core.watching.samples import Batch, tensors

CHANNELS = (1, 3)


def sheet(batches: Sequence[Batch], source: Any) -> tuple[NDArray[np.uint8], AtlasFacts] | None:
    """The file's bytes and how it is cut; None where the samples are no images."""
    parts = [part for x, _ in batches if (part := _images(x)) is not None]
    if len(parts) < len(batches) or len({part.shape[1:] for part in parts}) > 1:
        return None
    pixels = _pixels(parts, _normalisation(source))
    none = np.zeros(0, np.int64)
    data = Dataset("watched", pixels, none, pixels[:0], none, ())
    image, mime, tile, columns = atlas(data, np.arange(len(pixels)))
    return np.frombuffer(image, np.uint8), AtlasFacts(mime=mime, tile=tile, columns=columns)


def _images(x: Any) -> Tensor | None:
    """(B, C, H, W), no larger than a thumbnail shows; None: the first tensor is no image."""
    image = next(tensors(x), None)
    if image is None or image.ndim != 4 or image.shape[1] not in CHANNELS:
        return None
    if max(image.shape[2:]) > TILES[0]:
        scale = TILES[0] / max(image.shape[2:])
        size = [max(1, round(side * scale)) for side in image.shape[2:]]
        image = torch.nn.functional.interpolate(image.float(), size, mode="area")
    return image


def _pixels(images: list[Tensor], known: tuple[Tensor, Tensor] | None) -> NDArray[np.uint8]:
    if all(part.dtype == torch.uint8 for part in images):
        return np.asarray(torch.cat(images).numpy())
    x = torch.cat([part.float() for part in images])  # (P, C, H, W)
    if known is not None and known[0].numel() in (1, x.shape[1]):
        mean, std = (value.reshape(1, -1, 1, 1) for value in known)
        x = x * std + mean
    low, high = x.amin((0, 2, 3), keepdim=True), x.amax((0, 2, 3), keepdim=True)
    slack = 1e-3
    if float(low.min()) < -slack or float(high.max()) > 1 + slack:
        x = (x - low) / (high - low).clamp(min=1e-12)
    return np.asarray((x.clamp(0, 1) * 255).round().to(torch.uint8).numpy())


def _normalisation(source: Any) -> tuple[Tensor, Tensor] | None:
    """Mean and standard deviation that a transform of the data set brought the samples to."""
    for step in _steps(getattr(source, "transform", None)):
        if hasattr(step, "mean") and hasattr(step, "std"):
            try:
                return torch.as_tensor(step.mean).float(), torch.as_tensor(step.std).float()
            except (TypeError, ValueError, RuntimeError):
                return None
    return None


def _steps(transform: Any) -> Iterator[Any]:
    inner = getattr(transform, "transforms", None)
    for step in inner if isinstance(inner, list | tuple) else [transform]:
        if step is not transform:
            yield from _steps(step)
        elif step is not None:
            yield step
