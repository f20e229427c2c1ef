"""The ten road signs of ``signs`` as flat pictures: shapes in whole numbers, in Europe's style.

No font, no floating-point number and no drawing library takes part: the same bits on every machine,
which makes a model that was trained elsewhere a model of this data.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 192  # pixels of a picture, which spans -1000..1000 both ways, y downwards
_AXIS = (2 * np.arange(SIDE) + 1 - SIDE) * 1000 // SIDE
X, Y = np.meshgrid(_AXIS, _AXIS)  # (SIDE, SIDE) each

RED, BLUE, YELLOW = (190, 20, 30), (15, 70, 165), (245, 190, 10)
WHITE, BLACK = (240, 240, 238), (20, 20, 22)

Mask = NDArray[np.bool_]
Colour = tuple[int, int, int]
Points = tuple[tuple[int, int], ...]

OCTAGON: Points = (
    (-400, -966), (400, -966), (966, -400), (966, 400),
    (400, 966), (-400, 966), (-966, 400), (-966, -400),
)  # fmt: skip
UP: Points = ((0, -950), (980, 770), (-980, 770))
DIAMOND: Points = ((0, -1000), (1000, 0), (0, 1000), (-1000, 0))


def disc(x: int, y: int, r: int) -> Mask:
    return (X - x) ** 2 + (Y - y) ** 2 <= r * r


def box(left: int, top: int, right: int, bottom: int) -> Mask:
    return (left <= X) & (right >= X) & (top <= Y) & (bottom >= Y)


def polygon(points: Points) -> Mask:
    """What lies inside, by the number of edges to its right."""
    inside = np.zeros(X.shape, bool)
    for (x0, y0), (x1, y1) in zip(points, (*points[1:], points[0]), strict=True):
        crosses = (y0 > Y) != (y1 > Y)
        left = (X - x0) * (y1 - y0) < (x1 - x0) * (Y - y0)
        inside ^= crosses & (left == (y1 > y0))
    return inside


def scaled(points: Points, permille: int, x: int = 0, y: int = 0) -> Points:
    """Towards (x, y)."""
    return tuple(
        (x + (a - x) * permille // 1000, y + (b - y) * permille // 1000) for a, b in points
    )


class Picture:
    """``colour``: uint8 (SIDE, SIDE, 3); ``cover``: whether the sign is there."""

    def __init__(self) -> None:
        self.colour = np.zeros((SIDE, SIDE, 3), np.uint8)
        self.cover = np.zeros((SIDE, SIDE), bool)

    def paint(self, mask: Mask, colour: Colour) -> None:
        self.colour[mask] = colour
        self.cover |= mask


def _stop(it: Picture) -> None:
    it.paint(polygon(OCTAGON), WHITE)
    it.paint(polygon(scaled(OCTAGON, 915)), RED)
    t, top, bottom = 95, -300, 300  # how thick a stroke is, and between which lines they stand
    s, tee, o, p = -760, -360, 20, 430  # left edges; each letter is 330 wide
    for x in (s, o):
        it.paint(box(x, top, x + 330, top + t), WHITE)
        it.paint(box(x, bottom - t, x + 330, bottom), WHITE)
    it.paint(box(s, -t // 2, s + 330, t // 2), WHITE)
    it.paint(box(s, top, s + t, 0), WHITE)
    it.paint(box(s + 330 - t, 0, s + 330, bottom), WHITE)
    it.paint(box(tee, top, tee + 330, top + t), WHITE)
    it.paint(box(tee + 165 - t // 2, top, tee + 165 + t // 2, bottom), WHITE)
    for x in (o, o + 330 - t, p):
        it.paint(box(x, top, x + t, bottom), WHITE)
    it.paint(box(p, top, p + 330, top + t), WHITE)
    it.paint(box(p, -20, p + 330, -20 + t), WHITE)
    it.paint(box(p + 330 - t, top, p + 330, 60), WHITE)


def _no_entry(it: Picture) -> None:
    it.paint(disc(0, 0, 980), WHITE)
    it.paint(disc(0, 0, 930), RED)
    it.paint(box(-680, -180, 680, 180), WHITE)


def _yield(it: Picture) -> None:
    down = tuple((x, -y) for x, y in UP)
    it.paint(polygon(down), RED)
    it.paint(polygon(scaled(down, 560, 0, -190)), WHITE)


def _danger(it: Picture) -> None:
    it.paint(polygon(UP), RED)
    it.paint(polygon(scaled(UP, 660, 0, 190)), WHITE)
    it.paint(polygon(((-95, -330), (95, -330), (55, 250), (-55, 250))), BLACK)
    it.paint(disc(0, 390, 100), BLACK)


def _priority(it: Picture) -> None:
    it.paint(polygon(DIAMOND), BLACK)
    it.paint(polygon(scaled(DIAMOND, 940)), WHITE)
    it.paint(polygon(scaled(DIAMOND, 680)), YELLOW)


def _ring(it: Picture) -> None:
    it.paint(disc(0, 0, 980), RED)
    it.paint(disc(0, 0, 730), WHITE)


def _thirty(it: Picture) -> None:
    _ring(it)
    t, top, bottom = 130, -390, 390
    left, right = -520, -70  # of the 3
    for y in (top, -t // 2, bottom - t):
        it.paint(box(left, y, right, y + t), BLACK)
    it.paint(box(right - t, top, right, bottom), BLACK)
    it.paint(box(70, top, 520, bottom), BLACK)
    it.paint(box(70 + t, top + t, 520 - t, bottom - t), WHITE)


def _car(it: Picture, x: int, colour: Colour) -> None:
    """From behind, its middle at ``x``."""
    it.paint(polygon(((x - 190, -30), (x - 130, -270), (x + 130, -270), (x + 190, -30))), colour)
    it.paint(box(x - 240, -50, x + 240, 190), colour)
    for side in (-1, 1):
        it.paint(box(x + side * 170 - 55, 150, x + side * 170 + 55, 310), colour)
    it.paint(polygon(((x - 115, -60), (x - 85, -200), (x + 85, -200), (x + 115, -60))), WHITE)


def _no_overtaking(it: Picture) -> None:
    _ring(it)
    _car(it, -290, RED)
    _car(it, 290, BLACK)


def _plate(it: Picture) -> None:
    it.paint(box(-960, -960, 960, 960), WHITE)
    it.paint(box(-890, -890, 890, 890), BLUE)


def _parking(it: Picture) -> None:
    _plate(it)
    it.paint(disc(90, -270, 420), WHITE)
    it.paint(disc(90, -270, 190), BLUE)
    it.paint(box(-350, -690, 90, 150) & ~disc(90, -270, 190), WHITE)
    it.paint(box(-120, -460, 90, -80), BLUE)
    it.paint(box(-350, -690, -120, 690), WHITE)


def _roundabout(it: Picture) -> None:
    it.paint(disc(0, 0, 980), WHITE)
    it.paint(disc(0, 0, 930), BLUE)
    it.paint(disc(0, 0, 620) & ~disc(0, 0, 400), WHITE)
    gap: Points = ((0, 0), (-80, -900), (700, -800))
    head: Points = ((-60, -780), (-60, -240), (300, -510))
    for _ in range(3):
        it.paint(polygon(gap), BLUE)
        it.paint(polygon(head), WHITE)
        gap, head = _turned(gap), _turned(head)


def _turned(points: Points) -> Points:
    """By a third of a circle."""
    return tuple(((-500 * x - 866 * y) // 1000, (866 * x - 500 * y) // 1000) for x, y in points)


def _crossing(it: Picture) -> None:
    _plate(it)
    it.paint(polygon(((0, -780), (820, 690), (-820, 690))), WHITE)
    it.paint(disc(20, -270, 105), BLACK)
    it.paint(polygon(((-60, -170), (100, -170), (120, 200), (-80, 200))), BLACK)  # trunk
    it.paint(polygon(((-80, 150), (50, 150), (-150, 560), (-290, 560))), BLACK)  # legs
    it.paint(polygon(((0, 150), (120, 150), (310, 560), (170, 560))), BLACK)
    it.paint(polygon(((80, -150), (280, 90), (210, 140), (60, -20))), BLACK)  # arms
    it.paint(polygon(((-40, -150), (-240, 90), (-180, 140), (-20, -20))), BLACK)


SIGNS: dict[str, Callable[[Picture], None]] = {
    "stop": _stop,
    "no entry": _no_entry,
    "yield": _yield,
    "danger": _danger,
    "priority road": _priority,
    "30": _thirty,
    "no overtaking": _no_overtaking,
    "parking": _parking,
    "roundabout": _roundabout,
    "pedestrian crossing": _crossing,
}


@cache
def pictures() -> tuple[NDArray[np.uint8], Mask]:
    """(colours (10, SIDE, SIDE, 3), cover (10, SIDE, SIDE)) of the signs, in their order."""
    found = []
    for draw in SIGNS.values():
        found.append(Picture())
        draw(found[-1])
    return np.stack([it.colour for it in found]), np.stack([it.cover for it in found])
