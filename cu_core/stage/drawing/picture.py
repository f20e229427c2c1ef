"""A moment of a run as a picture: the map with its legend and names, the curves beside it, what is
said, and the line of how far it has come. Any pen draws it, at any size."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from cu_core.stage.drawing import captions, chart, lettering, palette
from cu_core.stage.drawing.camera import Camera, grown
from cu_core.stage.drawing.captions import caption_at
from cu_core.stage.drawing.layout import Box, Layout, layout
from cu_core.stage.drawing.legend import Legend
from cu_core.stage.drawing.lettering import STRONG
from cu_core.stage.drawing.look import Look
from cu_core.stage.drawing.marks import Marks
from cu_core.stage.drawing.names import Names
from cu_core.stage.drawing.palette import Colour
from cu_core.stage.drawing.pen import Pen
from cu_core.stage.drawing.raster import Raster
from cu_core.stage.drawing.run import Run
from cu_core.stage.drawing.vector import Vector

ATTESTS = "Lethe does not attest deletion."
ROUND = 8  # CSS pixels, of the map's corners
BETWEEN = 16  # CSS pixels between two charts
TALLEST = 330  # CSS pixels, of a chart
MOST_COLOURS = 24  # classes that a small palette has colours of its own for
LEADING = 1.22  # of a line of letters, in their size
SMALLER = 0.72  # letters of a caption that needs two lines

Sections = Mapping[str, NDArray[Any]]


class Picture:
    """Of one run at one size. ``header``, ``sections``: as ``cu_core.stage.unpack`` gives them;
    the header's ``opens`` says how it is looked at. Light unless ``dark``."""

    def __init__(
        self, header: Mapping[str, Any], sections: Sections, width: int, height: int,
        dark: bool = False,
    ) -> None:  # fmt: skip
        self.run = run = Run(header, sections)
        self.look = look = Look.of(run, header.get("opens") or {}, dark)
        found = chart.panels(run)
        self.layout = lay = layout(width, height, bool(found))
        self.captions = captions.captions(run)
        high = lay.map.h / lay.unit
        self.legend = Legend(run, look, high)
        self.camera = Camera(
            grown(run.bounds, bool(header["live"])),
            lay.map.w / lay.unit,
            high,
            self.legend.inset,
            lay.unit,
        )
        self.marks = Marks(run, look, self.camera)
        self.names = Names(run, sections)
        self.charts = self._charts(found, lay)
        self.grounds: dict[bool, Raster] = {}

    def _charts(self, found: list[chart.Panel], lay: Layout) -> list[chart.Chart]:
        if lay.charts is None:
            return []
        area, u = lay.charts, lay.unit
        high = min(TALLEST * u, (area.h - BETWEEN * u * (len(found) - 1)) / len(found))
        boxes = [
            Box(area.x, area.y + k * (high + BETWEEN * u), area.w, high) for k in range(len(found))
        ]
        return [
            chart.Chart(panel, self.run, self.look, box, u)
            for panel, box in zip(found, boxes, strict=True)
        ]

    # --- moments

    @cached_property
    def asked(self) -> float:
        """The time (a frame) that the header's ``opens`` names; the end where it names none."""
        opens = self.run.header.get("opens") or {}
        if opens.get("step") is not None:
            return float(self.run.frame(self.run.time_of(opens["step"])))
        frame = opens.get("frame")
        return float(self.run.last if frame is None else min(frame, self.run.last))

    def ended(self, t: float) -> bool:
        """Whether time t is the end of a run that has one."""
        return not self.run.header["live"] and 0 < self.run.last <= t

    def outlines(self, t: float) -> float:
        """How much of the retrained model's outlines is seen at time t by itself."""
        return float(self.ended(t) if self.look.ghost is None else self.look.ghost)

    @property
    def colours(self) -> list[Colour]:
        """Those that mean something, and the page's own: what a palette must have as they are."""
        theme, count = self.look.theme, len(self.run.classes)
        pairs = palette.classes(min(count, MOST_COLOURS), self.look.dark)
        own = [
            theme.ground,
            theme.panel,
            theme.ink,
            theme.accent,
            theme.soft,
            theme.grey,
            theme.line,
        ]
        return list(dict.fromkeys([*own, *(c for pair in pairs for c in (pair.fill, pair.edge))]))

    # --- pens

    def pixels(self, t: float, outlines: float | None = None) -> NDArray[Any]:
        """uint8 (H, W, 3) of time t (frames); ``outlines``: how much of them, if not as usual."""
        share = self.outlines(t) if outlines is None else outlines
        ghost = self._shown(share)
        if ghost not in self.grounds:
            sheet = Raster.sheet(self.layout.width, self.layout.height, self.look.theme.ground)
            self._ground(sheet)
            self.grounds[ghost] = sheet
        sheet = self.grounds[ghost].copy()
        self._moment(sheet, t, share)
        return sheet.pixels

    def svg(self, t: float) -> str:
        pen, lay = Vector(), self.layout
        self._ground(pen)
        self._moment(pen, t, self.outlines(t))
        title = str(self.run.header["title"])
        return pen.document(lay.width, lay.height, self.look.theme.ground, title, self.told(t))

    def _shown(self, share: float) -> bool:
        return share > 0 and len(self.run.ghost) > 0

    def _ground(self, pen: Pen) -> None:
        """What stays as it is in all moments."""
        lay, theme = self.layout, self.look.theme
        room = lay.width - 2 * lay.margin - lettering.width(self._longest, lay.title) - lay.title
        title = lettering.cut(self.run.header["title"], room, lay.title, STRONG)
        pen.text(lay.margin, lay.head, title, lay.title, theme.soft, weight=STRONG)
        pen.text(lay.margin, lay.foot, self.small_print, lay.small, theme.soft)
        track = lay.track
        if self.run.last:
            pen.box(track.x, track.y, track.w, track.h, theme.line, round=track.h / 2)
        for one in self.charts:
            one.ground(pen)

    def _moment(self, pen: Pen, t: float, outlines: float) -> None:
        lay, theme, run = self.layout, self.look.theme, self.run
        self._map(pen, t, outlines)
        step = run.step_at(t)
        for one in self.charts:
            one.draw(pen, step)
        track, radius = lay.track, 7 * lay.unit
        if run.last:
            x = track.x + track.w * t / run.last
            pen.box(
                track.x,
                track.y,
                max(x - track.x, track.h),
                track.h,
                theme.accent,
                round=track.h / 2,
            )
            middle = track.y + track.h / 2
            pen.box(
                min(max(x - radius, track.x), track.right - 2 * radius), middle - radius,
                2 * radius, 2 * radius, theme.accent, round=radius,
            )  # fmt: skip
        self._count(pen, t)
        self._say(pen, caption_at(self.captions, t).replace(" %", "\u00a0%"))

    def _map(self, pen: Pen, t: float, outlines: float) -> None:
        area, u = self.layout.map, self.layout.unit
        inner = pen.within(area.x, area.y, area.w, area.h, ROUND * u)
        inner.box(0, 0, area.w, area.h, self.look.theme.panel)
        self.marks.draw(inner, t, outlines)
        self.names.draw(inner, self.look, self.camera, t)
        self.legend.draw(inner, u, self._shown(outlines))
        pen.done(inner)

    # --- words

    @property
    def _longest(self) -> str:
        return f"step {self.run.end_step:,} / {self.run.end_step:,}"

    def told(self, t: float) -> str:
        """The moment in words, for who cannot see it."""
        step = f"Step {round(self.run.step_at(t)):,} of {self.run.end_step:,}."
        return " ".join(filter(None, [step, caption_at(self.captions, t), ATTESTS]))

    def _count(self, pen: Pen, t: float) -> None:
        """The step, ticking; its figures stand still under one another."""
        lay, theme, right = self.layout, self.look.theme, self.layout.width - self.layout.margin
        end = f" / {self.run.end_step:,}"
        pen.text(right, lay.head, end, lay.title, theme.soft, anchor="r")
        right -= lettering.width(end, lay.title)
        now = f"step {round(self.run.step_at(t)):,}"
        pen.text(right, lay.head, now, lay.title, theme.ink, weight=STRONG, anchor="r")

    def _say(self, pen: Pen, words: str) -> None:
        """On one line, or, smaller, on two."""
        told, size = self.layout.told, self.layout.caption
        lines = lettering.wrapped(words, told.w, size, STRONG)
        if len(lines) > 1:
            size *= SMALLER
            lines = lettering.wrapped(words, told.w, size, STRONG)
        if len(lines) > 2:
            lines = (lines[0], lettering.cut(" ".join(lines[1:]), told.w, size, STRONG))
        high = LEADING * size
        y = told.y + (told.h - high * len(lines)) / 2 + 0.8 * high
        for k, line in enumerate(lines):
            pen.text(told.x, y + k * high, line, size, self.look.theme.ink, weight=STRONG)

    @property
    def small_print(self) -> str:
        """What this does not show, and what of the run it does."""
        run = self.run
        shown = ""
        if run.every > 1:
            shown = f" Shows {run.last + 1:,} of {run.header['on_record']:,} pictures on record."
        return f"{ATTESTS} Made with Lethe.{shown}"
