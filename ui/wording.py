"""What a run is called and what is said of it: plain, exact, short, from the numbers on record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cu_core.spec import FetchRequest, RunRecord, TrainRequest, UnlearnRequest
from ui import blocks, controls

Values = Mapping[str, Any]

PHASES = {
    "training the original": "First, a model learns {data}",
    "fitting the map": "The original model is laid out as a map",
    "training the retrained": "Unlearned; a model is now trained without {what}, to compare with",
    "measuring": "Unlearned; measured now on every image",
    "rewinding": "Going back",
}


def sentence(record: RunRecord, progress: Values, newest: Values, catalog: Values) -> str:
    """What is going on, with the figures there are; no verdict."""
    data = getattr(record.request, "dataset", "the data")
    phase = str(progress.get("phase") or "")
    for start, text in PHASES.items():
        if phase.startswith(start) and record.state != "lost":
            return text.format(data=data, what=forgotten(progress))
    if not newest:
        early = f"Forgetting {forgotten(progress)}" if phase == "unlearning" else "Starting"
        return {"lost": "Interrupted", "stopped": "Stopped"}.get(record.state, early)
    how = {"paused": "Paused", "lost": "Interrupted", "stopped": "Stopped"}.get(record.state)
    at = f"{how} at step {record.step:,} of {record.total:,}, forgetting" if how else "Forgetting"
    said = _figures(progress, newest, {m["key"]: m for m in catalog.get("metrics", ())})
    return f"{at} {forgotten(progress)}: {said}"


def _figures(progress: Values, newest: Values, declared: Values) -> str:
    key = "forget_acc_test" if blocks.is_number(newest.get("forget_acc_test")) else ""
    key = key or "forget_acc_train"
    said = f"accuracy {blocks.shown(newest.get(key), declared.get(key, {}), 0) or 'not computed'}"
    probe = blocks.shown(newest.get("knn_probe_forget"), declared.get("knn_probe_forget", {}), 0)
    which = "it" if len((progress.get("forget") or {}).get("classes", ())) == 1 else "them"
    return f"{said}, the features recognise {probe} of {which}" if probe else said


STATES = {
    "queued": "Waiting",
    "starting": "Starting",
    "running": "Running",
    "paused": "Paused",
    "stopped": "Stopped",
    "failed": "Ended with an error",
    "lost": "Interrupted",
    "damaged": "Damaged",
}


def state(record: RunRecord) -> str:
    """The state in words; nothing for a finished run, of which the verdict speaks."""
    return STATES.get(record.state, "")


def waiting(ahead: int) -> str:
    """A queued run's state."""
    if not ahead:
        return "Starting"
    return "Waiting: one run is ahead" if ahead == 1 else f"Waiting: {ahead} runs are ahead"


def forgotten(progress: Values) -> str:
    """The forgotten classes by name, or how many images."""
    chosen, names = progress.get("forget") or {}, progress.get("class_names") or ()
    named = [str(names[c]) for c in chosen.get("classes", ()) if c < len(names)]
    if not named:
        return f"{chosen.get('n_forget', 0):,} images"
    more = f" and {len(named) - 3} more classes" if len(named) > 3 else ""
    return ", ".join(named[:3]) + more


def settings(record: RunRecord) -> str:
    """What was asked for, in one line."""
    request = record.request
    if request is None:
        return ""
    if isinstance(request, FetchRequest):
        return f"download of {request.dataset}"
    if isinstance(request, TrainRequest):
        without = f" without {rule(request.forget)}" if request.forget else ""
        return f"{request.model} on {request.dataset}{without}, seed {request.model_seed}"
    method = request.method + (f" ({request.preset})" if request.preset else "")
    what = f"Forget {rule(request.forget)} of {request.dataset} in {request.model} with {method}"
    knobs = [f"{controls.spoken(k)} {controls.written(v)}" for k, v in request.hparams.items()]
    return ", ".join([what, *knobs, f"seed {request.seed}"])


SHARE = re.compile(r"(random|per-class):([0-9]*\.?[0-9]+)")


def rule(forget: str) -> str:
    """A forget rule as a person says it: "class:3,5" -> "classes 3, 5"."""
    kind, _, given = forget.partition(":")
    if kind == "class":
        return f"class{'es' * (',' in given)} {given.replace(',', ', ')}"
    if found := SHARE.fullmatch(forget):
        share = f"{float(found[2]) * 100:g} %"
        return f"a random {share}" if kind == "random" else f"{share} of every class"
    return forget


def given_name(record: RunRecord) -> str:
    """The name a person gave the run; nothing where it only repeats the settings."""
    request = record.request
    if isinstance(request, UnlearnRequest):
        own = f"{request.method}, {request.forget}, {request.dataset}"
        return "" if record.name == own else record.name
    return record.name


def retrained(curves: Sequence[Values]) -> str:
    """The retrained model's own figures, from a recorded run's curves."""
    said = [
        f"{line['title'][0].lower()}{line['title'][1:]} {blocks.shown(line['retrained'], line, 0)}"
        for line in curves
        if "forget" in line["key"] and blocks.is_number(line.get("retrained"))
    ]
    return f"Retrained model: {', '.join(said)}" if said else "No retrained reference"


def recorded(header: Values) -> str:
    """When and where a recorded run was made."""
    told = header.get("recorded") or ""
    return ", ".join(map(str, told.values())) if isinstance(told, Mapping) else str(told)
