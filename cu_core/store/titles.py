"""What a run is called: in lists, headings, tabs and the names of files. No path, no id, no hash;
the class by its name as soon as the run knows it."""

from __future__ import annotations

from collections.abc import Mapping

from cu_core import forget
from cu_core.errors import BadForgetSet
from cu_core.spec import Request, RunProgress, RunRecord, data_words, model_words, trial_of


def title(record: RunRecord, progress: RunProgress) -> str:
    """The name that a person gave it, else what was asked for in the words of its data; a trial's
    number, whose sweep says the rest."""
    request = record.request
    if request is None or not unnamed(record):
        return record.name
    if trial := trial_of(request):
        return f"trial {trial[1]}, seed {getattr(request, 'seed', 0)}"
    return default_name(request, progress)


def unnamed(record: RunRecord) -> bool:
    """Whether nobody has named the run: an older Lethe had a network's path in such a name, and a
    sweep names its trials by itself."""
    request = record.request
    if request is None:
        return False
    if (trial := trial_of(request)) and record.name.endswith(f", trial {trial[1]}"):
        return True
    model = getattr(request, "model", "")
    plain = record.name.replace(model, model_words(model)) if model else record.name
    return default_name(request) in (record.name, plain)


def default_name(request: Request, progress: RunProgress | None = None) -> str:
    """What a run is called until a person names it; on record without its ``progress``."""
    known, data = progress or RunProgress(), data_words(request.data)
    if request.kind == "unlearn":
        branched = f", from step {request.branched_at}" if request.first else ""
        return f"{request.method}, {forgotten(request.forget, known)}, {data}{branched}"
    model = model_words(request.model) if request.kind != "fetch" else ""
    if request.kind == "train":
        without = f" without {forgotten(request.forget, known)}" if request.forget else ""
        return f"train {model} on {data}{without}"
    if request.kind == "watched":
        return f"{model} on {data}, watched"
    return f"download {data}"


def forgotten(rule: str, progress: RunProgress) -> str:
    """A forget rule as a title has it: "class dog", "6 listed images (six.txt)"."""
    key, _, argument = rule.partition(":")
    names = progress.class_names
    if key == "class" and names:
        try:
            ids = forget.class_ids(argument, names)
        except BadForgetSet:  # of data that have changed since
            return forget.words(rule)
        rule = f"{key}:{','.join(names[i] for i in ids)}"
    words = forget.words(rule)
    counted = words.startswith("listed ") and progress.forget.n_forget
    return f"{progress.forget.n_forget:,} {words}" if counted else words


def numbers(called: Mapping[str, str]) -> dict[str, str]:
    """What tells runs apart that are called alike: ", run 2" to append, "" where a run alone is
    called so. ``called``: by run id, oldest first. No two of the whole titles are the same."""
    alike: dict[str, list[str]] = {}
    for run_id, text in called.items():
        alike.setdefault(text, []).append(run_id)
    taken, found = set(alike), {}
    for text, own in alike.items():
        number = 0
        for run_id in own if len(own) > 1 else ():
            number += 1
            while text + _run(number) in taken:  # somebody has named a run so
                number += 1
            found[run_id] = _run(number)
            taken.add(text + found[run_id])
    return {run_id: found.get(run_id, "") for run_id in called}


def _run(number: int) -> str:
    return f", run {number}"
