"""The legend inside the map: what shapes and colours mean (js/legend.js)."""

from __future__ import annotations

import numpy as np

from cu_core.stage.drawing import lettering, palette
from cu_core.stage.drawing.lettering import PLAIN, STRONG
from cu_core.stage.drawing.look import Look
from cu_core.stage.drawing.palette import Colour, Pair
from cu_core.stage.drawing.pen import Pen, Shape
from cu_core.stage.drawing.run import Run

EDGE, MARK, GAP, ROW = 12, 14, 7, 22  # CSS pixels: around it, of a swatch, beside it, of a row
LETTERS = 15
WIDEST = 190  # of a name, with its swatch
TAG, REFERENCE, RAMP = "forget", "retrained", "Forget samples, moved from the start"
ENDS = ("not moved", "half the map")
BESIDE = 20  # between the legend and the map's own room


class Legend:
    """Of one run and look, as high as ``height`` CSS pixels at most."""

    def __init__(self, run: Run, look: Look, height: float) -> None:
        self.run, self.look = run, look
        count = run.n - run.kept
        self.kinds = [f"{count:,} forget"] if count else []
        self.kinds.append(f"{run.kept:,} {'keep' if count else 'images'}")
        room = height - 2 * EDGE - ROW * (len(self.kinds) + 1) - 8
        self.shown = self._fitting(int(room // ROW))

    def _fitting(self, rows: int) -> list[int]:
        """The classes that there is room for: those to be forgotten first, then by number."""
        count = len(self.run.classes)
        if self.look.mode == "moved":
            return []
        if count <= rows:
            return list(range(count))
        own = set(self.run.forget_classes)
        order = sorted(range(count), key=lambda k: (k not in own, k))
        return sorted(order[: max(0, rows - 1)])

    @property
    def inset(self) -> float:
        """CSS pixels at the left that the map leaves free for it."""
        rows = [MARK + GAP + lettering.width(word, LETTERS) for word in [*self.kinds, REFERENCE]]
        rows += [self._width(k) for k in self.shown]
        if self.look.mode == "moved":
            rows.append(lettering.width(RAMP, LETTERS))
        return float(np.ceil(max(rows))) + 12 + BESIDE

    def _name(self, k: int) -> str:
        weight = STRONG if k in self.look.only else PLAIN
        return lettering.cut(self.run.classes[k], WIDEST - MARK - GAP, LETTERS, weight)

    def _width(self, k: int) -> float:
        tag = lettering.width(TAG, LETTERS, STRONG) + 20 if self._tagged(k) else 0
        return MARK + GAP + lettering.width(self._name(k), LETTERS) + tag

    def _tagged(self, k: int) -> bool:
        return k in self.run.forget_classes

    def draw(self, pen: Pen, u: float, ghost: bool) -> None:
        """``ghost``: whether the retrained model's outlines are seen."""
        theme, y = self.look.theme, EDGE + ROW / 2
        grey = Pair(theme.grey, theme.grey)
        if len(self.kinds) > 1:
            self._row(pen, u, y, self.kinds[0], grey, theme.ink, theme.soft)
            y += ROW
        self._row(pen, u, y, self.kinds[-1], grey, None, theme.soft)
        y += ROW
        if ghost:
            self._row(pen, u, y, REFERENCE, None, theme.soft, theme.soft)
        y += 8 + (ROW if len(self.run.ghost) else 0)  # classes stay there when the outlines come
        if self.look.mode == "moved":
            self._ramp(pen, u, y)
            return
        for k in self.shown:
            self._class(pen, u, y, k)
            y += ROW
        left = len(self.run.classes) - len(self.shown)
        if left:
            words = f"and {left} more"
            pen.text((EDGE + 6) * u, (y + 5) * u, words, LETTERS * u, theme.soft)

    def _class(self, pen: Pen, u: float, y: float, k: int) -> None:
        theme, faint = self.look.theme, self.look.dims(k)
        pair = self.look.pair(self.run, k)
        rim = theme.ink if self._tagged(k) else None
        colour = theme.soft if faint else theme.ink
        weight = STRONG if k in self.look.only else PLAIN
        name = self._name(k)
        self._row(pen, u, y, name, pair, rim, colour, weight, 0.35 if faint else 1.0)
        if self._tagged(k):
            x = EDGE + 6 + MARK + GAP + lettering.width(name, LETTERS, weight) + 7
            wide = lettering.width(TAG, LETTERS, STRONG) + 12
            edge = palette.blend(theme.ground, theme.ink, 0.52)
            pen.box(x * u, (y - 9) * u, wide * u, 19 * u, edge, round=9.5 * u, rim=u)
            pen.text((x + 6) * u, (y + 5) * u, TAG, LETTERS * u, theme.ink, weight=STRONG)

    def _row(
        self, pen: Pen, u: float, y: float, words: str, pair: Pair | None, rim: Colour | None,
        colour: Colour, weight: int = PLAIN, strength: float = 1.0,
    ) -> None:  # fmt: skip
        """A swatch as the map draws it, a diamond where it has a ``rim``, and its words."""
        x = EDGE + 6
        radius = (4.6 if rim else 4.7) * u
        edge = rim or (pair.edge if pair else colour)
        shape = Shape(radius, (1.5 if rim else 1.0) * u, rim is not None, pair is None)
        row = np.array([[(x + MARK / 2) * u, y * u]])
        fill = pair.fill if pair else colour
        pen.marks(
            row,
            np.array([fill], np.uint8),
            np.array([edge], np.uint8),
            np.array([255 * strength]),
            shape,
        )
        left = x + MARK + GAP
        pen.text(left * u, (y + 5) * u, words, LETTERS * u, colour, weight=weight)

    def _ramp(self, pen: Pen, u: float, y: float) -> None:
        theme, x = self.look.theme, EDGE + 6
        wide = lettering.width(RAMP, LETTERS)
        pen.text(x * u, (y + 5) * u, RAMP, LETTERS * u, theme.ink)
        steps = palette.moved(self.look.dark)[::4]
        for k, colour in enumerate(steps):
            part = wide / len(steps)
            pen.box((x + k * part) * u, (y + 14) * u, (part + 0.5) * u, 10 * u, colour)
        pen.text(x * u, (y + 42) * u, ENDS[0], LETTERS * u, theme.soft)
        pen.text((x + wide) * u, (y + 42) * u, ENDS[1], LETTERS * u, theme.soft, anchor="r")
