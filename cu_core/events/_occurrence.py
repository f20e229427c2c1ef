"""How a kind of event is declared, and what one that was found is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cu_core.events._course import Course

Tone = Literal["goal", "harm", "change"]


class Happened(NamedTuple):
    """Something of the kind ``key`` at a step. ``text``: the sentence after "Step 24: "."""

    step: int
    key: str
    text: str


@dataclass(frozen=True)
class Occurrence:
    """A kind of event. ``find(course)``: each time that it happened, as (step, sentence): a
    condition that continues once, where it begins. ``tone``: something is reached, something is
    lost, or something is only other than before; marks look by it.
    """

    key: str
    title: str
    help: str
    tone: Tone
    find: Callable[[Course], list[tuple[int, str]]]
