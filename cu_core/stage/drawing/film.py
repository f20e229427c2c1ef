"""Which moments a moving picture shows, and how often each: the Stage's clock (js/clock.js) at a
fixed number of pictures a second."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cu_core.stage.drawing.picture import Picture
from cu_core.stage.source import JS

MOST_SECONDS = 20.0  # of playing, holds not counted: a long run goes by faster
FADE = 0.9  # seconds in which the retrained model's outlines appear at the end
STILL = 4.0  # seconds of a run that has one frame
PACE = re.compile(r"FRAMES_PER_SECOND = (\d+);")


@dataclass(frozen=True)
class Shot:
    """Time ``t`` (frames of the run) with so much of the ``outlines``, for ``count`` pictures."""

    t: float
    outlines: float
    count: int


def frames_a_second() -> int:
    """Of a run, while the Stage plays it."""
    found = PACE.search((JS / "clock.js").read_text("utf-8"))
    assert found is not None, "clock.js says how fast the Stage plays"
    return int(found[1])


def film(picture: Picture, rate: float, most: float = MOST_SECONDS) -> list[Shot]:
    """By time, from the first frame to the last, both of which are among them: moments at ``rate``
    pictures a second, holding where a caption comes. ``most``: seconds of playing."""
    holds = {one.t: one.seconds for one in picture.captions}
    last = picture.run.last
    if not last:
        return [Shot(0.0, picture.outlines(0.0), _count(STILL, rate))]
    pace = max(frames_a_second(), last / most)
    shots = [
        Shot(t, picture.outlines(t), _count(holds.get(int(t), 0.0), rate) if t == int(t) else 1)
        for t in _times(last, pace / rate, sorted(holds))
        if t < last
    ]
    return [*shots, *_end(picture, rate, holds.get(last, STILL))]


def _times(last: int, by: float, holds: list[int]) -> Iterator[float]:
    """0, ... in steps of ``by`` frames; every hold is met, and counting goes on from there."""
    t = 0.0
    while t < last:
        yield t
        ahead = next((hold for hold in holds if t < hold <= t + by), None)
        t = round(t + by, 6) if ahead is None else float(ahead)


def _end(picture: Picture, rate: float, rest: float) -> list[Shot]:
    """The last frame: the outlines come, and it rests."""
    last, wanted = float(picture.run.last), picture.outlines(picture.run.last)
    before = picture.outlines(0.0)
    comes = wanted > before and len(picture.run.ghost) > 0
    fading = _count(FADE, rate) if comes else 0
    fade = [Shot(last, (k + 1) / (fading + 1), 1) for k in range(fading)]
    return [*fade, Shot(last, wanted, max(1, _count(rest, rate) - fading))]


def _count(seconds: float, rate: float) -> int:
    return max(1, math.ceil(seconds * rate - 1e-9))
