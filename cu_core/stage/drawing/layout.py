"""Where things stand in a picture of a given size, in pixels: one function for all sizes."""

from __future__ import annotations

from dataclasses import dataclass

WIDE = (1280, 720)  # drawn with curves beside the map; others of that shape are scaled
SMALL = (640, 400)  # drawn without
NARROW = 900  # pixels, from which there is room for curves


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def end(self) -> float:
        return self.y + self.h


@dataclass(frozen=True)
class Layout:
    """``unit``: pixels that the Stage's CSS pixel becomes. ``title``, ``caption``, ``small``: sizes
    of letters; ``head``, ``foot``: baselines of the first and the last line; ``told``: where the
    caption stands; ``charts``: None where there is no room for curves; ``track``: the progress."""

    width: int
    height: int
    unit: float
    margin: float
    title: float
    caption: float
    small: float
    text: float
    head: float
    foot: float
    told: Box
    map: Box
    charts: Box | None
    track: Box


def layout(width: int, height: int, curves: bool = True) -> Layout:
    """``curves``: whether the run has any to be drawn beside the map."""
    if width < NARROW:
        return _small(width, height)
    u = min(width / WIDE[0], height / WIDE[1])
    margin, beside = 36 * u, 404 * u
    top, bottom = 122 * u, height - 64 * u
    room = width - 2 * margin - (beside + 28 * u if curves else 0)
    picture = Box(margin, top, room, bottom - top)
    return Layout(
        width=width,
        height=height,
        unit=u,
        margin=margin,
        title=20 * u,
        caption=29 * u,
        small=15 * u,
        text=16 * u,
        head=46 * u,
        foot=height - 18 * u,
        told=Box(margin, 58 * u, width - 2 * margin, 56 * u),
        map=picture,
        charts=Box(width - margin - beside, top, beside, bottom - top) if curves else None,
        track=Box(margin, bottom + 16 * u, width - 2 * margin, 4 * u),
    )


def _small(width: int, height: int) -> Layout:
    u = min(width / SMALL[0], height / SMALL[1])
    margin, top, bottom = 14 * u, 72 * u, height - 36 * u
    return Layout(
        width=width,
        height=height,
        unit=0.8 * u,
        margin=margin,
        title=14 * u,
        caption=18 * u,
        small=11.5 * u,
        text=13 * u,
        head=22 * u,
        foot=height - 8 * u,
        told=Box(margin, 29 * u, width - 2 * margin, 40 * u),
        map=Box(margin, top, width - 2 * margin, bottom - top),
        charts=None,
        track=Box(margin, bottom + 8 * u, width - 2 * margin, 3 * u),
    )
