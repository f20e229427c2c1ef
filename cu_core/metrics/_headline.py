"""The shortest of a run's three lengths: one line for whoever reads nothing else.

It speaks of the model as of somebody who says and sees: what the last layer answers, and what can
still be told apart by the features. Such a line has ten words at most and one figure at most; where
names are long, they give way.
"""

from collections.abc import Iterator, Sequence

from cu_core.metrics._evidence import Evidence, listed
from cu_core.spec import HIGH, LOW, ModelValues, Summary

MOST_WORDS = 10
EARLY = "Ended early."  # before what is said of a run that did not come to its end


def headline(evidence: Evidence, told: str = "", stopped: bool = False) -> str:
    """A sentence of at most ``MOST_WORDS`` words. ``told``: what else was asked, in place of what
    is said of forgetting; damage goes before it. ``stopped``: by a person, before its end."""
    if evidence.damaged:
        lines = _damaged(evidence)
    elif told:
        lines = iter((told,))
    else:
        lines = (_class_lines if evidence.kind == "class" else _sample_lines)(evidence)
    starts = (f"{EARLY} ", "") if stopped else ("",)
    whole = (start + line for line in lines for start in starts)
    return next(line for line in whole if len(line.split()) <= MOST_WORDS)


def evidence_of(summary: Summary, class_names: Sequence[str]) -> Evidence:
    """What a finished record knows, for its line: of the retrained seeds their lowest and highest
    values, which is all that a line goes by."""
    names = [class_names[c] for c in summary.forget.classes if c < len(class_names)]
    seeds: list[ModelValues] = []
    for end in (LOW, HIGH) if summary.retrained is not None else ():
        ends = {key: getattr(band, end) for key, band in summary.band.items()}
        seeds.append({**(summary.retrained or {}), **ends})
    return Evidence(
        summary.metrics,
        summary.original,
        seeds,
        summary.forget.kind,
        names,
        summary.counts,
        summary.chance,
    )


def _damaged(e: Evidence) -> Iterator[str]:
    said = e.said("ta", e.now("ta") or 0.0)
    yield f"What it should keep suffered: {said} right."
    yield "What it should keep suffered."


# --- class tasks --------------------------------------------------------------------------------


def _class_lines(e: Evidence) -> Iterator[str]:
    """With the classes by name, then without."""
    several = len(e.names) > 1
    short = "these classes" if several else "this class"
    for named in (*([listed(e.names)] if e.names else []), short):
        again = "them" if several else named if " " not in named else "it"
        yield from _of_class(e, named, again, "them" if several else "it")


def _of_class(e: Evidence, named: str, again: str, it: str) -> Iterator[str]:
    """``again``: what the class is called the second time; ``it``: the pronoun."""
    now = e.now(e.class_key)
    if now is None:
        yield f"Whether it still says {named} was not measured."
        return
    if (standing := e.standing) == "forgotten":
        yield {
            "kept": f"It stopped saying {named}, but still sees {again}.",
            "part": f"It stopped saying {named}, but partly sees {it}.",
            "gone": f"It stopped saying {named}, as if never seen.",
            "less": f"It knows {named} less than if never seen.",
            "disagree": f"It stopped saying {named}; deeper tests disagree.",
            "unclear": f"It stopped saying {named}; the rest is unclear.",
            "unknown": f"It stopped saying {named}; the rest is unknown.",
        }[e.rating]
    elif standing == "in part":
        yield f"It still says {named}, but not always: {e.said(e.class_key, now)}."
        yield f"It still says {named}, but not always."
    else:
        yield {
            "never known": f"It hardly knew {named} even before.",
            "better": f"It still says {named}, more often than before.",
            "as before": f"It still says {named}, as often as before.",
        }[standing]


# --- sample tasks -------------------------------------------------------------------------------


def _sample_lines(e: Evidence) -> Iterator[str]:
    now = e.now("forget_acc_train")
    if now is None:
        yield "What it still knows was not measured."
        return
    said = e.said("forget_acc_train", now)
    if e.place == "above":
        before = e.before("forget_acc_train")
        part = before is not None and now < before - e.margin("forget_acc_train", now)
        knows = "partly knows" if part else "knows"
        yield f"It still {knows} the samples: {said} right."
        yield f"It still {knows} the samples."
        return
    yield {
        "": "There is nothing to compare it with.",
        "below": "It answers the samples worse than if unseen.",
        "within": "It answers the samples as if never seen.",
        "as ever": "Its answers cannot tell: they are as before.",
    }[e.place]
