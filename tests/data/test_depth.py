"""16 bits a pixel: what is in the values is still there in 8."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cu_core.data.decode import decode


def gray(values: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.asarray(values, np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def colour(values: Any) -> bytes:
    """(H, W, 3 or 4) as a PNG of 16 bits a channel, which Pillow does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    height, width, channels = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff(values: Any, order: str) -> bytes:
    """(H, W, 3) as a TIFF of 16 bits a channel, in one strip."""
    height, width, channels = values.shape
    data = values.astype(f"{order}u2").tobytes()
    entries = [(256, width), (257, height), (258, 0), (259, 1), (262, 2), (273, 0), (277, channels)]
    entries += [(278, height), (279, len(data)), (284, 1)]
    after = 8 + 2 + 12 * len(entries) + 4
    places = {258: (channels, after), 273: (1, after + 2 * channels)}
    body = struct.pack(f"{order}H", len(entries))
    for tag, value in entries:
        count, place = places.get(tag, (1, value))
        body += struct.pack(f"{order}HHI", tag, 3 if tag == 258 else 4, count)
        body += struct.pack(f"{order}I", place)
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return head + body + bytes(4) + bits + data


def read(*items: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    found = decode(items, [""] * len(items))
    return found.x, found.notes


@pytest.mark.parametrize(
    ("top", "bits"), [(255, 8), (1000, 10), (4095, 12), (16_000, 14), (65_535, 16)]
)
def test_the_largest_value_says_how_many_bits_there_are(top: int, bits: int) -> None:
    values = np.linspace(0, top, 64).reshape(8, 8)
    x, notes = read(gray(values), gray(values[::-1]))
    assert np.array_equal(x[0, 0], np.rint(np.uint16(values) * (255 / (2**bits - 1))))
    of = "" if bits == 16 else f" of {bits}-bit values (up to {top:,})"
    assert notes == (f"2 16-bit images{of} scaled to 8 bits",)


def test_a_hot_pixel_does_not_darken_the_rest() -> None:
    values = np.linspace(0, 4000, 64 * 64).reshape(64, 64)
    values[3, 3] = 65_535
    x, notes = read(gray(values))
    assert len(np.unique(x)) > 200 and x[0, 0, 3, 3] == 255
    assert "12-bit values" in notes[0]


def test_a_narrow_range_far_from_black_is_spread() -> None:
    values = np.linspace(30_000, 30_500, 64 * 64).reshape(64, 64)
    x, notes = read(gray(values))
    assert len(np.unique(x)) > 200
    assert notes == ("1 16-bit image of values 30,000 to 30,499 scaled to 8 bits",)


def test_colour_keeps_its_lower_bytes() -> None:
    values = np.random.default_rng(0).integers(0, 1000, (8, 8, 3))
    x, notes = read(colour(values))
    assert np.array_equal(x[0], np.rint(values * 255 / 1023).transpose(2, 0, 1))
    assert notes == (f"1 16-bit image of 10-bit values (up to {values.max()}) scaled to 8 bits",)


@pytest.mark.parametrize("order", "<>")
def test_colour_of_a_tiff(order: str) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (8, 8, 3))
    values[0, 0, 0] = 4095
    x, notes = read(tiff(values, order))
    assert np.array_equal(x[0], np.rint(values * (255 / 4095)).transpose(2, 0, 1))
    assert notes == ("1 16-bit image of 12-bit values (up to 4,095) scaled to 8 bits",)


def test_transparency_of_16_bits() -> None:
    values = np.full((4, 4, 4), 60_000)
    values[..., 3] = np.where(np.eye(4), 0, 65_535)
    x, notes = read(colour(values))
    assert (x[0, :, np.eye(4) == 1] == 255).all() and (x[0, :, np.eye(4) == 0] == 233).all()
    assert "1 RGBA image flattened on white" in notes
