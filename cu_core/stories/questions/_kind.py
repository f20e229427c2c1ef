"""What a file of this folder declares: a question whose answer is computed from the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cu_core.errors import BadRequest
from cu_core.stories.figures import Blob
from cu_core.stories.story import Question

__all__ = ["Answer", "Blob", "QuestionKind"]


@dataclass(frozen=True)
class Answer:
    """What is true: ``value``, in the form that a guess has, and ``sentence``, which says it.
    ``shares``: of 100, how much each value of a choice has, by which a guess beside it scores."""

    value: Any
    sentence: str
    shares: Mapping[str, float] | None = None


@dataclass(frozen=True)
class QuestionKind:
    """``key``: as a story writes it. ``title``: in the editor. ``help``: what it asks, a sentence.
    ``options``: what a story may say of it (``? number metric=ta: …``), with their meaning.

    ``form(question, runs)``: what the page needs to ask, plain data in which nothing of the answer
    is: {"widget": "choice" | "number" | "places", ...}; it gets the runs as the page has them,
    which end where the question stands. ``answer(question, runs)`` goes by the whole runs' own
    numbers; BadRequest where they do not bear the question. ``score(guess, answer)``: 0 to 1; a
    guess that is none scores 0.
    """

    key: str
    title: str
    help: str
    options: Mapping[str, str]
    form: Callable[[Question, Sequence[Blob]], dict[str, Any]]
    answer: Callable[[Question, Sequence[Blob]], Answer]
    score: Callable[[Any, Answer], float]

    def checked(self, question: Question) -> None:
        """BadRequest for an option that this kind does not know."""
        wrong = [name for name in question.options if name not in self.options]
        if wrong:
            known = ", ".join(f"{name}=…" for name in self.options)
            raise BadRequest(f"A question {self.key!r} knows {known}, and no {wrong[0]!r}.")
