"""The probe's images as one sprite sheet, for the card that follows the pointer over the map.

2,000 CIFAR-10 images: a WebP of 0.6 MB in 0.2 s on one core (Pillow 13.0).

Of images that are larger, tiles are as large as a sheet of some 1.5 MB has room for, and not below
64 pixels: of 2,000 photographs 64, of 500 or of plain drawings 128.
"""

import math
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cu_core.errors import BadData
from cu_core.spec import Dataset, Ints

TILES = (128, 96, 64)  # pixels a side of a large image's tile, the first that fits
MAX_SIDE = 16_383  # pixels of a WebP; 50,000 of the smallest tiles stay below
MAX_BYTES = 1_500_000
HELD = 256  # images read at a time
TRIED = 49  # tiles that are encoded to tell how large the sheet will be
LOSSLESS_TILE = 16  # up to here every pixel shows and PNG is small
QUALITY = 80


def atlas(dataset: Dataset, index: Ints) -> tuple[bytes, str, int, int]:
    """(file, MIME type, tile side in pixels, columns) of the training images ``index`` (P,).

    Image p lies at column p % columns, row p // columns, centred on black if it is not square.
    BadData for rows, which have no picture.
    """
    if not dataset.is_image:
        raise BadData(f"{dataset.key} holds rows of numbers; they have no pictures.")
    side = _side(dataset.train_x, index)
    parts = [
        _tiles(dataset.train_x[index[at : at + HELD]], side) for at in range(0, len(index), HELD)
    ]
    tiles = np.concatenate(parts or [_tiles(dataset.train_x[:0], side)])
    columns = _columns(len(tiles))
    image = Image.fromarray(_sheet(tiles, columns))
    buffer = BytesIO()
    if side <= LOSSLESS_TILE:
        image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue(), "image/png", side, columns
    return _webp(image), "image/webp", side, columns


def _columns(count: int) -> int:
    return max(1, math.ceil(math.sqrt(count)))


def _sheet(tiles: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Tiles (P, S, S, C) as pixels (rows * S, columns * S, C), or without C where that is 1."""
    count, side, _, channels = tiles.shape
    rows = max(1, math.ceil(count / columns))
    sheet = np.zeros((rows * columns, side, side, channels), np.uint8)
    sheet[:count] = tiles
    sheet = sheet.reshape(rows, columns, side, side, channels).transpose(0, 2, 1, 3, 4)
    pixels = sheet.reshape(rows * side, columns * side, channels)
    return pixels[..., 0] if channels == 1 else pixels


def _webp(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=2)
    return buffer.getvalue()


def _side(x: NDArray[Any], index: Ints) -> int:
    """Pixels a side of the tiles of images ``index`` (P,) of x (N, C, H, W): their own, of large
    ones the most that keeps the sheet within its bounds, told by a few of them."""
    own, count = int(max(x.shape[2:])), len(index)
    if own <= TILES[-1] or not count:
        return min(own, TILES[-1])
    some = x[index[:: max(1, count // TRIED)][:TRIED]]
    for side in (tile for tile in TILES[:-1] if tile <= own):
        if _columns(count) * side > MAX_SIDE:
            continue
        sample = len(_webp(Image.fromarray(_sheet(_tiles(some, side), _columns(len(some))))))
        if sample * count <= MAX_BYTES * len(some):
            return side
    return TILES[-1]


def _tiles(x: NDArray[Any], most: int) -> NDArray[np.uint8]:
    """Images (P, C, H, W) as square tiles (P, S, S, C), S = min(most, max(H, W))."""
    x = x.transpose(0, 2, 3, 1)  # (P, H, W, C)
    height, width = x.shape[1:3]
    if max(height, width) > most:
        scale = most / max(height, width)
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
