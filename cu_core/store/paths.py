"""Where things lie under the home folder: ids, safe paths, atomic files, locks.

    <home>/app.db  catalog.json  data/  incoming/  workers/  locks/
    <home>/runs/<run_id>/      config.yaml run.db probe.safetensors snapshots/ views/ ckpt/
                               alive.lock worker.log
    <home>/models/<model_id>/  model.safetensors record.json layout-<probe hash>.safetensors
                               eval-<key>.json

A lock is an advisory lock of the kernel on an open file: it ends with its process, however that
ends, so no timer and no process id is ever consulted. Lock files must lie on a local disk.
"""

import os
import re
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cu_core.errors import StoreError, UnknownRun

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ID = re.compile(r"[a-z0-9][a-z0-9-]{7,63}")
ALIVE = "alive.lock"
PROBE_WAIT_S = 0.2  # a lock looked at by `held` is free again long before this
DAY_S = 86_400.0


def new_id() -> str:
    """A run id: time-ordered (UTC, milliseconds), then random. ``20261121-141523-042-9f3a1c``."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}-{secrets.token_hex(3)}"


def hold(path: Path, wait_s: float = PROBE_WAIT_S) -> FileLock | None:
    """The lock, taken, or None when another holds it (or its folder is gone)."""
    if not path.parent.is_dir():
        return None  # some versions of filelock would make the folder
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=wait_s, poll_interval=0.01)
    except (Timeout, FileNotFoundError, NotADirectoryError):
        return None
    return lock


def hold_new(path: Path) -> FileLock:
    """The lock of something that nobody knows of yet. StoreError when it cannot be taken."""
    lock = hold(path)
    if lock is None:
        raise StoreError(f"{path} could not be locked; is the home folder on a local disk?")
    return lock


def held(path: Path) -> bool:
    """Whether a live process holds the lock. Creates nothing and does not disturb other lookers."""
    if fcntl is None:
        lock = hold(path, 0) if path.exists() else None
        if lock is not None:
            lock.release()
        return lock is None and path.exists()
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two lookers never collide
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


class Paths:
    """The home folder. Made on construction; StoreError when it cannot be written."""

    def __init__(self, home: Path | str | None = None) -> None:
        chosen = home or os.environ.get("LETHE_HOME") or Path.home() / ".lethe"
        self.home = Path(chosen).expanduser().absolute()
        self.app_db = self.home / "app.db"
        self.catalog = self.home / "catalog.json"
        self.runs = self.home / "runs"
        self.models = self.home / "models"
        self.data = self.home / "data"
        self.incoming = self.home / "incoming"
        self.workers = self.home / "workers"
        self.locks = self.home / "locks"
        try:
            for folder in (
                self.runs, self.models, self.data, self.incoming, self.workers, self.locks
            ):  # fmt: skip
                folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.home, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise StoreError(
                f"The home folder {self.home} cannot be written ({error.strerror or error}). "
                "Set the environment variable LETHE_HOME to a folder that can."
            ) from error

    def child(self, parent: Path, name: str) -> Path | None:
        """``parent/name`` for a well-formed id that stays inside ``parent``, else None."""
        if not isinstance(name, str) or not ID.fullmatch(name):
            return None
        path = parent / name  # no separator and no dot in it: only a link could lead out
        return None if path.is_symlink() else path

    def run(self, run_id: str) -> Path:
        """The run's folder, which need not exist. UnknownRun for anything that is not an id."""
        path = self.child(self.runs, run_id)
        if path is None:
            raise unknown_run(run_id)
        return path

    def alive(self, run_id: str) -> Path:
        return self.run(run_id) / ALIVE

    def run_ids(self) -> list[str]:
        """The run folders on the disk, oldest first."""
        with os.scandir(self.runs) as entries:
            found = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
        return sorted(name for name in found if ID.fullmatch(name))

    def sweep(self, folder: Path, pattern: str, older_than_s: float) -> None:
        """Removes what a killed process left half-made or half-deleted."""
        for path in folder.glob(pattern):
            try:
                old = time.time() - path.stat().st_mtime >= older_than_s
            except OSError:
                continue
            if old and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif old:
                path.unlink(missing_ok=True)


def unknown_run(run_id: Any) -> UnknownRun:
    return UnknownRun(f"There is no run {str(run_id)[:80]!r}; `python -m cu_core runs` lists them.")
