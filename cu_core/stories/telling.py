"""A story as the page gets it: its stops so far, and of its runs no more than may be seen.

Where a stop asks and nobody has guessed yet, the page has nothing that tells the answer: no later
stop, no frame behind the moment of this one, no curve beyond it nor that of the figure that is
asked for, no verdict, no title of a run, and nothing of the retrained model. When the guess is in,
the page gets all, up to the next stop that asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cu_core.comparison.together import Told, flat_of, together
from cu_core.stage import pack
from cu_core.stage.boxes import NO_PLACE
from cu_core.stories import figures
from cu_core.stories.figures import LETTERS, Blob
from cu_core.stories.questions import kinds
from cu_core.stories.story import Stop, Story

BY_FRAME = ("xy", "pred", "share", "share_class")  # sections with an entry a frame
STILL = ("label", "forget", "index", "true_label", "atlas")  # that say nothing of the course
HIDDEN = ("headline", "verdict", "summary", "command", "ghost", "solid", "exact")
# Curves of which one says the other: 100 minus it, or the same where the classes are the same.
ALIKE = ({"ua", "forget_acc_train", "forget_acc_test"}, {"ta", "test_acc"})
RIGHT = 0.5  # a score from which a guess counts as right


@dataclass(frozen=True)
class Guess:
    """What was guessed at a stop; ``value`` None: nothing, the answer was asked for."""

    value: Any = None


@dataclass(frozen=True)
class Telling:
    """A story with its runs, and the guesses so far by the number of the stop."""

    name: str
    story: Story
    runs: Sequence[Blob]
    guesses: Mapping[int, Guess] = field(default_factory=dict)

    @property
    def open(self) -> int | None:
        """The first stop that asks and has no guess; None: all may be seen."""
        asks = (i for i, stop in enumerate(self.story.stops) if stop.question)
        return next((i for i in asks if i not in self.guesses), None)

    def steps(self, stop: int) -> list[int]:
        """The step of each run at a stop: its own, or that of the stop before which says one. Of
        two runs the second stands as far along as the first."""
        told = [one.moment.step for one in self.story.stops[: stop + 1]]
        step = next((at for at in reversed(told) if at is not None), 0)
        ends = [run[0]["steps"][-1] for run in self.runs]
        return [min(step, ends[0]), *(round(step * end / max(1, ends[0])) for end in ends[1:])]

    def score(self, stop: int) -> float | None:
        """Of the guess at this stop; None where there is none."""
        asked, guess = self.story.stops[stop].question, self.guesses.get(stop)
        if asked is None or guess is None or guess.value is None:
            return None
        kind = kinds()[asked.kind]
        return kind.score(guess.value, kind.answer(asked, self.runs))

    def counts(self) -> tuple[int, int]:
        """(right, of so many) guesses."""
        scores = [self.score(stop) for stop in self.guesses if stop < len(self.story.stops)]
        known = [score for score in scores if score is not None]
        return sum(score >= RIGHT for score in known), len(known)

    def data(self, so_far: tuple[int, int] = (0, 0)) -> bytes:
        """The page's bytes. ``so_far``: right guesses, and how many, over all stories.
        BadRequest for a text or a question that the runs do not bear."""
        end = self.open
        shown = self.story.stops[: None if end is None else end + 1]
        seen = self._seen(end)
        header = {
            "story": self.name,
            "title": self.story.title,
            "total": len(self.story.stops),
            "stops": [self._stop(i, stop, seen) for i, stop in enumerate(shown)],
            "open": end,
            "so_far": list(so_far),
            "letters": list(LETTERS[: len(seen)]),
        }
        return pack(header, {"picture": np.frombuffer(self._picture(seen), "<u1")})

    def _seen(self, end: int | None) -> list[Blob]:
        if end is None:
            whole = [({**run[0], "bounds": bounds(run)}, run[1]) for run in self.runs]
            return [(_named(header, self.name), parts) for header, parts in whole]
        asked = self.story.stops[end].question
        metric = asked.options.get("metric", "") if asked else ""
        steps = self.steps(end)
        cuts = (cut(run, at, metric) for run, at in zip(self.runs, steps, strict=True))
        return [(_named(header, self.name), sections) for header, sections in cuts]

    def _picture(self, seen: Sequence[Blob]) -> bytes:
        if len(seen) == 1:
            return pack(*seen[0])
        told = [Told(letter, _method(run)) for letter, run in zip(LETTERS, self.runs, strict=False)]
        return together([flat_of(*blob) for blob in seen], told, {"by": "share", "at": 0.0})

    def _stop(self, i: int, stop: Stop, seen: Sequence[Blob]) -> dict[str, Any]:
        where, steps = f"The stop {stop.line!r}", self.steps(i)

        def filled(text: str) -> str:
            return figures.filled(text, self.runs, steps, where)

        return {
            "line": filled(stop.line),
            "text": filled(stop.text),
            "notes": "" if i == self.open and "{" in stop.notes else filled(stop.notes),
            "moment": {**stop.moment.opens, "step": steps[0]},
            "share": steps[0] / max(1, self.runs[0][0]["steps"][-1]),
            "question": self._question(i, stop, seen),
        }

    def _question(self, i: int, stop: Stop, seen: Sequence[Blob]) -> dict[str, Any] | None:
        asked = stop.question
        if asked is None:
            return None
        kind = kinds()[asked.kind]
        told = {"prompt": asked.prompt, **kind.form(asked, seen)}
        guess = self.guesses.get(i)
        if guess is None:
            return told
        truth = kind.answer(asked, self.runs)
        shares = {name: round(share, 1) for name, share in (truth.shares or {}).items()}
        answered = {"guess": guess.value, "score": self.score(i), "sentence": truth.sentence}
        return {**told, **answered, "truth": truth.value, "shares": shares}


def rehearse(name: str, story: Story, runs: Sequence[Blob]) -> None:
    """Tells all of it once, as with every guess in. BadRequest for what the runs do not bear."""
    asks = {i: Guess() for i, stop in enumerate(story.stops) if stop.question}
    Telling(name, story, runs, asks).data()


def cut(run: Blob, step: int, asked: str = "") -> Blob:
    """The run as far as this step, with nothing of what came after, of the verdict, of its events,
    of the retrained model, nor of the metric that is ``asked`` for."""
    header, sections = run
    hidden = {asked}.union(*(group for group in ALIKE if asked in group))
    frames = figures.frame_at(run, step) + 1
    kept = {name: sections[name][:frames] for name in BY_FRAME if name in sections}
    kept |= {name: sections[name] for name in STILL if name in sections}
    lines = [_line(line, step) for line in header.get("curves") or () if line["key"] not in hidden]
    plain = {name: of for name, of in header.items() if name not in HIDDEN}
    return {
        **plain,
        "bounds": bounds(run),
        "steps": list(header["steps"][:frames]),
        "quality": list(header.get("quality") or ())[:frames],
        "total": frames,
        "count": frames,
        "total_steps": None,
        "curves": lines,
        "events": [],  # one says when forget accuracy is at the retrained model's
    }, kept


def bounds(run: Blob) -> list[int]:
    """The rectangle [x0, y0, x1, y1] (quanta) of all places in the run: its picture stays where it
    is when the rest of it comes."""
    sections = run[1]
    places = [sections["xy"].reshape(-1, 2)]
    if "ghost" in sections:
        places.append(sections["ghost"][(sections["ghost"] != NO_PLACE).any(1)])
    drawn = np.concatenate(places)
    return [*drawn.min(0).tolist(), *drawn.max(0).tolist()]


def _line(line: Mapping[str, Any], step: int) -> dict[str, Any]:
    """A curve as far as this step, without the retrained model's value."""
    count = sum(at <= step for at in line["steps"])
    return {
        **line,
        "retrained": None,
        "steps": line["steps"][:count],
        "values": line["values"][:count],
    }


def _named(header: Mapping[str, Any], story: str) -> dict[str, Any]:
    """The header for a story's own Stage: what a tab remembers of the run elsewhere is another
    thing, and the run's title may say how it ends."""
    return {**header, "run": f"story {story} {header['run']}", "title": "", "opens": None}


def _method(run: Blob) -> str:
    """What made the run, for the head of its picture: it says nothing of what came out."""
    summary = run[0].get("summary") or {}
    key = str((summary.get("provenance") or {}).get("method", ""))
    return key.replace("-", " ").capitalize()
