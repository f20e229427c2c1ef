"""Which worker processes live, and which of them are idle. A lock file each, held for life."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from cu_core.files import write_atomic
from cu_core.store.paths import Paths, held, hold, hold_new

Role = Literal["idle", "busy", "leaving"]
FAILED = "failed-starts.json"
MOST_STARTS = 3  # one after the other, of workers that end before they are ready


@dataclass(frozen=True)
class WorkerRecord:
    """A live worker. ``run_id``: what it works on; empty when idle."""

    pid: int
    role: Role
    run_id: str = ""


@dataclass(frozen=True)
class FailedStarts:
    """Workers, one after the other, that ended before they were ready; ``code``: the last one's
    exit code, negative for a signal."""

    count: int = 0
    code: int = 0

    def words(self, home: Path) -> str:
        """Why nobody comes; "" while the next one may."""
        if self.count < MOST_STARTS:
            return ""
        how = f"exit code {self.code}" if self.code > 0 else f"killed by signal {-self.code}"
        return (
            f"{self.count} workers ended before they were ready (the last one: {how}), so no other "
            f"is started. {home / 'worker.log'} says why. What is queued waits until one comes."
        )


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
                with suppress(OSError):  # where nothing can be removed, they stay
                    path.unlink(missing_ok=True)
                    path.with_suffix(".lock").unlink(missing_ok=True)
                continue
            try:
                found.append(WorkerRecord(**json.loads(path.read_bytes())))
            except (OSError, ValueError, TypeError):
                continue  # it left just now
        return found

    def start_failed(self, code: int) -> None:
        """A worker has ended with this exit code; ``is_ready`` of the next one unsays it."""
        failed = FailedStarts(self.failed_starts().count + 1, code)
        write_atomic(self.paths.workers / FAILED, json.dumps(asdict(failed)).encode())

    def is_ready(self) -> None:
        """A worker has come as far as to serve; or a person has seen to what kept them."""
        with suppress(OSError):  # where nothing can be removed, it stays
            (self.paths.workers / FAILED).unlink(missing_ok=True)

    def failed_starts(self) -> FailedStarts:
        try:
            return FailedStarts(**json.loads((self.paths.workers / FAILED).read_bytes()))
        except (OSError, ValueError, TypeError):
            return FailedStarts()

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
