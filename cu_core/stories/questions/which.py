"""``? which metric=knn_probe_forget goal=low: Which has really forgotten?``: one of two runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cu_core.errors import BadRequest
from cu_core.stories import figures
from cu_core.stories.questions._kind import Answer, Blob, QuestionKind
from cu_core.stories.story import Question

GOALS = ("retrained", "low", "high")


def form(question: Question, runs: Sequence[Blob]) -> dict[str, Any]:
    options = [{"value": letter, "name": letter} for letter in figures.LETTERS[: len(runs)]]
    return {"widget": "choice", "options": options}


def answer(question: Question, runs: Sequence[Blob]) -> Answer:
    """The run whose metric at the end is lower, higher or nearer to that of its own retrained
    model."""
    goal, name = question.options.get("goal", "retrained"), question.options.get("metric", "")
    if len(runs) != 2 or goal not in GOALS:
        raise BadRequest(
            f"{question.prompt!r} needs two runs and a goal of {', '.join(GOALS)}; "
            f"got {len(runs)} and {goal!r}."
        )
    ends = [figures.value(run, name) for run in runs]
    retrained = [figures.value(run, name, "retrained") for run in runs]
    away = [_away(end, goal, own) for end, own in zip(ends, retrained, strict=True)]
    if None in away or away[0] == away[1]:
        raise BadRequest(f"The two runs do not differ in {name!r} as {question.prompt!r} asks.")
    best = figures.LETTERS[min((0, 1), key=lambda k: away[k] or 0.0)]
    sign = figures.unit(runs[0], name)
    beside = _named(retrained[:1] if retrained[0] == retrained[1] else retrained, sign)
    told = f"{best}. {_title(runs[0], name)}: {_named(ends, sign)}"
    return Answer(best, f"{told}, retrained {beside}." if beside else f"{told}.")


def _named(values: Sequence[float | None], sign: str) -> str:
    """ "A 50 %, B 20 %"; a single one without a letter, and none that is not known."""
    letters = (f"{letter} " for letter in figures.LETTERS) if len(values) > 1 else ("",)
    named = zip(letters, values, strict=False)
    return ", ".join(f"{letter}{figures.said(v, sign)}" for letter, v in named if v is not None)


def _away(end: float | None, goal: str, retrained: float | None) -> float | None:
    if end is None or (goal == "retrained" and retrained is None):
        return None
    return {"low": end, "high": -end, "retrained": abs(end - (retrained or 0.0))}[goal]


def _title(run: Blob, name: str) -> str:
    """What the run itself calls the metric."""
    titles = {line["key"]: str(line["title"]) for line in run[0].get("curves") or ()}
    return titles.get(name, name)


def score(guess: Any, truth: Answer) -> float:
    return float(guess == truth.value)


WHICH = QuestionKind(
    key="which",
    title="Which of the two?",
    help="Which of two runs comes out lower, higher or nearer to the retrained model.",
    options={
        "metric": "what is compared, by its key",
        "goal": "retrained (nearer to it), low or high",
    },
    form=form,
    answer=answer,
    score=score,
)
