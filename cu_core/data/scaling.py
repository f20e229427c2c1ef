"""Images at the size a network is made for: the shorter side scaled to it, the longer one cropped
in the middle, as torchvision's Resize and CenterCrop do."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cu_core.data.memory import parts
from cu_core.errors import BadRequest
from cu_core.spec import Dataset


def scaled(dataset: Dataset, size: int | None) -> Dataset:
    """A set in memory whose images are (N, C, size, size); None: as they are. BadRequest for rows.

    ``known_hash`` is that of what is there afterwards: other pixels are other data.
    """
    if size is None or dataset.shape[1:] == (size, size):
        return dataset
    if not dataset.is_image:
        raise BadRequest(f"{dataset.key} holds rows of numbers; they have no size to read them at.")
    height, width = dataset.shape[1:]
    said = f"images scaled from {width} x {height} to {size} x {size}"
    return replace(
        dataset,
        train_x=_all(dataset.train_x, size),
        test_x=_all(dataset.test_x, size),
        notes=(*dataset.notes, said),
        known_hash="",
    )


def _all(x: NDArray[Any], size: int) -> NDArray[np.uint8]:
    made = np.empty((len(x), x.shape[1], size, size), np.uint8)
    at = 0
    for part in parts(x):
        for image in part:
            made[at] = [np.asarray(squared(Image.fromarray(plane), size)) for plane in image]
            at += 1
    return made


def squared(image: Image.Image, size: int) -> Image.Image:
    """``image`` at size x size, nothing stretched."""
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - size) // 2, (height - size) // 2
    return image if image.size == (size, size) else image.crop((left, top, left + size, top + size))
