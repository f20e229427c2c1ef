"""Where things lie under the home folder: ids, safe paths, atomic files, locks.

    <home>/app.db  catalog.json  data/  incoming/  workers/  locks/  choices/  overviews/  sweeps/
           handouts/  stories/  earlier/
    <home>/runs/<run_id>/      config.yaml run.db probe.safetensors snapshots/ views/ ckpt/
                               alive.lock worker.log begun.json
    <home>/models/<model_id>/  model.safetensors record.json layout-<probe hash>.safetensors
                               eval-<key>.json

A lock is an advisory lock of the kernel on an open file: it ends with its process, however that
ends, so no timer and no process id is ever consulted. Lock files must lie on a local disk.
"""

import errno
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cu_core.errors import StoreError, UnknownRun
from cu_core.files import refusal

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ID = re.compile(r"[a-z0-9][a-z0-9-]{7,63}")
ALIVE = "alive.lock"
PROBE_WAIT_S = 0.2  # a lock looked at by `held` is free again long before this
DAY_S = 86_400.0
ELSEWHERE = "To use another one, set the environment variable LETHE_HOME to a folder that can be."


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
    except (Timeout, FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        if error.errno == errno.EROFS:
            return None  # where nothing can be written nobody holds anything
        raise refusal(error, f"{path} could not be made ({error.strerror}).") from error
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


def home_folder(chosen: Path | str | None = None) -> Path:
    """``chosen``, else $LETHE_HOME, else ~/.lethe; it need not exist. StoreError for what can be no
    folder's name."""
    found = str(chosen or os.environ.get("LETHE_HOME") or Path.home() / ".lethe")
    try:
        if b"\0" in os.fsencode(found):
            raise ValueError("a name ends at its first zero")
        return Path(found).expanduser().absolute()
    except (RuntimeError, ValueError):  # of a user, or of letters, that this machine does not know
        raise StoreError(
            f"The home folder {found[:80]!r} is none that this machine can have. Give the "
            "path of a folder, by --home or the environment variable LETHE_HOME."
        ) from None


class Paths:
    """The home folder. Made on construction; StoreError when it cannot be. One that is there and
    cannot be written is ``read_only``: it can be looked through."""

    def __init__(self, home: Path | str | None = None) -> None:
        self.home = home_folder(home)
        self.app_db = self.home / "app.db"
        self.catalog = self.home / "catalog.json"
        self.runs = self.home / "runs"
        self.models = self.home / "models"
        self.data = self.home / "data"
        self.incoming = self.home / "incoming"
        self.workers = self.home / "workers"
        self.locks = self.home / "locks"
        self.choices = self.home / "choices"
        self.overviews = self.home / "overviews"
        self.sweeps = self.home / "sweeps"
        self.handouts = self.home / "handouts"
        self.stories = self.home / "stories"
        self.earlier = self.home / "earlier"  # made only where there is something to keep
        for folder in (
            self.runs, self.models, self.data, self.incoming, self.workers, self.locks,
            self.choices, self.overviews, self.sweeps, self.handouts, self.stories,
        ):  # fmt: skip
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                if not self.runs.is_dir() or not self.read_only:
                    raise refusal(
                        error,
                        f"The home folder {self.home} cannot be written "
                        f"({error.strerror or error}). {ELSEWHERE}",
                    ) from error

    @property
    def read_only(self) -> str:
        """Why nothing can be written here, and what to do, in a sentence; "" where it can."""
        if os.access(self.home, os.W_OK):
            return ""
        return (
            f"The home folder {self.home} cannot be written: what is there can be looked at, and "
            f"no run can be started or changed. {ELSEWHERE}"
        )

    def must_write(self) -> None:
        """StoreError where nothing can be written."""
        if fault := self.read_only:
            raise StoreError(fault)

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

    def sweep_folder(self, sweep_id: str) -> Path:
        """The sweep's folder, which need not exist. UnknownRun for anything that is not an id."""
        path = self.child(self.sweeps, sweep_id)
        if path is None:
            raise UnknownRun(f"{str(sweep_id)[:80]!r} is no sweep's id.")
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
                with suppress(OSError):  # another's, or nothing can be removed here
                    path.unlink()


def unknown_run(run_id: Any) -> UnknownRun:
    return UnknownRun(f"There is no run {str(run_id)[:80]!r}; `python -m cu_core runs` lists them.")
