"""The layouts that the databases of a home have had, and how an earlier one is brought up.

That is done when a home is opened. Each database is first copied, whole, into ``earlier/``, and
then changed in one transaction that writes its version too; the runs come first and the index last.
So a process that is killed leaves each of them as it was or brought up, and whoever opens the home
next goes on. Requests and records of models are files that are read with defaults for what earlier
ones lack, and stay as they are.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cu_core.errors import RunBusy, StoreError
from cu_core.files import write_atomic
from cu_core.spec import SCHEMA_VERSION
from cu_core.store import sql
from cu_core.store.parcels import RECORD, copy_of
from cu_core.store.paths import Paths, held, hold

log = logging.getLogger(__name__)
WAIT_S = 60.0  # for another process that is at it


@dataclass(frozen=True)
class Layout:
    """What makes it of the layout before: SQL for the index, and for the record of a run."""

    index: tuple[str, ...] = ()
    run: tuple[str, ...] = ()


# By number, all but the first; the highest is ``SCHEMA_VERSION``. Whoever changes a table adds one.
LAYOUTS: Mapping[int, Layout] = {}


def bring_up(paths: Paths, run_ids: Iterable[str], index: bool) -> str:
    """Brings the records of these runs, and then the index, to the present layout. What to tell a
    person of it; "" where nothing was of an earlier one. RunBusy, with nothing changed, while a
    process of an earlier Lethe is at work on one of the runs; StoreError when the disk refuses."""
    with _alone(paths):
        older = [run_id for run_id in run_ids if _is_older(paths.run(run_id) / RECORD)]
        busy = [run_id for run_id in older if held(paths.alive(run_id))]
        if busy:
            raise RunBusy(
                f"Run {busy[0]} is being worked on by an earlier version of Lethe. Let it end, or "
                "stop it, and open this home again. Nothing was changed."
            )
        for run_id in older:
            try:
                _bring(paths, paths.run(run_id) / RECORD, run=True)
            except sql.DamagedDatabase as fault:
                log.warning("%s It stays as it is.", fault)
        if index and _is_older(paths.app_db):
            _bring(paths, paths.app_db, run=False)
        elif not older:
            return ""
    told = kept(paths)
    log.warning(told)
    return told


def left(paths: Paths) -> str:
    """A sentence on an earlier home that cannot be written, and so is read as it is."""
    return (
        "This home is of an earlier version of Lethe and could not be brought up to this one "
        f"(layout {SCHEMA_VERSION}), so some of it may not be shown. {paths.read_only}"
    )


def kept(paths: Paths) -> str:
    """A sentence on the copies that there are, "" where there are none."""
    copies = [path for path in paths.earlier.rglob("*.db") if path.is_file()]
    if not copies:
        return ""
    return (
        f"This home is of an earlier version of Lethe and was brought up to this one (layout "
        f"{SCHEMA_VERSION}). The databases that were changed ({len(copies):,}) are kept as they "
        f"were in {paths.earlier}: delete that folder once all is well."
    )


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    lock = hold(paths.locks / "layout.lock", WAIT_S)
    if lock is None:
        raise StoreError(f"{paths.home} is being brought up by another process. Try again.")
    try:
        yield
    finally:
        lock.release()


def _is_older(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        # Not "ro": only a connection that may write can undo what a killed process left half-done.
        with sql.reading(path, "rw") as connection:
            return 0 < sql.version(connection) < SCHEMA_VERSION
    except StoreError:
        return False  # it hides no other; what is wrong with it is said where it is listed


def _bring(paths: Paths, path: Path, run: bool) -> None:
    with sql.reading(path, "rw") as connection:
        known = sql.version(connection)
    copy = paths.earlier / f"layout-{known}" / path.relative_to(paths.home)
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_atomic(copy, copy_of(path))
    except sqlite3.Error as fault:
        raise sql.DamagedDatabase(f"{path} is damaged ({fault}).") from fault
    with sql.writing(path) as connection:
        for number in range(known + 1, SCHEMA_VERSION + 1):
            layout = LAYOUTS[number]
            for statement in layout.run if run else layout.index:
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION:d}")
