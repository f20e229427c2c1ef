"""Curves beside the map: how they run up to the moment, and where the retrained model is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from cu_core.stage.drawing import lettering
from cu_core.stage.drawing.layout import Box
from cu_core.stage.drawing.lettering import STRONG
from cu_core.stage.drawing.look import Look
from cu_core.stage.drawing.palette import Colour
from cu_core.stage.drawing.pen import Pen
from cu_core.stage.drawing.run import Curve, Run, show_value, value_at
from cu_core.stage.source import JS

FORGET = ("forget_acc_test", "forget_acc_train")  # the first that a run has
TEST = "ta"
SECOND = ("planted", "probe")  # the first group of these that a run has
TITLES = re.compile(r'\["(\w+)", "([^"]+)"\]')
REFERENCE = "retrained"
TICKS = (0, 50, 100)
DASH = (7.0, 4.0)
THICK, THIN = 2.75, 1.5
TURN = np.linspace(0, 2 * np.pi, 13)
CIRCLE = np.stack([np.cos(TURN), np.sin(TURN)], 1)
LETTERS, LINE, NAMES = 15, 18, 160  # CSS pixels; of the names at the right
TITLE_ROOM, STEP_ROOM, TICK_ROOM = 30, 26, 46
APART = 36  # between two names, each of two lines


@dataclass(frozen=True)
class Panel:
    """Lines of one group, all of them in per cent."""

    title: str
    lines: tuple[Curve, ...]


def panels(run: Run) -> list[Panel]:
    """Accuracy on what is forgotten and on the test images, then what else tells of forgetting."""
    curves: Sequence[Curve] = run.header["curves"]
    titles = dict(TITLES.findall((JS / "series.js").read_text("utf-8")))
    per_cent = [line for line in curves if line["unit"] == "%"]
    by = {line["key"]: line for line in per_cent}
    forget = [by[key] for key in FORGET if key in by][:1]
    found = [(*forget, *([by[TEST]] if TEST in by else []))]
    for group in SECOND:
        lines = tuple(line for line in per_cent if line["group"] == group)
        if lines:
            found.append(lines[:2])
            break
    return [Panel(titles[lines[0]["group"]], lines) for lines in found if lines]


def short(curve: Curve) -> str:
    """What a line is called beside a panel's title, as js/series.js has it."""
    bare = re.sub(r"^[A-Z]{2,4},", "", curve["title"])
    bare = re.sub(r"\b(accuracy|probe|loss)\b", "", bare, flags=re.IGNORECASE)
    bare = re.sub(r"^[\s,:·-]+|[\s,:·-]+$", "", re.sub(r"\s+", " ", bare))
    name: str = curve.get("short") or bare or curve["title"]
    return name[:1].upper() + name[1:]


