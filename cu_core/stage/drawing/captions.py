"""What is said while a run plays: the captions of js/captions.js, by the same words and seconds."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cu_core.stage.drawing.run import Run, show_value, value_at
from cu_core.stage.source import JS


@dataclass(frozen=True)
class Caption:
    """``t``: the frame that it is said from; ``seconds``: how long the picture holds there."""

    t: int
    text: str
    seconds: float


def captions(run: Run) -> list[Caption]:
    """By time: the first frame's, the last one at the end. None of a run that goes on, or of a
    single frame. The header's ``opens`` may bring its own in place of those in between."""
    if run.header["live"] or not run.last:
        return []
    say, given = said(), (run.header.get("opens") or {}).get("captions")
    told = _given(run, given) if given is not None else list(_found(run))
    own = next((text for t, text in told if t == 0), None)
    end = run.header.get("headline") or run.header.get("verdict") or _bare(run)
    low, high = say["rest"]
    rest = min(high, max(low, say["breath"] + say["word"] * len(end.split())))
    between = [
        Caption(t, text, max(say["least"], say["word"] * len(text.split())))
        for t, text in told
        if 0 < t < run.last
    ]
    return [
        Caption(0, own or _begin(run), say["start"]),
        *between,
        Caption(run.last, end, rest),
    ]


def caption_at(known: Sequence[Caption], t: float) -> str:
    """The last one that has been reached; "" where there are none."""
    return next((one.text for one in reversed(known) if one.t <= t), "")


@functools.cache
def said() -> dict[str, Any]:
    """The words and seconds that both share."""
    text = (JS / "caption_words.js").read_text("utf-8")
    words: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return words


def subject(run: Run) -> str:
    """What is forgotten: "dog", or that it is single samples."""
    return ", ".join(run.classes[k] for k in run.forget_classes) or said()["samples"]


def _begin(run: Run) -> str:
    say, count = said(), run.n - run.kept
    asked = say["class" if run.forget_classes else "forget"] if count else ""
    told: str = say["begin"] + asked.format(count=f"{count:,}", subject=subject(run))
    return told


def _bare(run: Run) -> str:
    say = said()
    told: str = say["outlines"] if len(run.ghost) else say["end"].format(step=run.steps[-1])
    return told


def _given(run: Run, given: Sequence[Any]) -> list[tuple[int, str]]:
    return [(run.frame(run.time_of(one["step"])), one["text"]) for one in given]


def _found(run: Run) -> Iterator[tuple[int, str]]:
    """What happens at a frame, in the order of time; moments that are near each other are one."""
    say = said()
    moments = [*_crossing(run), *_half(run)]
    before = 0
    for t, text in sorted(moments, key=lambda moment: moment[0]):
        if t > 0 and t - before >= say["apart"] and run.last - t >= say["apart"]:
            yield t, say["step"].format(step=run.steps[t], text=text)
            before = t


def _first(run: Run, holds: Callable[[int], bool]) -> int:
    """The first frame from the second on of which this holds, or -1."""
    return next((i for i in range(1, run.last + 1) if holds(i)), -1)


def _crossing(run: Run) -> list[tuple[int, str]]:
    """Where accuracy on what is forgotten comes down to what the retrained model has."""
    known = (
        line
        for line in run.header["curves"]
        if line["key"].startswith("forget_acc") and line.get("retrained") is not None
    )
    curve = next(known, None)
    start = None if curve is None else value_at(curve, run.steps[0])
    if curve is None or start is None or start <= curve["retrained"]:
        return []
    goal = curve["retrained"]

    def reached(frame: int) -> bool:
        value = value_at(curve, run.steps[frame])
        return value is not None and value <= goal

    value = show_value(goal, curve["unit"])
    text: str = said()["crossing"].format(subject=subject(run), value=value)
    return [(_first(run, reached), text)]


def _half(run: Run) -> list[tuple[int, str]]:
    """Where half of the forget samples are answered otherwise than at the start."""
    answers = run.pred[:, run.kept :]
    other = 2 * np.count_nonzero(answers != answers[0], axis=1) > run.n - run.kept
    return [(_first(run, lambda frame: bool(other[frame])), said()["half"])]
