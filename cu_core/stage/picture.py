"""One frame of a run, usually its last, as a small picture, drawn from the Stage's own bytes.

Ground transparent, so that it stands on any theme; classes have the colours of the Stage.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cu_core.stage.source import JS

SIZE = (320, 180)  # pixels
FINER = 3  # drawn so many times as large, then brought down: Pillow's circles have hard edges
MARGIN = 0.06
KEEP, FORGET = 1.8, 3.2  # radius in pixels
FAINT, PLAIN = 120, 255  # alpha
EDGE = (255, 255, 255, 230)
HUES = re.compile(r'\["([0-9A-F]{6})", "([0-9A-F]{6})"\]')
CODE = (0, 2, 4)  # where red, green and blue stand in a colour


def drawing(sections: Mapping[str, Any], frame: int = -1) -> bytes:
    """A PNG of the map at a frame, without one the last: all samples small and faint, the forgotten
    ones on top.

    Coloured by true class where the run knows one beside the label, else by label. ``sections``: as
    ``unpack`` gives them for a run from its first frame; ValueError without frames.
    """
    if not len(sections["xy"]):
        raise ValueError("The recording has no frame to draw.")
    places = _pixels(sections["xy"][frame])
    label = sections.get("true_label", sections["label"])
    forget = sections["forget"].astype(bool)
    sheet = Image.new("RGBA", (SIZE[0] * FINER, SIZE[1] * FINER), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    kinds = ((~forget, KEEP, FAINT, None), (forget, FORGET, PLAIN, EDGE))
    for chosen, radius, alpha, edge in kinds:
        for (x, y), k in zip(places[chosen], label[chosen].tolist(), strict=True):
            reach = radius * FINER
            box = (x - reach, y - reach, x + reach, y + reach)
            draw.ellipse(box, fill=(*_colour(k), alpha), outline=edge, width=FINER // 2 + 1)
    out = io.BytesIO()
    sheet.resize(SIZE, Image.Resampling.BOX).save(out, "PNG", optimize=True)
    return out.getvalue()


def _pixels(xy: NDArray[Any]) -> NDArray[np.float64]:
    """Places (P, 2) on the sheet; as large as fits, one scale for both axes, y upwards."""
    unit = xy.astype(np.float64)
    low, high = unit.min(0), unit.max(0)
    room = np.array(SIZE) * FINER
    scale = (room * (1 - 2 * MARGIN) / np.maximum(high - low, 1)).min()
    placed: NDArray[np.float64] = (unit - (low + high) / 2) * scale * [1, -1] + room / 2
    return placed


def _colour(k: int) -> tuple[int, int, int]:
    """Between the class's colours on light and on dark: seen on both."""
    light, dark = _hues()[k % len(_hues())]
    red, green, blue = ((int(light[i : i + 2], 16) + int(dark[i : i + 2], 16)) // 2 for i in CODE)
    return red, green, blue


def hue(k: int) -> tuple[int, int, int]:
    """The class's colour on a light ground."""
    light, _ = _hues()[k % len(_hues())]
    red, green, blue = (int(light[i : i + 2], 16) for i in CODE)
    return red, green, blue


@functools.cache
def _hues() -> list[tuple[str, str]]:
    """The Stage's class colours on light and on dark, as js/palette.js declares them."""
    return HUES.findall((JS / "palette.js").read_text("utf-8"))
