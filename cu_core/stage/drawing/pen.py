"""What a picture is drawn with: pixels (``raster``) and vectors (``vector``) understand the same.

Places and lengths are in pixels of the picture, y downwards; a colour is (red, green, blue).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray
from PIL import Image

from cu_core.stage.drawing.lettering import PLAIN
from cu_core.stage.drawing.palette import Colour

Array = NDArray[Any]


@dataclass(frozen=True)
class Shape:
    """Of a mark: a disc, or a diamond of that half diagonal times the root of two; ``rim``: how
    broad its edge is; ``hollow``: nothing but its edge."""

    radius: float
    rim: float
    diamond: bool = False
    hollow: bool = False


class Pen(Protocol):
    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        colour: Colour,
        *,
        round: float = 0.0,
        alpha: float = 1.0,
        rim: float = 0.0,
    ) -> None:
        """A rectangle with round corners; with a ``rim`` nothing but its edge, so broad."""
        ...  # fmt: skip

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        colour: Colour,
        *,
        weight: int = PLAIN,
        anchor: str = "l",
    ) -> None:
        """Words on the baseline y: from x on ("l"), to x ("r"), or around it ("m")."""
        ...  # fmt: skip

    def line(
        self,
        points: Array,
        width: float,
        colour: Colour,
        *,
        alpha: float = 1.0,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """Through points (N, 2)."""
        ...  # fmt: skip

    def picture(self, x: float, y: float, side: float, image: Image.Image) -> None:
        """A square picture of a few pixels, each of which stays one."""
        ...

    def marks(self, at: Array, fill: Array, edge: Array, alpha: Array, shape: Shape) -> None:
        """Marks at (N, 2) in the order of drawing; colours uint8 (N, 3), alpha (N,) to 255."""
        ...

    def trails(self, ends: Array, width: float, colour: Array, strength: Array) -> None:
        """Lines (N, 4) from (x, y) to (x, y); colours uint8 (N, 3), strength (N,) to 1."""
        ...

    def within(self, x: float, y: float, w: float, h: float, round: float) -> Pen:
        """A pen whose origin is (x, y) and which draws nothing beyond; see ``done``."""
        ...

    def done(self, inner: Pen) -> None:
        """Puts what a pen from ``within`` has drawn where it belongs."""
        ...
