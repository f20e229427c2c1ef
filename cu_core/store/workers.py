"""Which worker processes live, and which of them are idle. A lock file each, held for life."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from cu_core.files import write_atomic
from cu_core.store.paths import Paths, held, hold, hold_new

Role = Literal["idle", "busy"]


@dataclass(frozen=True)
class WorkerRecord:
    """A live worker. ``run_id``: what it works on; empty when idle."""

    pid: int
    role: Role
    run_id: str = ""


@dataclass(frozen=True)
class Worker:
    """This process as others see it."""

    pid: int
    lock_path: Path
    lock: FileLock

    def release(self) -> None:
        """Leaves the list; a process that dies leaves it too."""
        self.lock_path.with_suffix(".json").unlink(missing_ok=True)
        self.lock_path.unlink(missing_ok=True)
        self.lock.release()


class Workers:
    """The part of the store that counts workers."""

    paths: Paths
    worker: Worker | None = None  # kept here: a lock that nobody refers to is given up

    def register_worker(self, pid: int, role: Role = "idle") -> Worker:
        """Enters this process in the list. Questions it takes are from now on known as its own."""
        path = self.paths.workers / f"{pid}-{secrets.token_hex(4)}.lock"
        lock = hold_new(path)
        worker = Worker(pid, path, lock)
        self.worker = worker
        self.set_role(worker, role)
        return worker

    def set_role(self, worker: Worker, role: Role, run_id: str = "") -> None:
        record = {"pid": worker.pid, "role": role, "run_id": run_id}
        write_atomic(worker.lock_path.with_suffix(".json"), json.dumps(record).encode())

    def workers(self) -> list[WorkerRecord]:
        """The live ones. What dead ones left behind is removed."""
        found = []
        # The record is written once the lock is held, so a record without a lock is a dead worker.
        for path in sorted(self.paths.workers.glob("[0-9]*.json")):
            if not held(path.with_suffix(".lock")):
                path.unlink(missing_ok=True)
                path.with_suffix(".lock").unlink(missing_ok=True)
                continue
            try:
                found.append(WorkerRecord(**json.loads(path.read_bytes())))
            except (OSError, ValueError, TypeError):
                continue  # it left just now
        return found

    def idle_workers(self) -> int:
        return sum(worker.role == "idle" for worker in self.workers())

    @contextmanager
    def only_one(self, name: str, wait_s: float = 0.2) -> Iterator[bool]:
        """True inside for one process at a time, e.g. the one that starts a worker."""
        lock = hold(self.paths.locks / f"{name}.lock", wait_s)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()
