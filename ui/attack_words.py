"""What an attack says of a run, in sentences: whom it finds, and what that is worth."""

from __future__ import annotations

from cu_core.metrics.attacked import Attacked, Count
from cu_core.spec import HIGH, LOW, AttackReading, Estimated, Summary

GUESSING = 0.5  # AUC
OTHERS = ("retrained", "original")
WHO = {
    "unlearned": "the unlearned model",
    "retrained": "the retrained model",
    "original": "the original model",
}


def void(attacked: Attacked, summary: Summary) -> str:
    """Why the attack decides nothing in this run; "" where it may."""
    why = next((summary.void[key] for key in attacked.attack.metrics if key in summary.void), "")
    if not why:
        return ""
    return (
        f"This attack decides nothing here: {why}. What it reads is shown below and counts for "
        "nothing."
    )


def sentences(attacked: Attacked, summary: Summary) -> list[str]:
    """What it finds on the unlearned model beside the others, the most telling first."""
    own = attacked.readings["unlearned"]
    if own.why or own.auc is None:
        return [f"It says nothing of this run: {own.why}."]
    if attacked.attack.cut is not None:
        said = [*_calls(attacked, summary), _ground(attacked), _unlike(attacked, summary)]
    else:
        found = [_finds(attacked, own), _tells(attacked, own.auc)]
        said = [*_leaks(attacked, own), *found]
    return [text for text in (*said, *_silent(attacked)) if text]


def _silent(attacked: Attacked) -> list[str]:
    """Of the models that it says nothing of, why."""
    why = {model: reading.why for model, reading in attacked.readings.items() if reading.why}
    return [f"Of {WHO[model]} it says nothing: {reason}." for model, reason in why.items()]


# --- at its own threshold -----------------------------------------------------------------------


def _calls(attacked: Attacked, summary: Summary) -> list[str]:
    """The share that the table has, as it has it."""
    key = attacked.attack.metrics[0]
    value = summary.metrics.get(key)
    if value is None:
        return []
    ends = [summary.metrics.get(f"{key}/{end}") for end in (LOW, HIGH)]
    estimated = Estimated(value, *(value if end is None else end for end in ends))
    beside = {"retrained": summary.retrained or {}, "original": summary.original}
    others = [(name, percent(v)) for name in OTHERS if (v := beside[name].get(key)) is not None]
    count = attacked.counts("unlearned", attacked.attack.cut or 0.0)["forget"]
    return [
        f"It calls {percent(value)} of the forget samples never trained on "
        f"({count.n - count.hits:,} of {count.n:,}{_ends(estimated, '; ')}){_beside(others)}."
    ]


def _ground(attacked: Attacked) -> str:
    """How well it does on what it has learnt from."""
    counts = attacked.counts("unlearned", attacked.attack.cut or 0.0)
    shares = [100 * counts[side].hits / counts[side].n for side in ("retain", "test")]
    kept, unseen = map(percent, shares)
    return (
        f"Of what it has learnt from it calls {kept} of the retain samples and {unseen} of the "
        "test samples trained on: the nearer these two, the less its word is worth."
    )


def _unlike(attacked: Attacked, summary: Summary) -> str:
    if attacked.attack.alike or not summary.forget.classes:
        return ""
    return (
        f"It compares with {attacked.attack.test}, so it tells these classes apart as much as "
        "members: a retrained model, which saw no forget sample, need not read 50 % or 0.5."
    )


# --- at any threshold ---------------------------------------------------------------------------


def _finds(attacked: Attacked, own: AttackReading) -> str:
    """Whom it is sure of: at 1 % false alarms or, among few test samples, at none."""
    it = f"the {_name(attacked)} attack"
    if own.found is not None:
        read = {model: attacked.readings[model].found for model in attacked.scores}
        others = [(m, percent(one.value)) for m in OTHERS if (one := read.get(m)) is not None]
        return (
            f"At 1 % false alarms {it} finds {percent(own.found.value)} of the forget samples"
            f"{_ends(own.found, ' (', ')')}{_beside(others)}."
        )
    counts = {model: sure(attacked, model) for model in attacked.scores}
    mine = counts["unlearned"]
    others = [(m, f"{counts[m].hits:,}") for m in OTHERS if m in counts]
    return (
        f"With no false alarm {it} finds {mine.hits:,} of {mine.n:,} forget samples (95 % interval "
        f"{percent(mine.low)} to {percent(mine.high)}){_beside(others)}; {own.few}."
    )


def sure(attacked: Attacked, model: str) -> Count:
    """The forget samples that look more like members than any test sample."""
    highest = float(attacked.scores[model]["test"].max())
    above = [cut for cut in attacked.curve(model)[0] if cut > highest]
    return attacked.counts(model, float(min(above)))["forget"]


def _tells(attacked: Attacked, auc: Estimated) -> str:
    others = [
        (m, area(one.value))
        for m in OTHERS
        if m in attacked.scores and (one := attacked.readings[m].auc) is not None
    ]
    within = auc.low <= GUESSING <= auc.high
    guess = "no more than guessing, which reads 0.5" if within else "guessing reads 0.5"
    return (
        f"Over all thresholds it reads an AUC of {area(auc.value)} (95 % interval {area(auc.low)} "
        f"to {area(auc.high)}){_beside(others)}: {guess}."
    )


def _leaks(attacked: Attacked, own: AttackReading) -> list[str]:
    """What is forgotten too much is told apart as well."""
    auc = own.auc
    if auc is None or auc.high >= GUESSING or not attacked.attack.alike:
        return []
    other = attacked.readings.get("retrained", AttackReading()).auc
    others = [("retrained", area(two_sided(other.value)))] if other else []
    finds = ""
    if own.stranger is not None:
        finds = f" At 1 % false alarms that finds {percent(own.stranger.value)} of them."
    return [
        "Who was forgotten can be told: the forget samples are stranger to this model than samples "
        "that it never saw.",
        f"Whoever takes the strangest for forgotten reads an AUC of {area(two_sided(auc.value))} "
        f"(95 % interval {area(1 - auc.high)} to {area(1 - auc.low)}){_beside(others)}: guessing "
        f"reads 0.5.{finds}",
    ]


def two_sided(auc: float) -> float:
    """What the attack reads, told the right way round."""
    return max(auc, 1 - auc)


# --- numbers in words ---------------------------------------------------------------------------


def percent(value: float) -> str:
    return f"{value:.1f} %"


def area(value: float) -> str:
    """As the table has it."""
    return f"{value:.3g}"


def _ends(found: Estimated, before: str, after: str = "") -> str:
    """Nothing where nothing lies between."""
    low, high = percent(found.low), percent(found.high)
    return f"{before}95 % interval {low} to {high}{after}" if low != high else ""


def _beside(others: list[tuple[str, str]]) -> str:
    """ "; on the retrained model 1.1 %, on the original 34.0 %"."""
    told = [f"{WHO[model]} {value}" for model, value in others]
    return f"; on {', on '.join(told)}" if told else ""


def _name(attacked: Attacked) -> str:
    title = attacked.attack.title
    return title if title.isupper() else title.lower()
