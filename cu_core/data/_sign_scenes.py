"""Road signs as a passing camera might have them: turned, near or far, dim or bright, out of focus,
before a blurred background, with noise. 32 x 32 pixels in colour.

Whole numbers throughout, from the raw words of a generator whose stream numpy never changes: the
same bits on every machine.
"""

import math

import numpy as np
from numpy.typing import NDArray

from cu_core.data._sign_shapes import SIDE, SIGNS, pictures

PIXELS = 32
FINE = 3  # places looked at in each pixel, each way
ONE = 1 << 16  # of fixed-point numbers
PART = 100  # scenes made at a time
CELLS = 5  # of a background, each way
GROUNDS = ((150, 175, 205), (85, 110, 70), (120, 105, 90), (125, 125, 128), (60, 65, 75))

Ints = NDArray[np.int64]


class Dice:
    """Random whole numbers."""

    def __init__(self, seed: int) -> None:
        self._words = np.random.PCG64(seed)

    def throw(self, low: int, high: int, shape: tuple[int, ...]) -> Ints:
        """``low`` to ``high``, both included."""
        words = self._words.random_raw(math.prod(shape)) >> np.uint64(32)
        found: Ints = low + (words.astype(np.int64) * (high - low + 1) >> 32).reshape(shape)
        return found


def scenes(count: int, seed: int) -> tuple[NDArray[np.uint8], Ints]:
    """(images uint8 (count, 3, 32, 32), sign (count,)): the signs in turn."""
    sign = np.arange(count) % len(SIGNS)
    dice = Dice(seed)
    made = [_made(sign[i : i + PART], dice) for i in range(0, count, PART)]
    return np.concatenate(made), sign


def _made(sign: Ints, dice: Dice) -> NDArray[np.uint8]:
    n = len(sign)
    ground = _ground(n, dice)  # (n, 32, 32, 3)
    shown, cover = _posed(sign, dice)  # (n, 32, 32, 3), (n, 32, 32, 1) of FINE * FINE
    whole = FINE * FINE
    x = (shown + ground * (whole - cover) + whole // 2) // whole
    x = _lit(x, dice)
    x = _blurred(x, dice.throw(0, 6, (n,)))
    return _noisy(x, dice).astype(np.uint8).transpose(0, 3, 1, 2)


def _ground(n: int, dice: Dice) -> Ints:
    """What stands behind: patches of one sort of colour, far out of focus, and at times a pole."""
    sort = np.array(GROUNDS)[dice.throw(0, len(GROUNDS) - 1, (n, 2))]  # (n, 2, 3)
    below = dice.throw(1, CELLS, (n, 1, 1, 1)) <= np.arange(CELLS)[:, None, None]
    base = np.where(below, sort[:, 1, None, None], sort[:, 0, None, None])  # (n, CELLS, 1, 3)
    grey = dice.throw(-55, 55, (n, CELLS, CELLS, 1))
    cells = base + grey + dice.throw(-15, 15, (n, CELLS, CELLS, 3))
    place = np.arange(PIXELS) * (CELLS - 1)  # in steps of PIXELS - 1 a cell
    low, part = place // PIXELS, place % PIXELS
    x = cells[:, low] * (PIXELS - part)[:, None, None] + cells[:, low + 1] * part[:, None, None]
    x = x[:, :, low] * (PIXELS - part)[:, None] + x[:, :, low + 1] * part[:, None]
    x = x // (PIXELS * PIXELS)
    pole, middle = dice.throw(0, 2, (n,)) > 0, dice.throw(14, 17, (n,))
    columns = np.abs(np.arange(PIXELS) - middle[:, None]) <= 1  # (n, 32)
    there = pole[:, None, None] & columns[:, None, :] & (np.arange(PIXELS) > 15)[:, None]
    return np.clip(np.where(there[..., None], 135, x), 0, 255)


def _posed(sign: Ints, dice: Dice) -> tuple[Ints, Ints]:
    """The sums over the places in each pixel of the sign's colour, and how many it covers."""
    n = len(sign)
    half = dice.throw(600, 1450, (n,))  # hundredths of a pixel, from the middle to the edge
    narrow = dice.throw(72, 100, (n,))  # percent: seen from the side
    turned, leaning = dice.throw(-14, 14, (n,)), dice.throw(-12, 12, (n,))  # degrees, percent
    room = np.maximum(0, 1600 - half * 9 // 10) * 7 // 10
    away = dice.throw(-1000, 1000, (2, n)) * room // 1000  # hundredths of a pixel
    angle = np.deg2rad(turned)
    step = 100 * SIDE / 2 / half / FINE  # of a picture's pixels a place
    across, down = step * 100 / narrow, step
    cos, sin, lean = np.cos(angle), np.sin(angle), leaning / 100
    rows = (
        (across * (cos - lean * sin), across * (sin + lean * cos)),
        (-down * sin, down * cos),
    )
    fixed = [[np.rint(one * ONE).astype(np.int64)[:, None, None] for one in row] for row in rows]
    places = 2 * np.arange(PIXELS * FINE) + 1 - PIXELS * FINE  # halves of a place
    dx, dy = (places - (2 * FINE * a[:, None]) // 100 for a in away)  # (n, 96) each
    u, v = (
        (a * dx[:, None, :] + b * dy[:, :, None] + SIDE * ONE) // (2 * ONE) for a, b in fixed
    )  # (n, 96, 96): columns and rows of the picture
    inside = (u >= 0) & (u < SIDE) & (v >= 0) & (v < SIDE)
    at = (sign[:, None, None], np.where(inside, v, 0), np.where(inside, u, 0))
    colour, cover = pictures()
    there = inside & cover[at]
    return _summed(colour[at] * there[..., None]), _summed(there[..., None])


def _summed(fine: NDArray[np.generic]) -> Ints:
    """(n, 96, 96, C) -> (n, 32, 32, C)."""
    n, _, _, c = fine.shape
    parted = fine.reshape(n, PIXELS, FINE, PIXELS, FINE, c)
    summed: Ints = parted.sum((2, 4), dtype=np.int64)
    return summed


def _lit(x: Ints, dice: Dice) -> Ints:
    """Brighter or darker by a slope, hazy, and of a tint."""
    n = len(x)
    light, slope = dice.throw(80, 290, (n, 1, 1, 1)), dice.throw(-3, 3, (2, n, 1, 1, 1))
    place = np.arange(PIXELS) - PIXELS // 2
    light = light + slope[0] * place[:, None, None] + slope[1] * place[:, None]  # of 256
    tint, haze = dice.throw(230, 282, (n, 1, 1, 3)), dice.throw(0, 100, (n, 1, 1, 1))
    x = x * np.maximum(light, 30) * tint >> 16
    x = (x * (256 - haze) + dice.throw(70, 200, (n, 1, 1, 1)) * haze) >> 8
    return np.clip(x, 0, 255)


def _blurred(x: Ints, often: Ints) -> Ints:
    """Each image as often as said by (1 2 1) / 4 both ways."""
    for turn in range(int(often.max(initial=0))):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        down = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
        soft = (down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:] + 8) // 16
        x = np.where((often > turn)[:, None, None, None], soft, x)
    return x


def _noisy(x: Ints, dice: Dice) -> Ints:
    """Sums of four throws, nearly normal, of a strength of its own for each image."""
    strength = dice.throw(2, 22, (len(x), 1, 1, 1))
    drawn = dice.throw(-100, 100, (4, *x.shape)).sum(0) * strength
    noisy: Ints = np.clip(x + (drawn + 58) // 116, 0, 255)
    return noisy
