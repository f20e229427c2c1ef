"""Single pictures out of a run's sheet of thumbnails, for what a page shows beside the Stage."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from cu_core.spec import AtlasFacts

LEAST = 48  # pixels a side: smaller tiles are enlarged by whole factors, so that each pixel shows


def tiles(probe: Mapping[str, Any], sheet: AtlasFacts | None, slots: Sequence[int]) -> list[str]:
    """A data address (PNG) of each of these samples of the probe; "" each without a sheet."""
    if sheet is None or "atlas" not in probe:
        return [""] * len(slots)
    with Image.open(io.BytesIO(probe["atlas"].tobytes())) as whole:
        whole.load()
        return [cut(whole, sheet, int(slot)) for slot in slots]


def cut(whole: Image.Image, sheet: AtlasFacts, slot: int, least: int = LEAST) -> str:
    """The tile of one sample, ``least`` pixels a side or more, as a data address."""
    left, top = (sheet.tile * place for place in (slot % sheet.columns, slot // sheet.columns))
    tile = whole.crop((left, top, left + sheet.tile, top + sheet.tile))
    side = sheet.tile * -(-least // sheet.tile)
    out = io.BytesIO()
    tile.resize((side, side), Image.Resampling.NEAREST).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
