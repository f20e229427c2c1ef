"""Single pictures out of the sheet of thumbnails."""

import base64
import io

import numpy as np
from PIL import Image

from cu_core.spec import AtlasFacts
from cu_core.stage.tiles import LEAST, tiles


def test_a_tile_is_the_sample_s_own_part_of_the_sheet() -> None:
    sheet = np.random.default_rng(0).integers(0, 255, (16, 24), np.uint8)  # 2 rows of 3, 8 a side
    png = io.BytesIO()
    Image.fromarray(sheet).save(png, "PNG")
    probe = {"atlas": np.frombuffer(png.getvalue(), np.uint8)}
    addresses = tiles(probe, AtlasFacts(mime="image/png", tile=8, columns=3), [4, 0])
    for address, (row, column) in zip(addresses, [(1, 1), (0, 0)], strict=True):
        kind, _, code = address.partition(",")
        assert kind == "data:image/png;base64"
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(code))))
        times = len(pixels) // 8
        assert len(pixels) >= LEAST and len(pixels) % 8 == 0
        own = sheet[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        np.testing.assert_array_equal(pixels, np.kron(own, np.ones((times, times), np.uint8)))


def test_rows_of_numbers_have_no_picture() -> None:
    assert tiles({}, None, [0, 1]) == ["", ""]
