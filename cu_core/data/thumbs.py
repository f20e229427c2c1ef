"""The probe's images as one sprite sheet, for the card that follows the pointer over the map.

2,000 CIFAR-10 images: a WebP of 0.6 MB in 0.2 s on one core (Pillow 13.0).
"""

import math
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cu_core.errors import BadData
from cu_core.spec import Dataset, Ints

MAX_TILE = 64  # pixels; 50,000 such tiles stay below WebP's 16,383 a side
LOSSLESS_TILE = 16  # up to here every pixel shows and PNG is small
QUALITY = 80


def atlas(dataset: Dataset, index: Ints) -> tuple[bytes, str, int, int]:
    """(file, MIME type, tile side in pixels, columns) of the training images ``index`` (P,).

    Image p lies at column p % columns, row p // columns, centred on black if it is not square.
    BadData for rows, which have no picture.
    """
    if not dataset.is_image:
        raise BadData(f"{dataset.key} holds rows of numbers; they have no pictures.")
    tiles = _tiles(dataset.train_x[index])  # (P, S, S, C)
    count, side, _, channels = tiles.shape
    columns = max(1, math.ceil(math.sqrt(count)))
    rows = max(1, math.ceil(count / columns))
    sheet = np.zeros((rows * columns, side, side, channels), np.uint8)
    sheet[:count] = tiles
    sheet = sheet.reshape(rows, columns, side, side, channels).transpose(0, 2, 1, 3, 4)
    pixels = sheet.reshape(rows * side, columns * side, channels)
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    buffer = BytesIO()
    if side <= LOSSLESS_TILE:
        image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue(), "image/png", side, columns
    image.save(buffer, "WEBP", quality=QUALITY, method=2)
    return buffer.getvalue(), "image/webp", side, columns


def _tiles(x: NDArray[Any]) -> NDArray[np.uint8]:
    """Images (P, C, H, W) as square tiles (P, S, S, C), S = min(64, max(H, W))."""
    x = x.transpose(0, 2, 3, 1)  # (P, H, W, C)
    height, width = x.shape[1:3]
    if max(height, width) > MAX_TILE:
        scale = MAX_TILE / max(height, width)
        height, width = max(1, round(height * scale)), max(1, round(width * scale))
        x = np.stack([_scaled(image, width, height) for image in x])
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    tiles = np.zeros((len(x), side, side, x.shape[3]), np.uint8)
    tiles[:, top : top + height, left : left + width] = x
    return tiles


def _scaled(image: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """(H, W, C) -> (height, width, C)."""
    channels = [
        np.asarray(Image.fromarray(image[..., c]).resize((width, height), Image.Resampling.BOX))
        for c in range(image.shape[2])
    ]
    return np.stack(channels, axis=-1)
