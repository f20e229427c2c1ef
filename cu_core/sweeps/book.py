"""The trials of a sweep and their runs, made anew from what is on record."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cu_core.spec import RunRecord, SweepRequest, Trial, UnlearnRequest, fronts, trial_of
from cu_core.sweeps.axes import knobs_of, seed_of
from cu_core.sweeps.reading import ended_well, outcome

SEEDS = 3  # of a trial that is confirmed
STOPPED = "Stopped with the sweep. Resume takes it up from its last checkpoint."


@dataclass
class Entry:
    """A trial at work. ``seeds``: runs that it is to have; ``runs``: by seed, 0 to 2; ``ended``:
    what is on record of those that have ended; ``again``: the seeds whose run is to be taken up
    from its checkpoint; ``ending``: those whose run was told to end; ``held``: no run of it is
    begun; ``told``: the study knows how it ended."""

    number: int
    knobs: dict[str, Any]
    seeds: int
    trial: Trial
    runs: dict[int, str] = field(default_factory=dict)
    ended: dict[int, RunRecord] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    ending: set[int] = field(default_factory=set)
    held: bool = False
    told: bool = False

    @property
    def open(self) -> list[int]:
        """The seeds whose run is queued or at work."""
        return [seed for seed in self.runs if seed not in self.ended]

    @property
    def due(self) -> list[int]:
        """The seeds whose run is to be begun; where one has failed for good, no new one."""
        if self.held:
            return []
        if not all(map(ended_well, self.ended.values())):
            return sorted(self.again)
        return [seed for seed in range(self.seeds) if seed not in self.runs]

    @property
    def settled(self) -> bool:
        return not self.open and not self.due


class Book:
    """All entries, by number."""

    def __init__(self, request: SweepRequest) -> None:
        self.request = request
        self.entries: dict[int, Entry] = {}
        self.stale = True  # whether the front may be another one than is marked

    def add(self, number: int, knobs: dict[str, Any]) -> Entry:
        trial = Trial(number=number, knobs=knobs)
        entry = Entry(number, knobs, self.request.seeds, trial)
        self.entries[number] = entry
        return entry

    def take_in(self, records: Sequence[RunRecord], confirming: Collection[int]) -> None:
        """The runs on record of this sweep, whoever began them; what has ended is settled.
        ``confirming``: the trials that are to have three seeds, though none may be begun yet."""
        for record in records:
            place = trial_of(record.request)
            if place is None or not isinstance(record.request, UnlearnRequest):
                continue
            knobs = knobs_of(self.request, record.request)
            entry = self.entries.get(place[1]) or self.add(place[1], knobs)
            seed = seed_of(self.request, record.request)
            entry.runs[seed] = record.run_id
            if seed >= self.request.seeds or place[1] in confirming:
                entry.seeds = SEEDS
            if ended_well(record):
                entry.ended[seed] = record
        for entry in self.entries.values():
            entry.trial = standing(entry, self.request)
            entry.told = entry.trial.state in ("done", "failed")

    @property
    def next_number(self) -> int:
        return max(self.entries, default=-1) + 1

    @property
    def trials(self) -> list[Trial]:
        return [self.entries[number].trial for number in sorted(self.entries)]

    @property
    def confirming(self) -> tuple[int, ...]:
        """The trials that are to have more seeds than the sweep asks for."""
        own = self.request.seeds
        return tuple(n for n in sorted(self.entries) if self.entries[n].seeds > own)

    def open_runs(self) -> Iterator[tuple[Entry, int, str]]:
        """Entry, seed and id of every run that is queued or at work."""
        for entry in self.entries.values():
            for seed in entry.open:
                yield entry, seed, entry.runs[seed]

    def mark_front(self) -> None:
        """Says of each trial whether any other is better in all objectives."""
        if not self.stale:
            return
        self.stale = False
        best = fronts(self.trials, self.request.objectives)
        for entry in self.entries.values():
            if entry.trial.front != (front := entry.number in best):
                entry.trial = entry.trial.model_copy(update={"front": front})


def standing(entry: Entry, request: SweepRequest) -> Trial:
    """The trial as its runs have it. One that is being confirmed stays what it was meanwhile."""
    ids = tuple(entry.runs[seed] for seed in sorted(entry.runs))
    so_far = Trial(number=entry.number, knobs=entry.knobs, run_ids=ids)
    ended = [entry.ended[seed] for seed in sorted(entry.ended)]
    well = {seed: record for seed, record in entry.ended.items() if ended_well(record)}
    broken = next((record for record in ended if not ended_well(record)), None)
    stopped = broken is None or broken.state == "stopped" or bool(entry.again)
    message = STOPPED if stopped else (broken.message if broken else "")
    for seeds in (entry.seeds, request.seeds):
        if all(seed in well for seed in range(seeds)):
            whole = seeds == entry.seeds or not entry.settled
            own = [well[seed] for seed in range(seeds)]
            return _done(so_far, own, request, "" if whole else message)
    if not entry.settled:
        return so_far
    update = {"state": "stopped" if stopped else "failed", "message": message}
    return so_far.model_copy(update=update | {"seconds": _seconds(ended)})


def _done(so_far: Trial, records: list[RunRecord], request: SweepRequest, message: str) -> Trial:
    read = outcome(records, request.objectives)
    return so_far.model_copy(
        update={
            "state": "failed" if read.why else "done",
            "values": read.values,
            "reported": read.reported,
            "message": " ".join(said for said in (read.floor, read.why, message) if said),
            "below_floor": bool(read.floor),
            "confirmed": len(records) == SEEDS,
            "seconds": _seconds(records),
            "weights_sha256": records[0].summary.weights_sha256,
        }
    )


def _seconds(records: list[RunRecord]) -> float:
    return round(sum(sum(record.summary.seconds.values()) for record in records), 3)
