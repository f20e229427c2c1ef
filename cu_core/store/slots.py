"""Who of the workers of sweeps is at work where: a lock file a slot, held for life.

A slot is a share of this machine, of its cores or one GPU. Two sweeps of one home never take the
same, and a worker that outlives the owner of its sweep is still seen.
"""

import os
from contextlib import suppress

from filelock import FileLock
from pydantic import ValidationError

from cu_core.files import write_atomic
from cu_core.spec import ComputePlan, Recorded
from cu_core.store.paths import Paths, held, hold


class Slot(Recorded):
    """A worker in its slot. Once it has made a run: the ``plan`` and the ``device`` that this was
    computed by, ``devices``: GPUs that there are, ``peak``: bytes of memory, at most."""

    sweep: str = ""
    pid: int = 0
    plan: ComputePlan | None = None
    device: str = ""
    devices: int = 0
    peak: int = 0


class Slots:
    """The part of the store that knows the workers of sweeps."""

    paths: Paths

    def take_slot(self, name: str, sweep_id: str) -> FileLock | None:
        """The slot, for this process until its end; None while another has it."""
        lock = hold(self.paths.locks / f"slot-{name}.lock")
        if lock is not None:
            self.say_of_slot(name, Slot(sweep=sweep_id, pid=os.getpid()))
        return lock

    def say_of_slot(self, name: str, said: Slot) -> None:
        """The word of the process that has it."""
        path = self.paths.locks / f"slot-{name}.json"
        write_atomic(path, said.model_dump_json().encode())

    def slot(self, name: str) -> Slot | None:
        """Who has it; None while nobody does."""
        if not held(self.paths.locks / f"slot-{name}.lock"):
            return None
        with suppress(FileNotFoundError, ValidationError):
            return Slot.model_validate_json((self.paths.locks / f"slot-{name}.json").read_bytes())
        return Slot()  # it has come this moment
