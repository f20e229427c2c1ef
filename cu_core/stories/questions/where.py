"""``? where label=8: Where will the eights go?``: which class the forget samples are taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from cu_core.errors import BadRequest
from cu_core.stories import figures
from cu_core.stories.questions._kind import Answer, Blob, QuestionKind
from cu_core.stories.story import Question

MOST = 3  # classes that the sentence names


def _chosen(question: Question, run: Blob) -> NDArray[Any]:
    ids = {
        name: figures.class_id(run, question.options[name], f"The question {question.prompt!r}")
        for name in ("label", "true")
        if name in question.options
    }
    return figures.forgotten(run, **ids)


def form(question: Question, runs: Sequence[Blob]) -> dict[str, Any]:
    """A class for the group: each is a place to drag it to."""
    names = [str(name) for name in runs[0][0]["classes"]]
    count = int(_chosen(question, runs[0]).sum())
    options = [{"value": str(k), "name": name} for k, name in enumerate(names)]
    return {"widget": "places", "count": count, "options": options}


def answer(question: Question, runs: Sequence[Blob]) -> Answer:
    """By the answers at the run's end, or of the retrained model: how many go to each class."""
    run = runs[0]
    chosen = _chosen(question, run)
    total = int(chosen.sum())
    if not total:
        raise BadRequest(f"{question.prompt!r} is about no sample that is to be forgotten.")
    retrained = question.options.get("model") == "retrained"
    counts = (
        figures.retrained_answers(run, chosen) if retrained else figures.answers(run, chosen, -1)
    )
    order = sorted(range(len(counts)), key=lambda k: (-int(counts[k]), k))
    parts = [f"{int(counts[k])} as {run[0]['classes'][k]}" for k in order[:MOST] if counts[k]]
    who = "The retrained model answers" if retrained else "At the end the model answers"
    shares = {str(k): 100.0 * int(n) / total for k, n in enumerate(counts) if n}
    sentence = f"{who} {_listed(parts)}, of {total}."
    return Answer(str(order[0]), sentence, shares)


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def score(guess: Any, truth: Answer) -> float:
    """1 for the class that most go to, for another its share of those; for shares given to several
    classes ({class: share of 100}), how much of them is where it went."""
    shares = truth.shares or {}
    if isinstance(guess, str):
        return shares.get(guess, 0.0) / shares[truth.value]
    if not isinstance(guess, Mapping):
        return 0.0
    given = {k: float(v) for k, v in guess.items() if isinstance(v, int | float) and v > 0}
    total = sum(given.values())
    return sum(min(100 * v / total, shares.get(k, 0.0)) for k, v in given.items()) / 100


WHERE = QuestionKind(
    key="where",
    title="Where will they go?",
    help="Which class most of the samples to be forgotten are taken for in the end.",
    options={
        "label": "only those that carry this label",
        "true": "only those that truly are of this class",
        "model": "retrained: by the model that never saw them",
    },
    form=form,
    answer=answer,
    score=score,
)
