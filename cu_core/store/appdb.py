"""``app.db``: the queue, the commands and the questions. Many short-lived writers.

It is an index, never the only record: when it is missing or damaged it is moved aside and rebuilt
from the run folders, each of which carries its own request and its own state.
"""

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import get_args

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
)

from cu_core.errors import DiskFull, RunBusy, StoreError
from cu_core.spec import SCHEMA_VERSION, RunState, kind_of
from cu_core.store import layouts, sql
from cu_core.store.config import read_config
from cu_core.store.paths import Paths, hold
from cu_core.store.runtables import read_facts

log = logging.getLogger(__name__)
TABLES = MetaData()
RUN = Table(
    "run",
    TABLES,
    Column("seq", Integer, primary_key=True),  # the order of the queue; clocks can jump
    Column("run_id", Text, unique=True, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("message", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,
)
COMMAND = Table(
    "command",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("value", Text, nullable=False),  # JSON
    Column("note", Text),  # NULL until acknowledged
    Index("command_of_run", "run_id", "id"),
    sqlite_autoincrement=True,
)
QUESTION = Table(
    "question",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),  # JSON
    Column("state", Text, nullable=False),  # waiting, taken, answered, failed, cancelled
    Column("holder", Text),  # the worker that took it, by the name of its lock file
    Column("answer", Text),  # JSON
    Column("error", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,
)
STORED: frozenset[str] = frozenset(get_args(RunState)) - {"lost", "damaged"}
NOT_STARTED = "This run had not begun when the index of runs was rebuilt; queue it again."


class AppDb:
    """Transactions on app.db, which exists, is sound and has this version's tables inside them."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.path = paths.app_db
        self.newer = False  # written by a later Lethe: reading is tried, writing refused
        self.brought_up = ""  # a sentence, where the home was of an earlier one when it was opened
        self._ready = False
        self._open()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        # Not "ro": only a connection that may write can undo what a killed writer left half-done.
        mode: sql.Mode = "ro" if self.paths.read_only else "rw"
        with self._watched(), sql.reading(self.path, mode) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._watched():
            if self.newer:
                raise StoreError(sql.newer(self.path))
            self.paths.must_write()
            with sql.writing(self.path) as connection:
                yield connection

    @contextmanager
    def _watched(self) -> Iterator[None]:
        if not self._ready or not self.path.exists():
            self._open()
        try:
            yield
        except (sql.DamagedDatabase, sql.NewerDatabase) as error:
            self._ready = False  # looked at again, and rebuilt if need be, at the next call
            text = str(error) if self.newer else "The index of runs was damaged. Try again."
            raise StoreError(text) from error

    def _open(self) -> None:
        try:
            known = self._check()
        except sql.DamagedDatabase as error:
            self._move_aside(error)
            known = 0
        if known == 0:
            self.paths.must_write()
            with sql.sentences(self.path), sql.connect(self.path, "rwc") as connection:
                sql.create(connection, TABLES, wal=sql.WAL_FOR_MANY_WRITERS)
            self.newer = False
        else:
            self.newer = known > SCHEMA_VERSION
            if known < SCHEMA_VERSION and self.paths.read_only:
                self.brought_up = layouts.left(self.paths)
            elif known < SCHEMA_VERSION:
                self.brought_up = layouts.bring_up(self.paths, self.paths.run_ids(), index=True)
        self._ready = True
        if known == 0:
            self.adopt(())

    def _check(self) -> int:
        """The version of the file, 0 if it is to be made. DamagedDatabase when it is unsound."""
        if not self.path.exists():
            return 0
        with sql.reading(self.path, "ro" if self.paths.read_only else "rw") as connection:
            known = sql.version(connection)
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if verdict != "ok":
            raise sql.DamagedDatabase(f"{self.path} is damaged ({verdict}).")
        return known

    def _move_aside(self, error: sql.DamagedDatabase) -> None:
        self.paths.must_write()
        lock = hold(self.paths.locks / "rebuild.lock", 10.0)
        if lock is None:
            raise StoreError(f"{self.path} is being rebuilt by another process. Try again.")
        with lock:
            try:
                self._check()
                return  # another process was faster
            except sql.DamagedDatabase:
                aside = self.path.with_name(f"app.db.damaged-{time.time_ns()}")
            # The journal first: left behind, it would be played back into the new file.
            for suffix in ("-journal", "-wal", "-shm", ""):
                part = self.path.with_name(self.path.name + suffix)
                if part.exists():
                    part.rename(aside.with_name(aside.name + suffix))
            log.warning("%s It was moved to %s and rebuilt from the run folders.", error, aside)

    def adopt(self, known: Collection[str]) -> bool:
        """Takes in run folders that the index does not know: copied in, or older than it."""
        missing = [run_id for run_id in self.paths.run_ids() if run_id not in known]
        if self.newer or not missing or self.paths.read_only:
            return False
        try:
            layouts.bring_up(self.paths, missing, index=False)
            rows = [self._row(run_id) for run_id in missing]
            with self.write() as connection:
                for row in rows:
                    # Inside the write lock: a folder being enqueued or deleted is settled by now.
                    if self.paths.run(str(row["run_id"])).exists():
                        connection.execute(insert(RUN).prefix_with("OR IGNORE"), row)
        except (DiskFull, RunBusy):  # they lie where they are, and are taken in at a later look
            return False
        return True

    def _row(self, run_id: str) -> dict[str, object]:
        folder = self.paths.run(run_id)
        row: dict[str, object] = {"run_id": run_id, "kind": "", "name": "", "created": 0.0}
        row |= {"state": "stopped", "message": NOT_STARTED}
        try:
            config = read_config(folder)
            row |= {"name": config.name, "created": config.created}
            row |= {"kind": kind_of(config.request)}
            facts = read_facts(folder / "run.db")
        except StoreError as error:
            return row | {"message": str(error)}
        if facts is not None and facts.get("state") in STORED:
            row |= {"state": facts["state"], "message": str(facts.get("message") or "")}
        return row
