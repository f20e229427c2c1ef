"""What a run is called and what is said of it: plain, exact, short, from the numbers on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cu_core.spec import (
    ACTIVE,
    Catalog,
    FetchRequest,
    MetricCard,
    ModelValues,
    RunProgress,
    RunRecord,
    TrainRequest,
    UnlearnRequest,
    WatchRequest,
    data_words,
    model_words,
)
from cu_core.spec.phases import TRAINING, UNLEARNING, counted_words, phase_words, wait_words
from cu_core.store import forgotten, unnamed
from ui import blocks, controls

ENDS = {"lost": "Interrupted", "stopped": "Stopped"}


def sentence(
    record: RunRecord,
    progress: RunProgress,
    newest: ModelValues,
    catalog: Catalog,
    pictured: int,
) -> str:
    """What is going on; the figures where a person has stopped it and looks. No verdict.

    ``pictured``: the step of the newest picture, of which the ``newest`` values are.
    """
    if record.state in ACTIVE and record.message:
        return f"Waits for room on the disk at step {record.step:,}"
    if record.state in (*ENDS, "paused"):
        return _halted(record, progress, newest, catalog, pictured)
    return doing(record, progress, counted=False) or "Starting"


def doing(record: RunRecord, progress: RunProgress, counted: bool = True) -> str:
    """The phase in words, with its count; "" before there is one. The number ticks in the network's
    bar; the headline stands still."""
    if not progress.phase:
        return ""
    data = data_words(record.request.data) if record.request else ""
    done, total = progress.phase_done, progress.phase_total
    if progress.phase == UNLEARNING.key and record.state == "paused":
        done = record.step  # the counter is written a few times a second, the step before a pause
    if not counted:
        return phase_words(progress.phase, data, forget_set(progress), total)
    return counted_words(progress.phase, done, total, data, forget_set(progress))


def _halted(
    record: RunRecord,
    progress: RunProgress,
    newest: ModelValues,
    catalog: Catalog,
    pictured: int,
) -> str:
    how = ENDS.get(record.state, "Paused")
    if not newest:
        return how
    of = f" of {record.total:,}" if record.total else ""
    if record.state == "paused" and progress.paused_for:
        return f"{how} at step {record.step:,}{of}: {progress.paused_for}"
    at = f"{how} at step {record.step:,}{of}, forgetting {forget_set(progress)}"
    when = f", in the picture of step {pictured:,}" if pictured != record.step else ""
    return f"{at}{when}: {_figures(progress, newest, catalog)}"


def until_the_picture(progress: RunProgress) -> str:
    """What a page says in the place of a map that is yet to come."""
    wait = progress.waits.get(TRAINING.part)
    left = f", in {wait_words(wait)}" if wait and wait.left else ""
    return f"It starts to move as soon as the original model has placed the images{left}."


def _figures(progress: RunProgress, newest: ModelValues, catalog: Catalog) -> str:
    cards = {card.key: card for card in catalog.metrics}

    def text(key: str) -> str:
        return blocks.metric_text(
            newest.get(key), cards.get(key, MetricCard(key=key, title=key)), 0
        )

    accuracy = text("forget_acc_test") or text("forget_acc_train") or "not computed"
    probe = text("knn_probe_forget")
    whose, it = ("its", "it") if len(progress.forget.classes) == 1 else ("their", "them")
    features = f", by {whose} neighbours {probe} of {it} can be told apart" if probe else ""
    return f"accuracy {accuracy}{features}"


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


def forget_set(progress: RunProgress) -> str:
    """The forgotten classes by name, or how many images."""
    chosen, names = progress.forget, progress.class_names
    named = [names[c] for c in chosen.classes if c < len(names)]
    if not named:
        return f"{chosen.n_forget:,} images" if chosen.n_forget else "the forget set"
    more = f" and {len(named) - 3} more classes" if len(named) > 3 else ""
    return ", ".join(named[:3]) + more


def settings(record: RunRecord, progress: RunProgress | None = None) -> str:
    """What was asked for, in one line."""
    request, known = record.request, progress or RunProgress()
    if request is None:
        return ""
    data = data_words(request.data)
    if isinstance(request, FetchRequest):
        return f"download of {data}"
    if isinstance(request, TrainRequest):
        without = f" without {forgotten(request.forget, known)}" if request.forget else ""
        return f"{model_words(request.model)} on {data}{without}, seed {request.model_seed}"
    if isinstance(request, WatchRequest):
        return f"A loop of your own: {model_words(request.model)} on {data}"
    method = request.method + (f" ({request.preset})" if request.preset else "")
    model = model_words(request.model)
    what = f"Forget {forgotten(request.forget, known)} of {data} in {model}"
    if request.parent:
        return f"{what}: {turn(record)}, seed {request.seed}"
    knobs = [f"{controls.words(k)} {controls.value_text(v)}" for k, v in request.hparams.items()]
    return ", ".join([f"{what} with {method}", *knobs, f"seed {request.seed}"])


def intent(request: UnlearnRequest | None) -> str:
    """What Run would do as the sidebar stands, in a sentence; "" while that is not decided."""
    if request is None:
        return ""
    forgets = f"{forgotten(request.forget, RunProgress())} of {data_words(request.data)}"
    return f"As it stands, {model_words(request.model)} forgets {forgets}."


def turn(record: RunRecord) -> str:
    """Where a branch turns, and to what: "from step 24 with temperature 0.5, not 0.1"; "" of a run
    that is none."""
    request = record.request
    if not isinstance(request, UnlearnRequest) or not request.parent:
        return ""
    if not request.first:
        return f"anew with {request.method}"
    before = request.first[-1]
    at = f"from step {before.until:,}"
    if before.method != request.method:
        return f"{at} with {request.method}, not {before.method}"
    knobs = "; ".join(turned(request.hparams, before.knobs))
    return f"{at} with {knobs or 'nothing changed'}"


def turned(knobs: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """ "temperature 0.5, not 0.1" for each knob that is not what it was."""
    return [
        f"{controls.words(name)} {controls.value_text(value)}, not "
        f"{controls.value_text(before[name])}"
        for name, value in knobs.items()
        if name in before and value != before[name]
    ]


def tab(record: RunRecord, progress: RunProgress) -> str:
    """The title of a browser's tab: its first words are all that is read of it."""
    given = given_name(record)
    if given or record.request is None:
        return given or record.name
    if record.is_watched:
        return settings(record)
    what = forgotten(getattr(record.request, "forget", None) or "", progress)
    return f"{capital(what)} of {data_words(record.request.data)}"


def capital(text: str) -> str:
    """The text as the beginning of a line."""
    return text[:1].upper() + text[1:]


def given_name(record: RunRecord) -> str:
    """The name a person gave the run; nothing where it only repeats the settings."""
    return "" if unnamed(record) else record.name


def retrained(curves: Sequence[Mapping[str, Any]]) -> str:
    """The retrained model's own figures, from a recorded run's curves."""
    figures = []
    for line in curves:
        card = MetricCard(key=line["key"], title=line["title"], unit=line["unit"])
        figure = blocks.metric_text(line.get("retrained"), card, 0)
        if "forget" in card.key and figure:
            figures.append(f"{card.title[0].lower()}{card.title[1:]} {figure}")
    return f"Retrained model: {', '.join(figures)}" if figures else "No retrained reference"


def provenance(header: Mapping[str, Any]) -> str:
    """When and where a recorded run was made."""
    facts = header.get("recorded") or ""
    said = ", ".join(map(str, facts.values())) if isinstance(facts, Mapping) else str(facts)
    return f"Recorded {said}" if said else ""
