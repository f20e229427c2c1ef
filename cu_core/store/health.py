"""Whether a home folder is sound: its disk, its databases, its runs and its workers."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import psutil

from cu_core.errors import StoreError
from cu_core.spec import SCHEMA_VERSION, RunRecord
from cu_core.store import layouts, sql
from cu_core.store.appdb import AppDb
from cu_core.store.leftovers import leftovers
from cu_core.store.parcels import RECORD
from cu_core.store.paths import Paths
from cu_core.store.workers import FailedStarts, WorkerRecord

Level = Literal["well", "note", "fault"]
FEW_BYTES = 2 << 30  # free, below which runs may have to wait
SHARED = ("nfs", "cifs", "smb", "fuse.sshfs", "9p")  # file systems whose locks may not hold


@dataclass(frozen=True)
class Finding:
    """``says``: one sentence, with what to do next unless all is well."""

    level: Level
    title: str
    says: str


class Sound(Protocol):
    """The parts of the store that are looked at."""

    paths: Paths
    db: AppDb

    def runs(self, *kinds: str) -> list[RunRecord]: ...

    def workers(self) -> list[WorkerRecord]: ...

    def failed_starts(self) -> FailedStarts: ...


def findings(store: Sound) -> Iterator[Finding]:
    """One by one, as they are found: reading every database takes its time."""
    looks: tuple[Callable[[Sound], Iterator[Finding]], ...] = (
        _home, _disk, _index, _layout, _runs, _workers, _sqlite, _leftovers,
    )  # fmt: skip
    for look in looks:
        yield from look(store)


def _home(store: Sound) -> Iterator[Finding]:
    home = store.paths.home
    if fault := store.paths.read_only:
        yield Finding("fault", "Home", fault)
        return
    mounts = [m for m in psutil.disk_partitions(all=True) if home.is_relative_to(m.mountpoint)]
    kind = max(mounts, key=lambda m: len(m.mountpoint)).fstype if mounts else "unknown"
    if kind.startswith(SHARED):
        yield Finding(
            "note", "Home",
            f"{home} lies on a shared file system ({kind}), where two machines may not see each "
            "other's locks: use it from one machine at a time, or set LETHE_HOME to a local disk.",
        )  # fmt: skip
    else:
        yield Finding("well", "Home", f"{home} can be written ({kind}).")


def _disk(store: Sound) -> Iterator[Finding]:
    disk = shutil.disk_usage(store.paths.home)
    said = f"{disk.free / 1e9:.1f} GB of {disk.total / 1e9:.0f} GB are free"
    if disk.free < FEW_BYTES:
        yield Finding("fault", "Disk", f"{said}: delete runs, or see what `lethe gc` can remove.")
    else:
        yield Finding("well", "Disk", f"{said}.")


def _index(store: Sound) -> Iterator[Finding]:
    path = store.paths.app_db
    fault = _damage(path)
    if fault:
        yield Finding("fault", "Index", f"{fault} The next start of Lethe rebuilds it.")
    else:
        yield Finding("well", "Index", f"{path.name} is sound; runs in it: {len(store.runs()):,}.")


def _layout(store: Sound) -> Iterator[Finding]:
    if told := store.db.brought_up or layouts.kept(store.paths):
        yield Finding("note", "Layout", told)
    else:
        yield Finding("well", "Layout", f"{SCHEMA_VERSION}, this version's own.")


def _runs(store: Sound) -> Iterator[Finding]:
    sound = 0
    for record in store.runs():
        path = store.paths.run(record.run_id) / RECORD
        fault = record.message if record.state == "damaged" else _damage(path)
        if fault:
            yield Finding(
                "fault", "Run",
                f"{record.run_id} is damaged: {fault} `lethe delete {record.run_id}` removes it.",
            )  # fmt: skip
        elif record.state == "lost":
            yield Finding(
                "note", "Run",
                f"{record.run_id} was left by its worker at step {record.step}: "
                f"`lethe resume {record.run_id}` goes on from its last checkpoint.",
            )  # fmt: skip
        else:
            sound += 1
    yield Finding("well", "Runs", f"Sound: {sound:,}.")


def _workers(store: Sound) -> Iterator[Finding]:
    """Those that live; a process of ours that no list knows has lost its home."""
    known = store.workers()
    roles = ", ".join(sorted(worker.role for worker in known)) or "none"
    yield Finding("well", "Workers", f"At work or waiting: {roles}.")
    if why := store.failed_starts().words(store.paths.home):
        yield Finding("fault", "Workers", f"{why} Mend it, then start the app anew.")
    pids = {worker.pid for worker in known}
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = process.info["cmdline"] or []
        ours = "cu_core.service.worker" in words and str(store.paths.home) in words
        if ours and process.info["pid"] not in pids:
            yield Finding(
                "note", "Workers",
                f"Process {process.info['pid']} ({process.info['status']}) is a worker of this "
                "home and not on its list: it is starting or leaving; if it stays, end it.",
            )  # fmt: skip


def _sqlite(store: Sound) -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    if sql.WAL_FOR_MANY_WRITERS:
        yield Finding("well", "SQLite", f"{version}.")
    else:
        yield Finding("well", "SQLite", f"{version}: the index is kept without a WAL file.")


def _leftovers(store: Sound) -> Iterator[Finding]:
    total = sum(one.bytes for one in leftovers(store.paths))
    if total:
        yield Finding("note", "Leftovers", f"{total / 1e6:,.0f} MB may go: `lethe gc`.")
    else:
        yield Finding("well", "Leftovers", "None.")


def _damage(path: Path) -> str:
    """ "" for a sound database, and for one that does not exist yet."""
    if not path.exists():
        return ""
    try:
        with sql.reading(path) as connection:
            verdict = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    except StoreError as fault:
        return str(fault)
    return "" if verdict == "ok" else f"{path.name} is damaged ({verdict})."