class Chart:
    """One panel in its box; ``unit``: pixels of the picture in a CSS pixel."""

    def __init__(self, panel: Panel, run: Run, look: Look, box: Box, unit: float) -> None:
        self.panel, self.run, self.look, self.unit = panel, run, look, unit
        u = unit
        self.box = box
        self.plot = Box(
            box.x + TICK_ROOM * u,
            box.y + TITLE_ROOM * u,
            box.w - (TICK_ROOM + NAMES + 14) * u,
            box.h - (TITLE_ROOM + STEP_ROOM) * u,
        )
        self.labels = self._labels()

    def _x(self, step: float) -> float:
        return self.plot.x + self.plot.w * min(1.0, step / self.run.end_step)

    def _y(self, value: float) -> float:
        return self.plot.end - self.plot.h * value / TICKS[-1]

    def _colour(self, k: int) -> Colour:
        """Forget in the accent, the others in ink."""
        line, theme = self.panel.lines[k], self.look.theme
        told = re.search("forget", line["key"] + line["title"], re.IGNORECASE)
        return theme.accent if told or line["group"] in SECOND else theme.ink

    def _labels(self) -> list[float]:
        """Heights of the names: where each line ends, pushed apart until none overlap."""
        ends = [value_at(line, self.run.steps[-1]) for line in self.panel.lines]
        wish = [self._y(0.0 if v is None else v) for v in ends]
        gap, low = APART * self.unit, self.plot.y + 4 * self.unit
        return spread(wish, gap, low, self.plot.end - LINE * self.unit)

    def ground(self, pen: Pen) -> None:
        """What does not change: title, grid, the retrained model's values."""
        theme, u = self.look.theme, self.unit
        size = LETTERS * u
        pen.text(self.box.x, self.box.y + 13 * u, self.panel.title, size, theme.ink, weight=STRONG)
        for tick in TICKS:
            y = round(self._y(tick)) + 0.5
            pen.line(np.array([[self.plot.x, y], [self.plot.right, y]]), u, theme.line)
            words = show_value(tick, "%")
            pen.text(self.plot.x - 8 * u, y + 5 * u, words, size, theme.soft, anchor="r")
        foot = self.plot.end + 20 * u
        pen.text(self.plot.x, foot, "0", size, theme.soft)
        steps = f"{self.run.end_step:,} steps"
        pen.text(self.plot.right, foot, steps, size, theme.soft, anchor="r")
        for k, line in enumerate(self.panel.lines):
            if line.get(REFERENCE) is not None:
                y = self._y(line[REFERENCE])
                ends = np.array([[self.plot.x, y], [self.plot.right, y]])
                pen.line(ends, 1.5 * u, self._colour(k), dash=(DASH[0] * u, DASH[1] * u))
                note = f"{REFERENCE} {show_value(line[REFERENCE], line['unit'])}"
                pen.text(self._left + self._wide, self.labels[k] + 5 * u, note, size, theme.soft)
            under = self.labels[k] + (5 + LINE) * u
            name = lettering.cut(short(line), self.box.right - self._left, size)
            pen.text(self._left, under, name, size, self._colour(k))

    def draw(self, pen: Pen, step: float) -> None:
        """The lines up to a step, each with its value there."""
        u, theme = self.unit, self.look.theme
        parts = [self._parts(line, step) for line in self.panel.lines]
        for k, own in enumerate(parts):
            for part in own:
                pen.line(part, (THIN if self._second(k) else THICK) * u, self._colour(k))
        x = self._x(step)
        pen.line(np.array([[x, self.plot.y - 6 * u], [x, self.plot.end + 6 * u]]), u, theme.ink)
        for k, line in enumerate(self.panel.lines):
            colour = self._colour(k)
            if parts[k]:
                pen.line(parts[k][-1][-1] + 1.9 * u * CIRCLE, 3.8 * u, colour)
            words = show_value(value_at(line, step), line["unit"])
            y = self.labels[k] + 5 * u
            pen.text(self._left, y, words, LETTERS * u, colour, weight=STRONG)

    @property
    def _left(self) -> float:
        """Where values and names begin."""
        return self.plot.right + 14 * self.unit

    @property
    def _wide(self) -> float:
        """Of the widest value, and a gap."""
        return lettering.width("100 %", LETTERS * self.unit, STRONG) + 7 * self.unit

    def _second(self, k: int) -> bool:
        """Whether a line before this one has its colour."""
        return self._colour(k) in [self._colour(other) for other in range(k)]

    def _parts(self, line: Curve, step: float) -> list[NDArray[np.float64]]:
        """The line in pixels, broken where values lack, up to the step, between two values too."""
        known = [(at, value) for at, value in zip(line["steps"], line["values"], strict=True)]
        parts = []
        for there, rows in groupby(known, key=lambda row: row[1] is not None):
            if not there:
                continue
            at, values = np.array(list(rows), np.float64).T
            upto = at <= step
            if not upto.any():
                continue
            end = min(step, at[-1])
            at_, value_ = [*at[upto], end], [*values[upto], np.interp(end, at, values)]
            parts.append(
                np.array([[self._x(a), self._y(v)] for a, v in zip(at_, value_, strict=True)])
            )
        return parts


def spread(wish: Sequence[float], gap: float, top: float, end: float) -> list[float]:
    """Heights near those that are wished for, at least ``gap`` apart within [top, end]."""
    order = sorted(range(len(wish)), key=lambda i: (wish[i], i))
    room = min(gap, (end - top) / max(1, len(wish) - 1))
    out, least, most = list(wish), top, end
    for i in order:
        out[i] = max(out[i], least)
        least = out[i] + room
    for i in reversed(order):
        out[i] = min(out[i], most)
        most = out[i] - room
    return out
