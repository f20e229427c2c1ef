"""``? number metric=ta: What will test accuracy be?``: a figure of the run, on a slider."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cu_core.errors import BadRequest
from cu_core.stories import figures
from cu_core.stories.questions._kind import Answer, Blob, QuestionKind
from cu_core.stories.story import Question

LOW, HIGH = 0.0, 100.0
EXACT, FAR = 0.02, 0.25  # of the slider: as good as right, and no point any more


def _bound(question: Question, name: str, usual: float) -> float:
    try:
        return float(question.options.get(name, usual))
    except ValueError:
        raise BadRequest(
            f"{name} of {question.prompt!r} is a number, got {question.options[name]!r}."
        ) from None


def _range(question: Question) -> tuple[float, float]:
    low, high = _bound(question, "low", LOW), _bound(question, "high", HIGH)
    if not low < high:
        raise BadRequest(f"low of {question.prompt!r} must be below high, got {low} and {high}.")
    return low, high


def form(question: Question, runs: Sequence[Blob]) -> dict[str, Any]:
    low, high = _range(question)
    return {
        "widget": "number",
        "low": low,
        "high": high,
        "step": 1 if high - low > 1 else 0.01,
        "unit": figures.unit(runs[0], question.options.get("metric", "")),
    }


def answer(question: Question, runs: Sequence[Blob]) -> Answer:
    """The metric of the model at the run's end, or of the one that ``model`` names."""
    name, model = question.options.get("metric", ""), question.options.get("model", "end")
    if model not in figures.MODELS:
        raise BadRequest(f"model of {question.prompt!r} is one of {', '.join(figures.MODELS)}.")
    found = figures.value(runs[0], name, model)
    if found is None:
        raise BadRequest(f"{question.prompt!r} asks for {name!r}, which the run lacks.")
    low, high = _range(question)
    sign = figures.unit(runs[0], name)
    others = [(other, figures.value(runs[0], name, other)) for other in ("original", "retrained")]
    beside = [f"{m} {figures.said(v, sign)}" for m, v in others if v is not None and m != model]
    told = f" ({', '.join(beside)})" if beside else ""
    return Answer({"value": found, "low": low, "high": high}, f"{figures.said(found, sign)}{told}.")


def score(guess: Any, truth: Answer) -> float:
    """1 within a fiftieth of the slider, then less, down to 0 at a quarter of it."""
    if isinstance(guess, bool) or not isinstance(guess, int | float) or not math.isfinite(guess):
        return 0.0
    low, high, found = (float(truth.value[name]) for name in ("low", "high", "value"))
    away = abs(guess - found) / (high - low)
    return min(1.0, max(0.0, (FAR - away) / (FAR - EXACT)))


NUMBER = QuestionKind(
    key="number",
    title="What will the figure be?",
    help="A figure of the run, guessed on a slider.",
    options={
        "metric": "the figure, by its key",
        "model": "end, original or retrained",
        "low": "where the slider begins, 0 without",
        "high": "where it ends, 100 without",
    },
    form=form,
    answer=answer,
    score=score,
)
