"""Taking a run: the lock first, then the compare-and-swap. No timers, no process ids."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from filelock import FileLock
from sqlalchemy import select

from cu_core.errors import RunBusy, StoreError, UnknownRun
from cu_core.spec import ACTIVE, Request, RunRecord, RunState
from cu_core.store.appdb import RUN
from cu_core.store.config import UnreadableConfig, read_config
from cu_core.store.paths import held, hold
from cu_core.store.runs import WATCHED, Runs

QUEUED: tuple[RunState, ...] = ("queued",)
RESUMABLE: tuple[RunState, ...] = ("lost", "stopped", "failed")


@dataclass(frozen=True)
class ClaimedRun:
    """A run that this process holds, and nobody else can, until ``release`` or its death."""

    run_id: str
    request: Request
    lock: FileLock

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
        """The oldest queued run, if fewer than ``slots`` runs are alive; it is then starting.

        A queued run whose request cannot be read fails with that sentence and is passed over.
        """
        if not self._in_states("queued"):
            return None
        guard = hold(self.paths.locks / "claim.lock", 5.0)
        if guard is None:
            return None
        with guard:  # or two workers could both count a slot as free
            active = self._in_states(*ACTIVE, but=WATCHED)
            if sum(held(self.paths.alive(run_id)) for run_id in active) >= slots:
                return None
            for run_id in self._in_states("queued"):
                with suppress(RunBusy, UnknownRun):  # it is being deleted, or its worker leaves
                    if claimed := self._take(run_id, {"queued"}):
                        return claimed
        return None

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

    def _in_states(self, *states: str, but: str = "") -> Sequence[str]:
        here = (RUN.c.state.in_(states), RUN.c.kind != but)
        query = select(RUN.c.run_id).where(*here).order_by(RUN.c.seq)
        with self.db.read() as connection:
            return connection.execute(query).scalars().all()

    def _sound(self, run_id: str) -> RunRecord:
        record = self.run(run_id)
        if record.state == "damaged":
            raise StoreError(f"Run {run_id} cannot be run. {record.message}")
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
            request = read_config(self.paths.run(run_id)).request
            if self._swap(run_id, froms, "starting"):
                return ClaimedRun(run_id, request, lock)
        except UnreadableConfig as error:
            self._swap(run_id, froms, "failed", str(error))
        except BaseException:
            lock.release()
            raise
        lock.release()
        return None
