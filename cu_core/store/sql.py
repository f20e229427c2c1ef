"""SQLite through SQLAlchemy Core: short connections, explicit transactions, errors as sentences.

A connection lives for one call (no pool), so an engine may be shared by threads and survives a
fork. Every write is one BEGIN IMMEDIATE transaction. The layout's version is ``user_version``.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, MetaData, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from cu_core.errors import DiskFull, StoreError
from cu_core.files import refusal
from cu_core.spec import SCHEMA_VERSION

BUSY_WAIT_S = 10.0
# Older libraries can corrupt a WAL file when two connections checkpoint at the same moment.
WAL_FOR_MANY_WRITERS = sqlite3.sqlite_version_info >= (3, 51, 3)
# What SQLite says where a page, or the index of a WAL file, has no room.
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE)
Mode = Literal["ro", "rw", "rwc"]
_FILE: ContextVar[Path] = ContextVar("the file that is being connected to")


class DamagedDatabase(StoreError):
    """The file is not a database, or its pages contradict each other."""


class NewerDatabase(StoreError):
    """Written by a later version of Lethe."""


def connect(path: Path, mode: Mode) -> Connection:
    """A connection of one's own to this file, to be closed by the caller."""
    before = _FILE.set(path)
    try:
        return _engine(mode).connect()
    finally:
        _FILE.reset(before)


@cache
def _engine(mode: Mode) -> Engine:
    """One for all files: it holds no connection, but every query that was compiled for it, and
    those are the same for every run (80 kB of one that was played)."""

    def opened() -> sqlite3.Connection:
        path = _FILE.get()
        uri = f"{path.as_uri()}?mode={mode}"
        if mode == "ro" and not os.access(path.parent, os.W_OK) and not _has_wal(path):
            uri += "&immutable=1"  # nobody can be writing, and SQLite cannot make its side files
        return sqlite3.connect(
            uri, uri=True, timeout=BUSY_WAIT_S, isolation_level=None, check_same_thread=False
        )

    return create_engine("sqlite://", creator=opened, poolclass=NullPool)


def _has_wal(path: Path) -> bool:
    """Whether a writer that was killed has left rows beside the file: they belong to it."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Database errors inside become one sentence about ``path``."""
    try:
        yield
    except DBAPIError as error:
        cause = str(error.orig).lower()
        if "full" in cause or "disk i/o" in cause:
            text = f"{path} could not be written: {cause}. Free some space; what is there is safe."
            no_room = getattr(error.orig, "sqlite_errorcode", 0) in NO_ROOM
            raise (DiskFull(text) if no_room else StoreError(text)) from error
        if "locked" in cause or "busy" in cause:
            text = f"{path} has been busy for {BUSY_WAIT_S:.0f} s ({cause}). Try again."
            raise StoreError(text) from error
        if "no such" in cause:
            raise NewerDatabase(newer(path)) from error
        if "unable to open" in cause or "readonly" in cause:
            text = f"{path} cannot be opened ({cause}). Check that it exists and may be read."
            raise StoreError(text) from error
        text = f"{path} is damaged ({cause}). Nothing else is affected; it cannot be read."
        raise DamagedDatabase(text) from error


def newer(path: Path, known: int | None = None) -> str:
    """``known``: its layout, where that is later than this one's."""
    by = f"a later Lethe (layout {known})" if known else "another version of Lethe"
    return (
        f"{path} was made by {by} than this one (layout {SCHEMA_VERSION}). "
        "Update Lethe to use it; here it is left as it is."
    )


@contextmanager
def reading(path: Path, mode: Mode = "ro") -> Iterator[Connection]:
    with sentences(path), connect(path, mode) as connection:
        yield connection


@contextmanager
def writing(path: Path) -> Iterator[Connection]:
    """One transaction on a connection of its own: all of it, or on any exception none."""
    with sentences(path), connect(path, "rw") as connection, transaction(connection):
        yield connection


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE: the write lock is taken before anything is read, so a check holds."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def version(connection: Connection) -> int:
    """The layout's version; 0 while the file has no tables yet."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def create(connection: Connection, tables: MetaData, wal: bool) -> None:
    """Makes the tables of an empty file in one transaction, the version with them."""
    connection.exec_driver_sql(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
    connection.commit()
    with transaction(connection):
        if version(connection) == 0:
            tables.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION:d}")


def create_whole(path: Path, tables: MetaData) -> None:
    """Makes a database (WAL) that nobody ever finds half-made: a kill leaves it absent or whole.

    In place, a kill would leave a journal that only a connection which may write can undo, so that
    every reader would take the file for damaged.
    """
    making = path.with_name(f".making-{path.name}")
    for suffix in ("", "-journal", "-wal", "-shm"):
        making.with_name(making.name + suffix).unlink(missing_ok=True)
    with sentences(path), connect(making, "rwc") as connection:
        create(connection, tables, wal=True)
    try:
        os.replace(making, path)
    except OSError as error:
        text = f"{path} could not be made ({error.strerror or error}). Free some space."
        raise refusal(error, text) from error


def opened(path: Path, tables: MetaData) -> Connection:
    """To be written to, and closed by the caller. NewerDatabase where a later Lethe made it."""
    with sentences(path):
        connection = connect(path, "rw")
        try:
            known = version(connection)
            if known > SCHEMA_VERSION:
                raise NewerDatabase(newer(path, known))
            create(connection, tables, wal=True)  # of a file that was left empty
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            connection.commit()
        except BaseException:
            connection.close()
            raise
    return connection
