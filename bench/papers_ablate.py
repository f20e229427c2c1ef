"""The parts of contrastive unlearning taken away one by one, and where stopping rules would end it.

The rules are read from the snapshots of a run that went to its end, so all are tried on the same
run. The gap at a snapshot is the mean distance of RA, UA and TA to the retrained model of the same
seed; MIA is measured at the end of a run alone. Snapshots see the probe set, an estimate where it
is smaller than the data.
"""

from collections.abc import Mapping
from typing import Any

from cu_core.runs.stopping import rule_met

METHOD = "contrastive"
PARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as it is", {}),
    ("push only", {"pull_weight": 0.0}),
    ("pull only", {"push_weight": 0.0}),
    ("no cross-entropy", {"ce_weight": 0.0}),
    ("embeddings not normalised", {"normalise": False}),
    ("BatchNorm statistics frozen", {"freeze_statistics": True}),
    ("queue of retain embeddings", {"queue": 1024}),
    ("class-balanced retain batches", {"retain_draw": "balanced"}),
    ("hard retain batches", {"retain_draw": "hard"}),
)
FIXED = (0.25, 0.5, 1.0)  # of a run's steps
SEEN = ("ra", "ua", "ta")  # what a snapshot's gap is made of


def ablations() -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """(name, changed knobs) of those the method has knobs for; a sentence for each other one."""
    from cu_core import methods

    knobs = methods.get(METHOD).model_fields
    there = [(name, changed) for name, changed in PARTS if changed.keys() <= knobs.keys()]
    missing = [
        f"{name}: not run: {METHOD} has no knob {', '.join(changed.keys() - knobs.keys())}."
        for name, changed in PARTS
        if not changed.keys() <= knobs.keys()
    ]
    return there, missing


def stops(cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where each rule ends this run: step (None: never), gap there, and the best gap there is."""
    seen = snapshots(cell["curves"])
    retrained, class_task = cell["retrained"] or {}, cell["forget"]["kind"] == "class"
    gaps = [gap(values, retrained) for _, values in seen]
    if not seen or None in gaps:
        return []
    best = min(range(len(seen)), key=lambda i: gaps[i])
    n_classes = len(cell["class_names"])
    places = {"best gap there is": best}
    for title, rule in (("Eq. 8", "class-accuracy"), ("Eq. 9", "sample-accuracy")):
        if class_task or rule != "class-accuracy":
            met = (i for i, (_, v) in enumerate(seen) if rule_met(rule, v, n_classes))
            places[title] = next(met, None)
    places |= {f"{100 * share:.0f} % of the steps": _nearest(seen, share) for share in FIXED}
    places["SCRUB+R"] = matched(seen, class_task)
    return [
        {"rule": name, "step": None if i is None else seen[i][0], "best_step": seen[best][0]}
        | {"gap": None if i is None else gaps[i], "best_gap": gaps[best]}
        | {"above": None if i is None else gaps[i] - gaps[best]}
        for name, i in places.items()
    ]


def snapshots(curves: Mapping[str, Any]) -> list[tuple[int, dict[str, float]]]:
    """(step, values) of every snapshot but that of the original, in step order."""
    rows: dict[int, dict[str, float]] = {}
    for name in {*SEEN, "forget_acc_train", "forget_acc_test"} & curves.keys():
        for step, value in zip(*curves[name], strict=True):
            rows.setdefault(step, {})[name] = value
    return [(step, rows[step]) for step in sorted(rows) if step]


def gap(values: Mapping[str, Any], retrained: Mapping[str, Any]) -> float | None:
    """Mean |difference| of RA, UA and TA in points; None where one is missing."""
    pairs = [(values.get(key), retrained.get(key)) for key in SEEN]
    if any(a is None or b is None for a, b in pairs):
        return None
    return sum(abs(a - b) for a, b in pairs) / len(SEEN)


def matched(seen: list[tuple[int, dict[str, float]]], class_task: bool) -> int:
    """SCRUB+R's rewind (arXiv:2302.09880): the snapshot whose forget error is nearest to that of
    the finished model on data of the forget set's kind it never saw, the later one if equal.

    The test set stands in for the validation set.
    """
    end = seen[-1][1]
    reference = end.get("forget_acc_test") if class_task else end.get("ta")
    accuracy = [values["forget_acc_train"] for _, values in seen]
    return min(range(len(seen)), key=lambda i: (abs(accuracy[i] - (reference or 0.0)), -i))


def _nearest(seen: list[tuple[int, dict[str, float]]], share: float) -> int:
    wanted = share * seen[-1][0]
    return min(range(len(seen)), key=lambda i: abs(seen[i][0] - wanted))
