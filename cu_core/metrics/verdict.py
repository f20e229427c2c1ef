"""One sentence for lay people, from the numbers only, each with its references.

It says where the numbers stand next to the original and the retrained model, never whether a
method is good. Differences of at most ``NEAR`` points count as none: about two standard errors
of a share over a few hundred samples.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

Values = Mapping[str, float | None]

NEAR = 5.0  # percentage points


def verdict(
    metrics: Values,
    original: Values,
    retrained: Values | None,
    kind: Literal["class", "sample"],
    names: Sequence[str] = (),
) -> str:
    """The sentence for a run. Values in percent by metric key; ``names``: the forgotten classes.

    A missing or None value is named as not computed; ``retrained`` None as no reference.
    """
    trio = _Trio(metrics, original, retrained)
    sentence = _class_task(trio, names) if kind == "class" else _sample_task(trio)
    return sentence + _utility(trio) + "."


class _Trio:
    """The same measure of the unlearned, the original and the retrained model."""

    def __init__(self, metrics: Values, original: Values, retrained: Values | None) -> None:
        self.sources = (metrics, original, retrained if retrained is not None else {})
        self.has_retrained = retrained is not None

    def get(self, key: str) -> tuple[float | None, float | None, float | None]:
        now, before, ideal = (_number(source.get(key)) for source in self.sources)
        return now, before, ideal

    def references(self, key: str, *more: str) -> str:
        """'(original 90 %, retrained 61 %)'."""
        _, before, ideal = self.get(key)
        said = [f"original {percent(before)}" if before is not None else "original not computed"]
        if not self.has_retrained:
            said.append("no retrained reference")
        else:
            said.append("retrained " + (percent(ideal) if ideal is not None else "not computed"))
        return "(" + ", ".join([*said, *more]) + ")"


def percent(value: float) -> str:
    """Without decimals; 'under 1 %' and 'over 99 %' where rounding would claim none or all.

    >>> percent(96.6), percent(0.2), percent(0)
    ('97 %', 'under 1 %', '0 %')
    """
    if 0 < value < 1:
        return "under 1 %"
    if 99.5 <= value < 100:
        return "over 99 %"
    return f"{value:.0f} %"


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


# --- class tasks ------------------------------------------------------------------------------


def _class_task(trio: _Trio, names: Sequence[str]) -> str:
    subject, it = _subject(names)
    tested = trio.get("forget_acc_test")[0] is not None
    key = "forget_acc_test" if tested else "forget_acc_train"
    now, before, ideal = trio.get(key)
    if now is None:
        return _unknown_accuracy(trio, subject, it)
    measured = subject if tested else f"the training samples of {subject}"
    said = f"Accuracy on {measured} is {percent(now)} {trio.references(key)}"
    probe = _probe_clause(trio, it, ", and ")
    if before is not None and before <= NEAR and now <= NEAR:
        return f"{said}: the original model hardly recognised {it} either{probe}"
    kept = before is not None and now > NEAR and now >= before - NEAR
    if kept or now > (ideal or 0.0) + NEAR:
        return f"{said}: {_still_named(now, before, it)}{probe}"
    link, conclusion = _features(trio, it)
    return f"{said}{_probe_clause(trio, it, link)}{conclusion}"


def _unknown_accuracy(trio: _Trio, subject: str, it: str) -> str:
    if trio.get("knn_probe_forget")[0] is None:
        return f"Neither accuracy on {subject} nor a probe on the embeddings was computed"
    return f"Accuracy on {subject} was not computed{_probe_clause(trio, it, ', and ')}"


def _still_named(now: float, before: float | None, it: str) -> str:
    """The head still names the class: how much, next to the original model."""
    if before is None or now < before - NEAR:
        return f"part of {it} is still recognised"
    how = "better than before" if now > before + NEAR else "as before"
    return f"the model still recognises {it} {how}"


def _subject(names: Sequence[str]) -> tuple[str, str]:
    """('the forgotten classes cat and dog', 'them')."""
    if len(names) > 1:
        listed = ", ".join(names[:-1]) + f" and {names[-1]}"
        return f"the forgotten classes {listed}", "them"
    return " ".join(["the forgotten class", *names]), "it"


def _probe_clause(trio: _Trio, it: str, link: str) -> str:
    probe = trio.get("knn_probe_forget")[0]
    if probe is None:
        return f"{link}a probe on the embeddings was not computed"
    still = "still " if link == ", but " else ""
    return (
        f"{link}a 15-neighbour probe on the embeddings {still}recognises {percent(probe)} of {it} "
        f"{trio.references('knn_probe_forget')}"
    )


def _features(trio: _Trio, it: str) -> tuple[str, str]:
    """Given that the head names the class no more: (link to the probe clause, conclusion)."""
    now, before, ideal = trio.get("knn_probe_forget")
    if now is None:
        return "; ", ", so this says what the head does, not what the features hold"
    if ideal is None:
        if before is not None and now >= before - NEAR and now > NEAR:
            return ", but ", ": the head forgot, the features did not"
        missing = "the retrained model's probe" if trio.has_retrained else "a retrained model"
        return ", and ", f": whether the features forgot, only {missing} could tell"
    if abs(now - ideal) <= NEAR:
        return ", and ", f": the features know {it} as well as those of a model that never saw {it}"
    if now < ideal:
        return ", and ", f": the features tell {it} apart less than if they had never seen {it}"
    if before is None:
        return (
            ", but ",
            f": the features know {it} better than those of a model that never saw {it}",
        )
    if now - ideal >= (before - ideal) / 2:
        return ", but ", ": the head forgot, the features did not"
    return ", but ", ": the head forgot, the features only in part"


# --- sample tasks -----------------------------------------------------------------------------


def _sample_task(trio: _Trio) -> str:
    now, before, ideal = trio.get("forget_acc_train")
    if now is None:
        return "Accuracy on the forget samples was not computed"
    test = trio.get("ta")[0]
    more = [f"test set {percent(test)}"] if test is not None else []
    said = f"Accuracy on the forget samples is {percent(now)} "
    said += trio.references("forget_acc_train", *more)
    level = ideal if ideal is not None else test
    if level is None:
        return f"{said}: without a retrained or a test accuracy there is nothing to compare it with"
    if now > level + NEAR:
        return f"{said}: they are recognised {_how(now, before)}{_better(ideal)}"
    never = "a model that never saw them" if ideal is not None else "samples it never saw"
    if now < level - NEAR:
        return f"{said}: lower than for {never}, which can itself give them away"
    start = ideal if ideal is not None else trio.get("ta")[1]
    if before is not None and start is not None and abs(before - start) <= NEAR:
        return f"{said}: as for {never}, but so it was before: accuracy alone cannot tell"
    return f"{said}: as for {never}"


def _how(now: float, before: float | None) -> str:
    """Next to the original model."""
    if before is None:
        return ""
    if now > before + NEAR:
        return "better than before, and "
    return "as well as before, " if now >= before - NEAR else "less than before, but still "


def _better(ideal: float | None) -> str:
    if ideal is not None:
        return "better than by a model that never saw them"
    return "better than samples the model never saw"


# --- what was to be kept ----------------------------------------------------------------------


def _utility(trio: _Trio) -> str:
    """A clause only where accuracy on what was to be kept lies well below its reference."""
    now, before, ideal = trio.get("ta")
    level = ideal if ideal is not None else before
    if now is None or level is None or now >= level - NEAR:
        return ""
    return f"; test accuracy on what was to be kept is {percent(now)} {trio.references('ta')}"
