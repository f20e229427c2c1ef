"""This machine: a few processes that make one run after the other, each in a slot of its own.

The first run is made alone: it trains the models that all others share, and says what a run of this
sweep takes, by which the other slots are opened.
"""

import os
from subprocess import Popen

import psutil

from cu_core.errors import StoreError
from cu_core.service import spawn
from cu_core.spec import SweepRequest
from cu_core.store import Slot, Store
from cu_core.sweeps.executors._executor import Executor, Place

ROOM = 0.8  # of the memory that is free
MOST_STARTS = 3  # one after the other, of a process that ends before it has taken its slot


def shares(said: Slot | None, wanted: int | None, cores: int, free: int) -> list[int | None]:
    """Of each slot the only GPU that it sees, None where it sees all and takes the first: as many
    slots as do not slow each other down, by what the first run ``said`` of itself.

    On a processor a slot has the threads that the run's plan computes with: for small inputs one,
    so that as many run at once as there are ``cores``; for larger ones as many as were measured to
    be fastest. ``free``: bytes of memory. ``wanted``: so many, whatever is best.
    """
    if said is None or said.plan is None:
        return [None]
    if said.device.startswith("cuda"):
        there = max(said.devices, 1)
        return [slot % there or None for slot in range(wanted or there)]
    by_cores = cores // (said.plan.threads or cores) if said.device == "cpu" else 1
    by_memory = 1 + int(ROOM * free // max(said.peak, 1))
    return [None] * (wanted or max(1, min(by_cores, by_memory)))


def cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Local:
    """Workers of one sweep, see ``service.trials``."""

    def __init__(self, store: Store, sweep_id: str, wanted: int | None) -> None:
        self.store, self.sweep_id, self.wanted = store, sweep_id, wanted
        self._processes: dict[str, Popen[bytes]] = {}
        self._failures = 0
        self._shares: list[int | None] = [None]
        self._known = False

    @property
    def slots(self) -> int:
        """Those that no other sweep has."""
        users = (self.store.slot(str(number)) for number in range(len(self._shares)))
        return sum(user is None or user.sweep in ("", self.sweep_id) for user in users)

    def begin(self, run_id: str) -> None:
        self.look()

    def look(self) -> None:
        """A slot has a process while runs wait. StoreError where none of them comes to its work."""
        waiting = len(self.store.queued_trials(self.sweep_id))
        for number, device in enumerate(self._shares):
            slot = str(number)
            user = self.store.slot(slot)
            if user is not None:
                self._learn(user)
            elif self._gone(slot) and waiting:
                started = spawn.trials(self.store, self.sweep_id, slot, device)
                self._processes[slot] = started
                waiting -= 1

    def stop(self, run_id: str) -> None:
        if not self.store.move(run_id, "queued", "stopped", "Stopped before it began."):
            self.store.command(run_id, "stop")

    def close(self) -> None:
        """The processes leave by themselves: nobody leads their sweep then."""

    def _learn(self, user: Slot) -> None:
        if user.sweep != self.sweep_id:
            return
        self._failures = 0
        if user.plan is not None and not self._known:
            free = psutil.virtual_memory().available
            self._shares = shares(user, self.wanted, cores(), free)
            self._known = True

    def _gone(self, slot: str) -> bool:
        """Whether the slot's process, if it had one, is no more."""
        process = self._processes.get(slot)
        code = None if process is None else process.poll()
        if process is None or code is None:
            return process is None
        del self._processes[slot]
        self._failures += code != 0
        if self._failures >= MOST_STARTS:
            raise StoreError(
                f"The processes of this sweep end before they make a run (exit code {code}): "
                f"{self.store.home / 'worker.log'} says why. Mend that, then resume the sweep."
            )
        return True


def _open(store: Store, sweep_id: str, request: SweepRequest) -> Place:
    return Local(store, sweep_id, request.slots)


EXECUTOR = Executor(
    key="local",
    title="This machine",
    help="As many runs at once as do not slow each other down; one a GPU, where there are some.",
    open=_open,
)
