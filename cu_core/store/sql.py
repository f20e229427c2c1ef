"""SQLite through SQLAlchemy Core: short connections, explicit transactions, errors as sentences.

A connection lives for one call (no pool), so an engine may be shared by threads and survives a
fork. Every write is one BEGIN IMMEDIATE transaction. The layout's version is ``user_version``.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, MetaData, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from cu_core.errors import StoreError
from cu_core.spec import SCHEMA_VERSION

BUSY_WAIT_S = 10.0
# Older libraries can corrupt a WAL file when two connections checkpoint at the same moment.
WAL_FOR_MANY_WRITERS = sqlite3.sqlite_version_info >= (3, 51, 3)
Mode = Literal["ro", "rw", "rwc"]


class DamagedDatabase(StoreError):
    """The file is not a database, or its pages contradict each other."""


class NewerDatabase(StoreError):
    """Written by a later version of Lethe."""


@lru_cache(maxsize=1024)
def engine(path: Path, mode: Mode) -> Engine:
    """One engine a file and mode. It holds no connection, so caching it costs nothing."""

    def connect() -> sqlite3.Connection:
        uri = f"{path.as_uri()}?mode={mode}"
        if mode == "ro" and not os.access(path.parent, os.W_OK):
            uri += "&immutable=1"  # nobody can be writing, and SQLite cannot make its side files
        return sqlite3.connect(
            uri, uri=True, timeout=BUSY_WAIT_S, isolation_level=None, check_same_thread=False
        )

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Database errors inside become one sentence about ``path``."""
    try:
        yield
    except DBAPIError as error:
        cause = str(error.orig).lower()
        if "full" in cause or "disk i/o" in cause:
            text = f"{path} could not be written: {cause}. Free some space; what is there is safe."
            raise StoreError(text) from error
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


def newer(path: Path) -> str:
    return (
        f"{path} was written by another version of Lethe than this one (layout {SCHEMA_VERSION}). "
        "Update Lethe to use it; here it is left as it is."
    )


@contextmanager
def reading(path: Path, mode: Mode = "ro") -> Iterator[Connection]:
    with sentences(path), engine(path, mode).connect() as connection:
        yield connection


@contextmanager
def writing(path: Path) -> Iterator[Connection]:
    """One transaction on a connection of its own: all of it, or on any exception none."""
    with sentences(path), engine(path, "rw").connect() as connection, transaction(connection):
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
