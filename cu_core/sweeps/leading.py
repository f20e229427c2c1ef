"""One look at a sweep: what was asked is done, what has ended is told, what is free is filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from cu_core.errors import Diverged, RunBusy, StoreError, UnknownRun
from cu_core.spec import (
    LIVE,
    OBJECTIVES,
    MethodCard,
    RunRecord,
    SweepProgress,
    SweepRecord,
    SweepRequest,
    band_of,
)
from cu_core.stage.trials import picture
from cu_core.store import NOT_STARTED, Store
from cu_core.sweeps.axes import most_trials, trial_request, whole_knobs
from cu_core.sweeps.book import SEEDS, Book, Entry, standing
from cu_core.sweeps.executors import Place
from cu_core.sweeps.notes import notes
from cu_core.sweeps.reading import ended_well
from cu_core.sweeps.room import Room, Watch
from cu_core.sweeps.study import Study

ProgressState = Literal["running", "paused", "done", "stopped", "failed"]
HOPELESS = 5  # trials that fail before any is done: then the base request is at fault
SAY_S = 5.0  # between two words on how long it has been at work, where nothing else is new


class Leader:
    """Leads a sweep, look by look, while its process owns it."""

    def __init__(
        self,
        store: Store,
        record: SweepRecord,
        request: SweepRequest,
        folder: Path,
        place: Place,
        methods: Mapping[str, MethodCard],
    ) -> None:
        self.store, self.sweep_id, self.request, self.place = store, record.sweep_id, request, place
        self.name, before = record.name, record.progress
        self.most = most_trials(request, methods)
        self.wanted = min(before.wanted or request.trials, self.most)
        self.halted = before.state in ("stopped", "failed")
        self.hopeless, self.failures = before.message if before.state == "failed" else "", 0
        self.watch = Watch(before.spent)
        self.said, self.band, self.no_room = before, dict(before.band), ""
        self.notes = notes(request, self.most)
        self.room, self.pictures = Room(store), set(store.pictures(self.sweep_id))
        self.book = Book(request)
        self.book.take_in(store.trial_runs(self.sweep_id), before.confirming)
        self.study = Study(folder, request, whole_knobs(request, methods), self.book.trials)
        for entry in self.book.entries.values():
            if entry.told:
                self._keep(entry)
        self._take_over()

    def close(self) -> None:
        self.study.close()

    def look(self) -> None:
        """Whatever is to be done now, and its publication."""
        self._reconcile()
        self._obey()
        self._fill()
        self._publish()

    @property
    def at_end(self) -> bool:
        """Whether no run is at work, and none is to come."""
        entries = self.book.entries.values()
        return all(entry.settled for entry in entries) and (
            self.halted or len(entries) >= self.wanted
        )

    def _take_over(self) -> None:
        """What an owner before this one had queued is begun, or, of a sweep that was stopped,
        ended. Two who take one run are told apart by its lock."""
        for entry, seed, run_id in [*self.book.open_runs()]:
            entry.held = self.halted
            state = self._record(run_id).state
            if self.halted and state in LIVE:
                self._end(entry, seed)
            elif state == "queued":
                self.place.begin(run_id)

    def _obey(self) -> None:
        """Does what was asked, says so, and only then calls it done: a command that finds its
        owner dying is obeyed by the next one."""
        acts: dict[str, Callable[[Any], str]] = {
            "stop": self._stop, "more": self._more, "resume": self._resume,
            "confirm": self._confirm,
        }  # fmt: skip
        for command in self.store.pending(self.sweep_id):
            note = acts[command.verb](command.value)
            self._publish()
            self.store.acknowledge(command.id, note)

    def _stop(self, value: Any) -> str:
        if self.halted and all(e.held or e.settled for e in self.book.entries.values()):
            return "The sweep is stopped already."
        self._halt()
        return ""

    def _halt(self) -> None:
        """No further run is begun, and those at work end at their next step."""
        self.halted = True
        for entry in self.book.entries.values():
            if not entry.settled:
                entry.held = True
                self._stand(entry)
        for entry, seed, _ in [*self.book.open_runs()]:
            self._end(entry, seed)

    def _end(self, entry: Entry, seed: int) -> None:
        """A run is told to end, once."""
        if seed not in entry.ending:
            entry.ending.add(seed)
            self.place.stop(entry.runs[seed])

    def _more(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            return f"More trials are a whole number of at least 1, got {value!r}."
        begun = len(self.book.entries) if self.halted else self.wanted
        if begun >= self.most:
            return f"There are {self.most:,} trials at most, and all are asked for."
        self.wanted = min(begun + value, self.most)
        return self._resume()

    def _resume(self, value: Any = None) -> str:
        self.halted, self.hopeless, self.failures = False, "", 0
        for entry in self.book.entries.values():
            entry.held = False
            for seed, record in entry.ended.items():
                stopped = record.state == "stopped" and not ended_well(record)
                if stopped or self._worth_another(record):
                    entry.again.add(seed)
            if not entry.settled:
                self._stand(entry)
        return ""

    def _confirm(self, value: Any) -> str:
        if self.request.seeds == SEEDS:
            return f"Each trial has {SEEDS} seeds already."
        self.book.mark_front()
        front = [entry for entry in self.book.entries.values() if entry.trial.front]
        for entry in front:
            entry.seeds, entry.held = SEEDS, False
        return "" if front else "No trial is done yet, so there is no front to confirm."

    def _record(self, run_id: str) -> RunRecord:
        try:
            return self.store.run(run_id)
        except UnknownRun as gone:
            return RunRecord(run_id, run_id, "damaged", 0.0, None, message=str(gone))

    def _reconcile(self) -> None:
        """What has ended since the last look; what was lost or has crashed is tried once more."""
        for entry, seed, run_id in [*self.book.open_runs()]:
            record = self._record(run_id)
            if record.state in LIVE:
                continue
            entry.ended[seed] = record
            unheld = record.state == "stopped" and seed in entry.ending and not entry.held
            if unheld or self._worth_another(record):  # resumed while it was ending
                entry.again.add(seed)
            entry.ending.discard(seed)
            self._stand(entry)

    def _worth_another(self, record: RunRecord) -> bool:
        """Not where the same numbers would lead to the same end, nor a third time."""
        died = record.state == "stopped" and record.message == NOT_STARTED  # its owner, queueing it
        fell = record.state in ("lost", "failed") and Diverged.MARK not in record.message
        return died or (fell and record.run_id not in self.study.again)

    def _stand(self, entry: Entry) -> None:
        """Something has become of one of its runs."""
        entry.trial = standing(entry, self.request)
        if entry.trial.state not in ("done", "failed"):
            return
        self.book.stale = True
        if not entry.told:
            entry.told = True
            self.study.tell(entry.trial)
            self._keep(entry)
            self._judge(entry)

    def _keep(self, entry: Entry) -> None:
        """What is read of a run that has ended: its picture, its size, how far seeds differ."""
        run_id, record = entry.trial.run_id, entry.ended.get(0)
        if record is None or not ended_well(record):
            return
        self.room.count(run_id)
        for key in self.request.objectives:
            width = band_of(OBJECTIVES[key], record.summary.band)
            self.band |= {} if width is None else {key: width}
        if entry.number not in self.pictures:
            drawn = picture(self.store.reader(run_id))
            if drawn is not None:
                self.store.save_picture(self.sweep_id, entry.number, drawn)
                self.pictures.add(entry.number)

    def _judge(self, entry: Entry) -> None:
        """Ends a sweep none of whose trials works: the base request is at fault then."""
        done = any(trial.state == "done" for trial in self.book.trials)
        self.failures += entry.trial.state == "failed"
        if not done and self.failures >= HOPELESS and not self.halted:
            self.hopeless = (
                f"The first {self.failures} trials all failed, the last one so: "
                f"{entry.trial.message}"
            )
            self._halt()

    def _fill(self) -> None:
        """Begins runs while there are slots, room and a budget for them."""
        if self.watch.look(self.request.minutes, resting=bool(self.no_room)):
            self.wanted = min(self.wanted, max(len(self.book.entries), 1))  # more can be asked for
        self.no_room = ""
        for _ in range(self.place.slots - len([*self.book.open_runs()])):
            left = self._left()
            self.no_room = self.room.lacking(left) if left else ""
            entry = None if self.no_room else self._next()
            if entry is None:
                return
            self._begin(entry, entry.due[0])

    def _left(self) -> int:
        """Runs that are yet to be begun."""
        entries = self.book.entries.values()
        new = 0 if self.halted else max(self.wanted - len(entries), 0)
        return new * self.request.seeds + sum(len(entry.due) for entry in entries)

    def _next(self) -> Entry | None:
        """A trial with a run to begin; a new one where there is none."""
        entry = next((entry for entry in self.book.entries.values() if entry.due), None)
        if entry is None and not self.halted and len(self.book.entries) < self.wanted:
            number = self.book.next_number
            entry = self.book.add(number, self.study.ask(number))
        return entry

    def _begin(self, entry: Entry, seed: int) -> None:
        """A new run, or one that is taken up from its last checkpoint."""
        if seed in entry.again:
            if not self._queued_again(entry, seed):
                return
        else:
            asked = trial_request(self.request, self.sweep_id, entry.number, entry.knobs, seed)
            entry.runs[seed] = self.store.enqueue(asked, f"{self.name}, trial {entry.number}")
        self.place.begin(entry.runs[seed])
        self._stand(entry)

    def _queued_again(self, entry: Entry, seed: int) -> bool:
        run_id = entry.runs[seed]
        try:
            self.store.requeue(run_id)
        except RunBusy:
            return False  # its process is on its way out: at the next look
        except StoreError:
            entry.again.discard(seed)  # damaged or gone, for good
            return False
        if entry.ended.pop(seed).state != "stopped":
            self.study.begun_again(run_id)
        entry.again.discard(seed)
        return True

    def _publish(self) -> None:
        """The whole word on the sweep, where anything of it is new."""
        self.book.mark_front()
        state, message = self._state()
        said = SweepProgress(
            state=state,
            message=message,
            wanted=self.wanted,
            trials=tuple(self.book.trials),
            confirming=self.book.confirming,
            band=self.band,
            notes=self.notes,
            slots=self.place.slots,
            spent=self.said.spent,
        )
        if said != self.said or self.watch.spent - said.spent > SAY_S:
            self.said = said.model_copy(update={"spent": round(self.watch.spent, 1)})
            self.store.publish(self.sweep_id, self.said)

    def _state(self) -> tuple[ProgressState, str]:
        if self.hopeless:
            return "failed", self.hopeless
        if self.halted:
            ending = sum(len(entry.ending) for entry in self.book.entries.values())
            return "stopped", f"Runs that are still ending: {ending}." if ending else ""
        if self.no_room:
            return "paused", self.no_room
        return ("done" if self.at_end else "running"), ""
