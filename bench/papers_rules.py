"""The parts of contrastive unlearning taken away one by one, and where stopping rules would end it.

The rules are read from the snapshots of a run that went to its end, so all are tried on the same
run. The gap at a snapshot is the mean distance of RA, UA and TA to the retrained model of the same
seed; MIA is measured at the end of a run alone. Snapshots see the probe set, an estimate where it
is smaller than the data.
"""

from collections.abc import Mapping
from typing import Any

from cu_core import methods
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
    knobs, there, missing = methods.get(METHOD).model_fields.keys(), [], []
    for name, changed in PARTS:
        if lacks := ", ".join(changed.keys() - knobs):
            missing.append(f"{name}: not run: {METHOD} has no knob {lacks}.")
        else:
            there.append((name, changed))
    return there, missing


def stops(cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where each rule ends this run: step (None: never), gap there, and the best gap there is."""
    seen, n_classes = snapshots(cell["curves"]), len(cell["class_names"])
    retrained, class_task = cell["retrained"] or {}, cell["forget"]["kind"] == "class"
    gaps = [each for _, values in seen if (each := gap(values, retrained)) is not None]
    if not seen or len(gaps) < len(seen):
        return []
    best = min(range(len(seen)), key=lambda i: gaps[i])
    places: dict[str, int | None] = {"best gap there is": best}
    for title, rule in (("Eq. 8", "class-accuracy"), ("Eq. 9", "sample-accuracy")):
        if class_task or rule != "class-accuracy":
            met = (i for i, (_, v) in enumerate(seen) if rule_met(rule, v, n_classes))
            places[title] = next(met, None)
    places |= {f"{100 * share:.0f} % of the steps": _nearest(seen, share) for share in FIXED}
    places["SCRUB+R"] = matched(seen, class_task)
    found = []
    for name, i in places.items():
        there = None if i is None else (seen[i][0], gaps[i], gaps[i] - gaps[best])
        row = dict(zip(("step", "gap", "above"), there or (None,) * 3, strict=True))
        found.append({"rule": name, "best_step": seen[best][0], "best_gap": gaps[best], **row})
    return found


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
    apart = [abs(a - b) for a, b in pairs if a is not None and b is not None]
    return sum(apart) / len(SEEN) if len(apart) == len(SEEN) else None


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
