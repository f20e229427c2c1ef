"""Names of the classes on their clusters, with the picture of a typical sample (js/names.js)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cu_core.stage.drawing import lettering
from cu_core.stage.drawing.camera import Camera
from cu_core.stage.drawing.layout import Box
from cu_core.stage.drawing.lettering import STRONG
from cu_core.stage.drawing.look import Look
from cu_core.stage.drawing.pen import Pen
from cu_core.stage.drawing.run import Run

MOST = 20  # classes whose names are still read
FEW = 3  # samples that make a cluster
CELLS = 24  # across the picture, in which samples are counted
MOST_OF = 0.8  # of a class's samples, in how far they reach
COVERED = 1.5  # widths of its name that a cluster has across, to carry it within
HEIGHT, THUMB, LETTERS, EDGE = 22, 18, 15, 3  # CSS pixels
LONGEST = 150  # CSS pixels, of a name
VEIL = 0.74  # of a name's ground

Array = NDArray[Any]


def densest(places: Array, side: float) -> Array | None:
    """(x, y, reach) of where (N, 2) are densest: the middle of the fullest cell with its
    neighbours, and how far from it most of them lie; None where there are too few."""
    if len(places) < FEW:
        return None
    steps = side * np.array([(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)])
    cells = np.floor((places[:, None] + steps) / side).astype(np.int64).reshape(-1, 2)
    _, first, own, count = np.unique(
        cells, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    fullest = np.flatnonzero(count == count.max())
    best = fullest[first[fullest].argmin()]  # the one that was met first
    times = (own.reshape(len(places), -1) == best).sum(1)  # once, but on the edge of a cell
    x, y = (places * times[:, None]).sum(0) / times.sum()
    far = np.sort(np.hypot(places[:, 0] - x, places[:, 1] - y))
    return np.array([x, y, far[int(MOST_OF * (len(far) - 1))]])


class Names:
    """Of one run; what was worked out of a frame is kept."""

    def __init__(self, run: Run, sections: Mapping[str, Array]) -> None:
        self.run = run
        self.spots: dict[tuple[int, int], Array | None] = {}
        slots = np.arange(run.n)
        kept, forget = ([slots[p & (run.label == k)] for k in range(len(run.classes))]
                        for p in (slots < run.kept, slots >= run.kept))  # fmt: skip
        self.members = [a if len(a) else b for a, b in zip(kept, forget, strict=True)]
        own = set(run.forget_classes)
        self.rank = sorted(
            range(len(run.classes)), key=lambda k: (k not in own, -len(self.members[k]), k)
        )
        self.pictures = _pictures(run, self.members, sections)

    def draw(self, pen: Pen, look: Look, camera: Camera, t: float) -> None:
        """Nothing where there are more classes than can be read."""
        if len(self.run.classes) > MOST:
            return
        taken: list[Box] = []
        for k in self.rank:
            spot = None if look.dims(k) else self._spot(k, t)
            name = lettering.cut(self.run.classes[k], LONGEST, LETTERS, STRONG)
            wide = lettering.width(name, LETTERS, STRONG) + 10
            wide += THUMB + 4 if self.pictures[k] else 0
            box = None if spot is None else _place(camera, spot, np.ceil(wide), taken)
            if box is not None:
                taken.append(box)
                self._tag(pen, look, k, name, box, camera.unit)

    def _tag(self, pen: Pen, look: Look, k: int, name: str, box: Box, u: float) -> None:
        x, y, w, h = (u * v for v in (box.x - box.w / 2, box.y - box.h / 2, box.w, box.h))
        pen.box(x, y, w, h, look.theme.panel, round=6 * u, alpha=VEIL)
        if k in self.run.forget_classes:
            pen.box(x, y, w, h, look.theme.ink, round=6 * u, rim=1.5 * u)
        left = x + 5 * u
        picture = self.pictures[k]
        if picture is not None:
            pen.picture(left, y + (HEIGHT - THUMB) / 2 * u, THUMB * u, picture)
            left += (THUMB + 4) * u
        pen.text(left, y + 16 * u, name, LETTERS * u, look.theme.ink, weight=STRONG)

    def _spot(self, k: int, t: float) -> Array | None:
        """In quanta, between two frames in proportion."""
        i = int(t)
        a, b = self._still(k, i), self._still(k, i if t == i else min(i + 1, self.run.last))
        return None if a is None or b is None else a + (b - a) * (t - i)

    def _still(self, k: int, frame: int) -> Array | None:
        if (k, frame) not in self.spots:
            places = self.run.xy[frame][self.members[k]]
            self.spots[k, frame] = densest(places, 2 * self.run.reach / CELLS)
        return self.spots[k, frame]


def _place(camera: Camera, spot: Array, wide: float, taken: list[Box]) -> Box | None:
    """Where a name stands (middle and size, CSS pixels); None where no place is free."""
    x, y = camera.pixels(spot[:2]) / camera.unit
    if not (0 <= x <= camera.width and 0 <= y <= camera.height):
        return None
    reach = spot[2] * camera.scale / camera.unit
    inside = 2 * reach > COVERED * wide  # a small cluster would be hidden by its own name
    side = 0.6 * wide if inside else reach + 8 + wide / 2
    up = HEIGHT + 2 if inside else reach + 6 + HEIGHT / 2
    ways = [(0, -up), (0, up), (side, 0), (-side, 0), (0, -up - 24), (0, up + 24)]
    for dx, dy in [*([(0.0, 0.0)] if inside else []), *ways]:
        box = Box(
            _hold(x + dx, wide / 2, camera.width),
            _hold(y + dy, HEIGHT / 2, camera.height),
            wide,
            HEIGHT,
        )
        if all(_apart(box, other) for other in taken):
            return box
    return None


def _hold(middle: float, half: float, end: float) -> float:
    return min(end - half - EDGE, max(half + EDGE, middle))


def _apart(a: Box, b: Box) -> bool:
    return abs(a.x - b.x) >= (a.w + b.w) / 2 or abs(a.y - b.y) >= a.h


def _pictures(
    run: Run, members: list[Array], sections: Mapping[str, Array]
) -> list[Image.Image | None]:
    """Of each class that of the sample nearest to its middle on the first map; None without."""
    sheet = run.header.get("atlas")
    if not sheet or "atlas" not in sections:
        return [None] * len(members)
    with Image.open(io.BytesIO(sections["atlas"].tobytes())) as opened:
        whole = opened.convert("RGB")
    return list(_tiles(run, members, whole, int(sheet["tile"]), int(sheet["columns"])))


def _tiles(
    run: Run, members: list[Array], sheet: Image.Image, tile: int, columns: int
) -> Iterator[Image.Image | None]:
    for slots in members:
        if not len(slots):
            yield None
            continue
        first = run.xy[0][slots]
        away = first - first.mean(0)
        place = int(run.order[slots[np.hypot(away[:, 0], away[:, 1]).argmin()]])
        left, top = (place % columns) * tile, (place // columns) * tile
        yield sheet.crop((left, top, left + tile, top + tile))
