"""Taking a run: the lock first, then the compare-and-swap. No timers, no process ids."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from types import TracebackType

from filelock import FileLock
from sqlalchemy import select

from cu_core.errors import RunBusy, StoreError, UnknownRun
from cu_core.spec import ACTIVE, LIVE, TRIAL, Request, RunRecord, RunState, trial_of
from cu_core.store.appdb import RUN
from cu_core.store.begun import UnreadableBegun, begun
from cu_core.store.config import LaterConfig, UnreadableConfig, read_config
from cu_core.store.paths import held, hold
from cu_core.store.runs import WATCHED, Runs

BUSY = tuple(state for state in ACTIVE if state != "paused")  # a run that rests takes no processor
QUEUED: tuple[RunState, ...] = ("queued",)
ELSEWHERE = (WATCHED, TRIAL)  # kinds of runs that no worker behind a page takes, or waits for
RESUMABLE: tuple[RunState, ...] = ("lost", "stopped", "failed")


@dataclass(frozen=True)
class ClaimedRun:
    """A run that this process holds, and nobody else can, until ``release`` or its death."""

    run_id: str
    request: Request
    lock: FileLock
    within: str = ""  # the folders that paths of its request are confined to, "" for anywhere

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> "ClaimedRun":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class Queue(Runs):
    """The part of the store that hands runs to workers."""

    def claim(self, slots: int = 1) -> ClaimedRun | None:
        """The oldest queued run, if fewer than ``slots`` runs are at work; it is then starting.

        A queued run whose request cannot be read fails with that sentence and is passed over. A
        sweep's trials are not for these workers, and take no slot from them.
        """
        if not self._in_states("queued", but=ELSEWHERE):
            return None
        guard = hold(self.paths.locks / "claim.lock", 5.0)
        if guard is None:
            return None
        with guard:  # or two workers could both count a slot as free
            active = self._in_states(*BUSY, but=ELSEWHERE)
            if sum(held(self.paths.alive(run_id)) for run_id in active) >= slots:
                return None
            for run_id in self._in_states("queued", but=ELSEWHERE):
                with suppress(RunBusy, UnknownRun):  # it is being deleted, or its worker leaves
                    if claimed := self._take(run_id, {"queued"}):
                        return claimed
        return None

    def claim_trial(self, sweep_id: str) -> ClaimedRun | None:
        """The oldest queued run of a sweep, which is then starting."""
        for run_id in self.queued_trials(sweep_id):
            with suppress(RunBusy, UnknownRun):  # another worker of the sweep was first
                if claimed := self._take(run_id, {"queued"}):
                    return claimed
        return None

    def ahead(self, run_id: str) -> int:
        """How many runs come before one that waits in the queue: in its order, by no clock."""
        before = takewhile(lambda record: record.run_id != run_id, reversed(self.runs()))
        ours = (r for r in before if not r.is_watched and trial_of(r.request) is None)
        return sum(record.state in LIVE for record in ours)

    def queued_trials(self, sweep_id: str) -> list[str]:
        """Runs of a sweep that wait for a worker, oldest first."""
        return [
            run_id for run_id in self._in_states("queued") if self._sweep_of(run_id) == sweep_id
        ]

    def _sweep_of(self, run_id: str) -> str:
        """ "" of a run that no sweep made, and of one that cannot be read."""
        with suppress(StoreError):
            place = trial_of(read_config(self.paths.run(run_id)).request)
            return place[0] if place else ""
        return ""

    def claim_new(self, request: Request, name: str | None = None) -> ClaimedRun:
        """A new run that this process holds from the first, whoever else looks for runs.

        In one commit, as ``enqueue`` does it; the run was never queued.
        """
        run_id, request, lock = self._new(request, name, "starting")
        assert lock is not None
        return ClaimedRun(run_id, request, lock)

    def claim_run(self, run_id: str, from_states: Collection[RunState] = QUEUED) -> ClaimedRun:
        """This very run, from one of these states ("lost" among them: resume).

        RunBusy when another process holds it (nothing is written then); StoreError when it is in
        another state.
        """
        self._sound(run_id)
        claimed = self._take(run_id, {*from_states, *(ACTIVE if "lost" in from_states else ())})
        if claimed is None:
            record = self.run(run_id)
            raise StoreError(
                f"Run {run_id} is {record.state}, and only a run that is "
                f"{' or '.join(sorted(from_states))} can be taken. {record.message}".strip()
            )
        return claimed

    def requeue(self, run_id: str) -> bool:
        """A lost, stopped or failed run waits for a worker again. False if it was none of these."""
        state = self._sound(run_id).state
        lock = hold(self.paths.alive(run_id))
        if lock is None:
            raise RunBusy(f"Run {run_id} is {state} and held by a worker; stop it first.")
        with lock:
            return self._swap(run_id, {*ACTIVE, "stopped", "failed"}, "queued")

    def _in_states(self, *states: str, but: Collection[str] = ()) -> Sequence[str]:
        here = (RUN.c.state.in_(states), RUN.c.kind.not_in(but))
        query = select(RUN.c.run_id).where(*here).order_by(RUN.c.seq)
        with self.db.read() as connection:
            return connection.execute(query).scalars().all()

    def _sound(self, run_id: str) -> RunRecord:
        record = self.run(run_id)
        if record.state == "damaged":
            raise StoreError(f"Run {run_id} cannot be run. {record.message}")
        if record.later:
            raise StoreError(
                f"Run {run_id} was made by a later Lethe ({record.later}); update Lethe to go on "
                "with it."
            )
        if record.is_watched:
            raise StoreError(
                f"Run {run_id} was watched in a script of your own, and only that script can run "
                "it: start it again."
            )
        return record

    def _take(self, run_id: str, froms: set[str]) -> ClaimedRun | None:
        lock = hold(self.paths.alive(run_id))
        if lock is None:
            raise RunBusy(f"Run {run_id} is already held by another worker.")
        try:
            folder = self.paths.run(run_id)
            request, within = read_config(folder).request, begun(folder).within
            if self._swap(run_id, froms, "starting"):
                return ClaimedRun(run_id, request, lock, within)
        except LaterConfig:
            pass  # it waits for a worker of that version
        except (UnreadableConfig, UnreadableBegun) as error:
            self._swap(run_id, froms, "failed", str(error))
        except BaseException:
            lock.release()
            raise
        lock.release()
        return None
