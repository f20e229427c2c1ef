"""What a run may be busy with, in the three parts a person waits for, and how that is said.

Pages, the command line and the worker that reports all read it here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cu_core.spec._progress import Wait

PARTS: Mapping[str, str] = {"learn": "Learn", "forget": "Forget", "compare": "Compare"}


@dataclass(frozen=True)
class Phase:
    """``key``: as a run's progress names it; ``part``: of ``PARTS``; ``words``: what is going on,
    with {data}, {what} is forgotten and {total} of ``unit``."""

    key: str
    part: str
    words: str
    unit: str = ""


READING = Phase("reading the data", "learn", "Reading {total} images", "images")
TRAINING = Phase("training the original model", "learn", "First, a model learns {data}", "updates")
FITTING = Phase("fitting the map", "learn", "The original model is laid out as a map")
UNLEARNING = Phase("unlearning", "forget", "Forgetting {what}", "updates")
WATCHING = Phase("watching", "forget", "Watching {what} in a loop of your own", "updates")
REWINDING = Phase("rewinding", "forget", "Going back", "updates")
RETRAINING = Phase(
    "training the retrained reference",
    "compare",
    "Unlearned; a model is now trained without {what}, to compare with",
    "updates",
)
MEASURING = Phase("measuring", "compare", "Unlearned; measured now on every image")
PHASES: Mapping[str, Phase] = {
    phase.key: phase
    for phase in (
        READING,
        TRAINING,
        FITTING,
        UNLEARNING,
        WATCHING,
        REWINDING,
        RETRAINING,
        MEASURING,
    )
}


def phase_words(key: str, data: str = "", what: str = "", total: int = 0) -> str:
    """What is going on, as a sentence without its count; a phase that none declares as it is.

    ``data``: what the data is called; ``what``: what is forgotten.
    """
    phase = PHASES.get(key)
    if phase is None:
        return key[:1].upper() + key[1:]
    if phase is READING and total <= 1:
        return "Reading the data"  # which is small, or kept from another time
    return phase.words.format(data=data or "the data", what=what, total=f"{total:,}")


def counted_words(key: str, done: int, total: int, data: str = "", what: str = "") -> str:
    """The same with its count, where there is something to count.

    >>> counted_words("reading the data", 31000, 50000)
    'Reading 50,000 images: 31,000'
    >>> counted_words("unlearning", 12, 60, what="class 5")
    'Forgetting class 5: 12 of 60 updates'
    """
    words, phase = phase_words(key, data, what, total), PHASES.get(key)
    if total <= 1:
        return words
    if phase is READING:
        return f"{words}: {done:,}"
    unit = f" {phase.unit}" if phase and phase.unit else ""
    return f"{words}: {done:,} of {total:,}{unit}"


def wait_words(wait: Wait) -> str:
    """What is left of a part, marked where it was never measured here.

    >>> wait_words(Wait(left=42.0, guess=True)), wait_words(Wait(left=0.0))
    ('about 42 s (a guess)', 'ready')
    """
    if wait.left == 0:
        return "ready"
    return duration(wait.left) + " (a guess)" * (wait.guess and wait.left is not None)


def duration(seconds: float | None) -> str:
    """ "about 4 s", "about 3 min": never more exact than it is known.

    >>> duration(3.6), duration(200.0), duration(None)
    ('about 4 s', 'about 3 min', 'not known yet')
    """
    if seconds is None or not math.isfinite(seconds):
        return "not known yet"
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"
