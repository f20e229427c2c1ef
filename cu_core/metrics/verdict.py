"""A few short sentences for lay people, from the numbers only, each beside its references.

They say where the numbers stand next to the original and the retrained models, never whether a
method is good, and no more than the evidence bears. Damage to what was to be kept comes first. That
the features did not forget is said only where a probe's recoverability is near 1, which has a value
only where original and retrained differ by more than their noise; where two probes disagree, that
is said instead.
"""

from collections.abc import Sequence

from cu_core.metrics._evidence import PROBE, Evidence, Rating, dissenter, listed, percent, rated
from cu_core.metrics._headline import evidence_of, headline

__all__ = ["Evidence", "evidence_of", "headline", "verdict"]

PROBES = {
    "rho_knn": "its neighbours",
    "rho_linear": "a linear probe",
    "rho_prototype": "a 5-shot probe",
}
FEATURES: dict[Rating, str] = {
    "kept": "did not forget",
    "part": "forgot only in part",
    "gone": "forgot",
    "less": "forgot",
}


def verdict(evidence: Evidence, told: Sequence[str] = ()) -> str:
    """The sentences for a run. ``told``: whole ones on what else was asked, such as planted
    samples; they stand before those on forgetting."""
    damage = _damage(evidence)
    forgotten = _class_task if evidence.kind == "class" else _sample_task
    return " ".join([*damage, *told, *forgotten(evidence), *_seeds(evidence)])


# --- what was to be kept, and how sure all this is ----------------------------------------------


def _damage(e: Evidence) -> list[str]:
    """Nothing where what was to be kept is answered right as often as its reference."""
    now = e.now("ta")
    if now is None or not e.damaged:
        return []
    figures = f"{e.said('ta', now)} {e.references('ta')}"
    said = f"What was to be kept is damaged: test accuracy {figures}."
    return [said, *["So damaged a model forgets anything; the rest says little."] * e.ruined]


def _seeds(e: Evidence) -> list[str]:
    if len(e.seeds) == 1:
        return ["One retrained seed, spread unknown."]
    return [f"Retrained: lowest to highest of {len(e.seeds)} seeds."] if e.seeds else []


# --- class tasks --------------------------------------------------------------------------------


def _class_task(e: Evidence) -> list[str]:
    subject, it = _subject(e.names)
    key = e.class_key
    now = e.now(key)
    if now is None:
        return [f"Accuracy on {subject} was not computed.", *_probe(e, it)]
    measured = subject if key == "forget_acc_test" else f"the training samples of {subject}"
    said = f"Accuracy on {measured} is {e.said(key, now)} {e.references(key)}."
    standing = e.standing
    if standing != "forgotten":
        told = {
            "never known": f"The original model hardly knew {it} either.",
            "better": f"The model still answers {it} right, better than before.",
            "as before": f"The model still answers {it} right as before.",
            "in part": f"Part of {it} is still answered right.",
        }
        return [said, told[standing], *_probe(e, it)]
    if e.now(PROBE) is None:
        return [said, *_probe(e, it), "So this says what the last layer answers, no more."]
    rating = e.rating
    link = "Yet by" if rating in ("kept", "part", "disagree") else "By"
    return [said, *_probe(e, it, link), *([] if e.ruined else [_features(e, rating, it)])]


def _subject(names: Sequence[str]) -> tuple[str, str]:
    """('the forgotten classes cat and dog', 'them')."""
    if len(names) > 1:
        return f"the forgotten classes {listed(names)}", "them"
    return " ".join(["the forgotten class", *names]), "it"


def _probe(e: Evidence, it: str, link: str = "By") -> list[str]:
    now, whose = e.now(PROBE), {"it": "its"}.get(it, "their")
    if now is None:
        return ["A probe on the embeddings was not computed."]
    chance = [f"chance {percent(e.chance)}"] if e.chance is not None else []
    found = e.said(PROBE, now)
    still = "still " if link != "By" else ""
    return [
        f"{link} {whose} neighbours {found} of {it} can {still}be told apart "
        f"{e.references(PROBE, *chance)}."
    ]


def _features(e: Evidence, rating: Rating, it: str) -> str:
    if rating == "unknown":
        if not e.seeds:
            return "Whether the features forgot, only a retrained model could tell."
        lacks = "retrained" if e.retrained(PROBE) is None else "original"
        return f"Whether the features forgot, only the {lacks} model's probe could tell."
    if rating == "disagree":
        known = e.recovered
        other = dissenter(known)
        by = [f"by {PROBES[k]} they {FEATURES[rated(known[k])]}" for k in ("rho_knn", other)]
        return f"The probes disagree on the features: {by[0]}, {by[1]}."
    if rating == "unclear":
        return _unclear(e)
    return {
        "kept": "The last layer forgot, the features did not.",
        "part": "The last layer forgot, the features only in part.",
        "gone": f"The features know {it} no better than those of a model that never saw {it}.",
        "less": f"The features tell {it} apart less than if they had never seen {it}.",
    }[rating]


def _unclear(e: Evidence) -> str:
    """The neighbours' references differ by noise alone: what another probe says, if one can."""
    said = (
        "Neighbours hardly part the original from retrained, so they cannot say what was forgotten"
    )
    for key, value in e.recovered.items():
        return f"{said}; by {PROBES[key]} the features {FEATURES[rated(value)]}."
    return f"{said}."


# --- sample tasks -------------------------------------------------------------------------------


def _sample_task(e: Evidence) -> list[str]:
    now, test = e.now("forget_acc_train"), e.now("ta")
    if now is None:
        return ["Accuracy on the forget samples was not computed."]
    more = [f"test set {e.said('ta', test)}"] if test is not None else []
    said = f"Accuracy on the forget samples is {e.said('forget_acc_train', now)} "
    said += f"{e.references('forget_acc_train', *more)}."
    place = e.place
    if not place:
        return [said, "Without a retrained or a test accuracy there is nothing to compare it with."]
    never = "by a model that never saw them" if e.retrained("forget_acc_train") else "other samples"
    told = {
        "above": f"They are answered right {_how(e, now)}more often than {never}.",
        "below": f"That is less often than {never}, which can itself give them away.",
        "within": f"That is as often as {never}.",
        "as ever": f"That is as often as {never}, but so it was before: accuracy cannot tell.",
    }
    return [said, told[place]]


def _how(e: Evidence, now: float) -> str:
    """Next to the original model."""
    before = e.before("forget_acc_train")
    if before is None:
        return ""
    margin = e.margin("forget_acc_train", now)
    if now > before + margin:
        return "more often than before, and "
    return (
        "as often as before, " if now >= before - margin else "less often than before, but still "
    )
