"""What is said of a sweep: its price before, where it stands, what came out; from the numbers."""

from __future__ import annotations

from math import ceil

from cu_core.spec import OBJECTIVES, Estimate, SweepProgress, SweepRecord, SweepRequest, Trial
from cu_core.spec.phases import duration

HONEST = "Trials are chosen by the tuning half of the test set; the other half took no part in it."
STATES = {
    "queued": "Waiting",
    "running": "Running",
    "paused": "Paused",
    "done": "Done",
    "stopped": "Stopped",
    "failed": "Ended with an error",
    "lost": "Interrupted",
    "damaged": "Damaged",
}


def price(request: SweepRequest, estimate: Estimate, slots: int) -> str:
    """ "About 12 min: 30 trials of about 20 s, 2 at once." By a trial in the middle of the ranges;
    the models come first, where they are not there yet."""
    trial = estimate.steps * estimate.seconds_per_step * request.seeds
    parts = [estimate.waits[part].left for part in ("learn", "compare") if part in estimate.waits]
    ahead = sum(left or 0.0 for left in parts)
    rounds = ceil(request.trials / slots)
    whole = duration(ahead + rounds * trial)
    at_once = f", {slots} at once" if slots > 1 else ""
    said = f"{whole}: {request.trials:,} trial{'s' * (request.trials != 1)} of {duration(trial)}"
    first = f", first the models in {duration(ahead)}" if ahead >= 1 else ""
    limit = _within(request, ahead, trial, slots)
    unknown = None in parts or estimate.guess
    guess = " A guess: not all of it was measured here yet." if unknown else ""
    return f"{said[:1].upper()}{said[1:]}{at_once}{first}.{limit}{guess}"


def _within(request: SweepRequest, ahead: float, trial: float, slots: int) -> str:
    if request.minutes is None or trial <= 0:
        return ""
    fit = int(max(request.minutes * 60 - ahead, 0) / trial) * slots
    if fit >= request.trials:
        return ""
    return f" About {fit:,} of them begin within {request.minutes:g} min."


def done(trials: tuple[Trial, ...]) -> int:
    return sum(trial.state == "done" for trial in trials)


def sentence(record: SweepRecord) -> str:
    """ "61 of 200 done, 2 failed; 5 on the front; best forget gap 0.8 points, retrained seeds
    differ by 0.5"."""
    progress, request = record.progress, record.request
    if request is None:
        return "This sweep cannot be read"
    if not progress.trials:
        begun = {"queued": "Waiting to begin", "running": "The first trials begin"}
        return begun.get(record.state, f"{STATES[record.state]} before its first trial")
    failed = sum(trial.state == "failed" for trial in progress.trials)
    front = sum(trial.front for trial in progress.trials)
    first = f"{done(progress.trials):,} of {max(progress.wanted, len(progress.trials)):,} done"
    parts = [first + (f", {failed:,} failed" if failed else "")]
    if len(request.objectives) > 1 and front:
        parts.append(f"{front:,} on the front")
    return "; ".join([*parts, *best(request, progress)])


def best(request: SweepRequest, progress: SweepProgress) -> list[str]:
    """The best value of the first objective, and whether retraining again differs by more."""
    key = request.objectives[0]
    objective, band = OBJECTIVES[key], progress.band.get(key)
    known = [
        value
        for trial in progress.trials
        if trial.state == "done" and not trial.below_floor
        for value in [trial.values.get(key)]
        if value is not None
    ]
    if not known:
        return []
    value = min(known) if objective.better == "low" else max(known)
    said = f"best {_small(objective.title)} {figure(key, value)}"
    if not objective.zero or band is None:
        return [said]
    if value <= band:
        return [f"{said}: no different from retraining again, whose seeds differ by {band:.2g}"]
    return [f"{said}, retrained seeds differ by {band:.2g}"]


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]


def figure(key: str, value: float | None) -> str:
    """A value with its unit; why there is none stands elsewhere."""
    if value is None:
        return "not computed"
    unit = OBJECTIVES[key].unit
    return f"{value:.3g}{' ' * bool(unit)}{unit}"


def state(record: SweepRecord) -> str:
    return STATES[record.state]


def faults(trials: tuple[Trial, ...]) -> list[tuple[str, str]]:
    """(which trials, sentence) of those that failed or fell below the floor."""
    same: dict[str, list[int]] = {}
    for trial in trials:
        if trial.state == "failed" or trial.below_floor:
            text = trial.message or "It fell below the floor of test accuracy."
            same.setdefault(text, []).append(trial.number)
    return [(_numbers(numbers), text) for text, numbers in same.items()]


def _numbers(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:8])) + (", …" if len(numbers) > 8 else "")
    return f"Trial{'s' * (len(numbers) > 1)} {shown}"
