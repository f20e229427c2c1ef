"""How a run is looked at: what colour each sample has, what stands back (js/paint.js)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.stage.drawing import palette
from cu_core.stage.drawing.palette import Colour
from cu_core.stage.drawing.run import Run

MODES = ("pred", "true", "moved")
DIMMED = 26  # alpha of what stands back
FULL = 255
MOST_PINS = 6  # as many as the Stage has

Array = NDArray[Any]
Holds = Callable[[Run, int], Array]


def _right(run: Run, frame: int) -> Array:
    right: Array = run.pred[frame] == run.label
    return right


def _forget(run: Run) -> Array:
    return np.arange(run.n) >= run.kept


# What can be shown alone because of how it fares, by the keys of js/highlight.js.
HIGHLIGHTS: Mapping[str, Holds] = {
    "forget": lambda run, frame: _forget(run),
    "forgotten": lambda run, frame: _forget(run) & ~_right(run, frame),
    "not-yet": lambda run, frame: _forget(run) & _right(run, frame),
    "too-much": lambda run, frame: (
        _forget(run) & ~_right(run, frame) & (run.ghost_answer == run.label)
    ),
    "lost": lambda run, frame: ~_forget(run) & ~_right(run, frame),
}


@dataclass(frozen=True)
class Look:
    """``mode``: coloured by what is answered, by true class, or by how far it has moved. ``ghost``:
    the retrained model's outlines; None: at the end alone. ``only``: classes, all others faint.
    ``pins``: slots. ``morph``: forget samples stand where the retrained model has them."""

    mode: str = "pred"
    ghost: bool | None = None
    only: frozenset[int] = frozenset()
    pins: tuple[int, ...] = ()
    highlight: str | None = None
    morph: bool = False
    dark: bool = False
    theme: palette.Theme = field(default_factory=palette.theme)

    @classmethod
    def of(cls, run: Run, opens: Mapping[str, Any], dark: bool = False) -> Look:
        """As the header's ``opens`` has it; what this run lacks is left out, as the Stage does."""
        mode, highlight = opens.get("colour"), opens.get("highlight")
        only = (int(k) for k in opens.get("only") or ())
        pins = run.slots_of([int(k) for k in opens.get("pin") or ()])
        return cls(
            mode=mode if mode in MODES else "pred",
            ghost=opens.get("ghost"),
            only=frozenset(k for k in only if 0 <= k < len(run.classes)),
            pins=tuple(pins[-MOST_PINS:]),
            highlight=highlight if highlight in HIGHLIGHTS else None,
            morph=bool(opens.get("morph")),
            dark=dark,
            theme=palette.theme(dark),
        )

    def dims(self, k: int) -> bool:
        return bool(self.only) and k not in self.only

    def dimmed(self, run: Run, frame: int) -> Array:
        """(P,): what stands back at a frame, by its class or because it is not highlighted."""
        shown = run.pred[frame] if self.mode == "pred" else run.true_label
        back = ~np.isin(shown, list(self.only)) if self.only else np.zeros(run.n, bool)
        if self.highlight is not None:
            back = back | ~HIGHLIGHTS[self.highlight](run, frame)
        return back

    def colours(self, run: Run, t: float) -> tuple[Array, Array]:
        """Fill and own edge of each slot at time t, uint8 (P, 3)."""
        if self.mode == "moved":
            return (self._moved(run, t),) * 2
        frame = run.frame(t)
        shown = run.pred[frame] if self.mode == "pred" else run.true_label
        fill, edge = self._table(len(run.classes))
        return fill[shown], edge[shown]

    def rims(self, run: Run) -> Array:
        """Of each forget sample, uint8 (F, 3): ink, or the wrong label that it was given."""
        rims = np.tile(np.array(self.theme.ink, np.uint8), (run.n - run.kept, 1))
        if self.mode == "true":
            label = run.label[run.kept :]
            wrong = run.true_label[run.kept :] != label
            rims[wrong] = self._table(len(run.classes))[1][label[wrong]]
        return rims

    def outlines(self, run: Run, frame: int) -> tuple[Array, Array]:
        """Colour uint8 (G, 3) and alpha (G,) of the retrained model's: that of its answer."""
        slots = run.ghost_slots
        answer, true = run.ghost_answer[slots], run.true_label[slots]
        colour = np.tile(np.array(self.theme.soft, np.uint8), (len(slots), 1))
        known = (answer >= 0) if self.mode != "moved" else np.zeros(len(slots), bool)
        colour[known] = self._table(len(run.classes))[1][answer[known]]
        back = np.zeros(len(slots), bool)
        if self.only:
            back = ~np.isin(answer, list(self.only)) & ~np.isin(true, list(self.only))
        if self.highlight is not None:
            back = back | ~HIGHLIGHTS[self.highlight](run, frame)[slots]
        return colour, np.where(back, DIMMED, FULL)

    def pair(self, run: Run, k: int) -> palette.Pair:
        return palette.classes(len(run.classes), self.dark)[k]

    def _table(self, count: int) -> tuple[Array, Array]:
        pairs = palette.classes(count, self.dark)
        rows: Sequence[Sequence[Colour]] = ([p.fill for p in pairs], [p.edge for p in pairs])
        fill, edge = (np.array(row, np.uint8).reshape(-1, 3) for row in rows)
        return fill, edge

    def _moved(self, run: Run, t: float) -> Array:
        """Forget samples by how far they are from where they were, if that is more than noise."""
        out = np.tile(np.array(self.theme.grey, np.uint8), (run.n, 1))
        away = run.moved(t)
        strayed = away * run.unit > run.floors[run.frame(t)]
        far = _forget(run) & strayed
        ramp = np.array(palette.moved(self.dark), np.uint8)
        share = np.minimum(255, np.floor(255 * away / run.reach + 0.5)).astype(int)
        out[far] = ramp[share[far]]
        return out
