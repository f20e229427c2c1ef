"""The marks of a moment on the map: samples, where they came from, the retrained model's outlines,
pins (js/map_splat.js, js/trails.js, js/overlay.js)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.stage.drawing.camera import Camera
from cu_core.stage.drawing.lettering import STRONG
from cu_core.stage.drawing.look import DIMMED, FULL, Look
from cu_core.stage.drawing.pen import Pen, Shape
from cu_core.stage.drawing.run import Run

REACH = 14  # frames that a trail reaches back, at most
BUDGET = 7000  # segments in one picture; a crowd gets shorter trails
DIAMOND = 1.4  # of a forget sample, in radii of a kept one

Array = NDArray[Any]


@dataclass(frozen=True)
class Size:
    """Radii and widths in CSS pixels: smaller with many points (js/map.js)."""

    keep: float
    forget: float
    outline: float
    trail: float
    strength: float

    @classmethod
    def of(cls, run: Run) -> Size:
        keep = min(3.7, max(1.8, 3.5 * (1800 / run.n) ** 0.25))
        forget = DIAMOND * keep
        strength = min(0.8, max(0.2, 12 / math.sqrt(run.n - run.kept + 1)))
        return cls(keep, forget, min(1.3, 0.28 * forget), 1.5, strength)


class Marks:
    """Of one run and look, in the pixels of one camera."""

    def __init__(self, run: Run, look: Look, camera: Camera) -> None:
        self.run, self.look, self.camera = run, look, camera
        self.size, u = Size.of(run), camera.unit
        self.keep = Shape(self.size.keep * u, u)
        self.forget = Shape(self.size.forget * u, self.size.outline * u, diamond=True)
        self.hollow = Shape(self.forget.radius, self.forget.rim, diamond=True, hollow=True)
        crowd = BUDGET / max(1, run.n - run.kept)
        self.reach = max(4, min(REACH, round(crowd)))
        self.ways: dict[int, Array] = {}

    def places(self, t: float) -> Array:
        """(P, 2) in pixels of the map."""
        now = self.run.places(t)
        if self.look.morph and len(self.run.ghost):
            own = self.run.ghost_slots >= self.run.kept
            now = now.copy()
            now[self.run.ghost_slots[own]] = self.run.ghost[own]
        return self.camera.pixels(now)

    def draw(self, pen: Pen, t: float, outlines: float) -> None:
        """``outlines``: how much of the retrained model's is seen, 0 to 1."""
        run, look, kept = self.run, self.look, self.run.kept
        at, frame = self.places(t), run.frame(t)
        fill, edge = look.colours(run, t)
        alpha = np.where(look.dimmed(run, frame), DIMMED, FULL)
        pen.marks(at[:kept], fill[:kept], edge[:kept], alpha[:kept], self.keep)
        if not look.morph:
            self._trails(pen, t)
        if outlines and len(run.ghost):
            tint, strength = look.outlines(run, frame)
            ghost = self.camera.pixels(run.ghost)
            pen.marks(ghost, tint, tint, strength * outlines, self.hollow)
        pen.marks(at[kept:], fill[kept:], look.rims(run), alpha[kept:], self.forget)
        for number, slot in enumerate(look.pins, 1):
            self._pin(pen, t, slot, at[slot], number)

    def _travelled(self, i: int) -> Array:
        """The forget slots of which the way from frame i to the next is more than noise."""
        if i not in self.ways:
            run = self.run
            step = run.xy[i + 1, run.kept :] - run.xy[i, run.kept :]
            span = run.every if i + 1 < run.last or run.every == 1 else _tail(run.header, run.every)
            least = max(run.floor[i + 1] * span / run.unit, 1.0)
            far = np.hypot(step[:, 0], step[:, 1]) > least
            self.ways[i] = run.kept + np.flatnonzero(far)
        return self.ways[i]

    def _trails(self, pen: Pen, t: float) -> None:
        run, ends, colours, strengths = self.run, [], [], []
        last = min(math.ceil(t), run.last) - 1
        for i in range(max(0, math.floor(t) - self.reach), last + 1):
            slots = self._travelled(i)
            slots = slots[~self.look.dimmed(run, i + 1)[slots]]
            if not len(slots):
                continue
            a, b = run.xy[i][slots], run.xy[i + 1][slots]
            b = a + (b - a) * min(1.0, t - i)
            ends.append(np.hstack([self.camera.pixels(a), self.camera.pixels(b)]))
            colours.append(self.look.colours(run, i + 1)[1][slots])
            fade = max(0.0, 1 - (t - i) / (self.reach + 1))
            strengths.append(np.full(len(slots), self.size.strength * fade))
        if ends:
            width = self.size.trail * self.camera.unit
            pen.trails(np.vstack(ends), width, np.vstack(colours), np.concatenate(strengths))

    def _pin(self, pen: Pen, t: float, slot: int, at: Array, number: int) -> None:
        """A numbered ring, and the way of a forget sample so far."""
        u, theme, run = self.camera.unit, self.look.theme, self.run
        if slot >= run.kept and t > 0 and not self.look.morph:
            way = [*run.xy[: math.floor(t) + 1, slot], run.places(t)[slot]]
            path = self.camera.pixels(np.array(way))
            pen.line(path, 5 * u, theme.ground, alpha=0.8)
            pen.line(path, 2 * u, theme.ink)
        dot = self.size.forget * DIAMOND if slot >= run.kept else self.size.keep
        turn = np.linspace(0, 2 * np.pi, 49)
        circle = np.stack([np.cos(turn), np.sin(turn)], 1)
        radius = (dot + 5) * u
        pen.line(at + radius * circle, 5 * u, theme.ground, alpha=0.8)
        pen.line(at + radius * circle, 2.5 * u, theme.accent)
        x, y = at + (radius * 0.5**0.5 + 8 * u) * np.array([1, -1])
        pen.box(x - 8 * u, y - 8 * u, 16 * u, 16 * u, theme.ink, round=8 * u)
        pen.text(x, y + 4 * u, str(number), 12 * u, theme.ground, weight=STRONG, anchor="m")


def _tail(header: Mapping[str, Any], every: int) -> int:
    """Frames on record from the last of every k-th to the newest."""
    return (int(header["on_record"]) - 1) % every or every
