"""From a run's quanta to pixels: the Stage's camera when nobody has moved it (js/camera.js)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

GROWN = 0.05  # of the longer side, that the map is larger than its points
GROWN_LIVE = 0.12
ABOVE, BELOW = 20.0, 4.0  # CSS pixels left free: a name stands on the highest cluster
HIGH = 0.75  # of the height, that the width without the legend has at least


@dataclass(frozen=True)
class Camera:
    """``width``, ``height``: of the map, in CSS pixels; ``inset``: at the left, for the legend;
    ``unit``: pixels of the picture in one of those."""

    bounds: Sequence[float]
    width: float
    height: float
    inset: float = 0.0
    unit: float = 1.0

    @property
    def _inset(self) -> float:
        return self.inset if self.width - self.inset > HIGH * self.height else 0.0

    @property
    def scale(self) -> float:
        """Pixels of the picture in a quantum."""
        x0, y0, x1, y1 = self.bounds
        free = max(1.0, self.height - ABOVE - BELOW)
        return min((self.width - self._inset) / (x1 - x0), free / (y1 - y0)) * self.unit

    def pixels(self, places: ArrayLike) -> NDArray[np.float64]:
        """(..., 2) in quanta, y upwards, as pixels of the map, y downwards."""
        x0, y0, x1, y1 = self.bounds
        x = (self.width + self._inset) / 2 * self.unit
        y = (self.height + ABOVE - BELOW) / 2 * self.unit
        away = np.asarray(places, np.float64) - [(x0 + x1) / 2, (y0 + y1) / 2]
        out: NDArray[np.float64] = away * [self.scale, -self.scale] + [x, y]
        return out


def grown(bounds: Sequence[float], live: bool = False) -> list[float]:
    """The rectangle that the map is fitted to: around all frames, and some room."""
    x0, y0, x1, y1 = bounds
    by = max(x1 - x0, y1 - y0, 100.0) * (GROWN_LIVE if live else GROWN)
    return [x0 - by, y0 - by, x1 + by, y1 + by]
