"""The runs: queued, listed, renamed, moved from state to state, deleted.

States change by compare-and-swap only; ``lost`` and ``damaged`` are never stored, they are what a
look at the lock and the files says.
"""

import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Row, delete, insert, select, update

from cu_core.errors import DiskFull, LetheError, RunBusy, StoreError
from cu_core.files import refusal, stamp
from cu_core.spec import (
    ACTIVE,
    FINAL,
    Request,
    RunProgress,
    RunRecord,
    RunState,
    Summary,
    kind_of,
)
from cu_core.store import standstill
from cu_core.store.appdb import COMMAND, RUN, STORED, AppDb
from cu_core.store.begun import sign
from cu_core.store.config import (
    UNNAMED,
    Config,
    LaterConfig,
    read_config,
    versions,
    with_own_list,
    write_config,
)
from cu_core.store.paths import ALIVE, DAY_S, Paths, held, hold, hold_new, new_id, unknown_run
from cu_core.store.patience import Patience
from cu_core.store.runtables import facts_of
from cu_core.store.titles import default_name

AGAIN = frozenset({"queued", "starting"})
AFTER_FINAL = {"done": frozenset[str](), "stopped": AGAIN, "failed": AGAIN}
ENDED = "The run had already ended."
SUPERSEDED = "The run was taken up again."
NAME_LIMIT = 200
SETTLING = "settling.lock"  # in a run's folder
WATCHED = "watched"  # the kind of a ``WatchRequest``


class Runs:
    """The part of the store that knows the list of runs."""

    paths: Paths
    db: AppDb
    patience: Patience

    @property
    def visitor(self) -> str:
        """Who begins what is queued here, "" where that is nobody of a served app's visitors."""
        return ""

    def enqueue(self, request: Request, name: str | None = None) -> str:
        """Queues a run and returns its id. Whole or not at all: folder and row are one commit."""
        return self._new(request, name, "queued")[0]

    def _new(
        self, request: Request, name: str | None, state: RunState
    ) -> tuple[str, Request, FileLock | None]:
        """Its id, the request as it was kept, and, of a run that is ``starting``, its lock: held
        before the row can be seen, so that nobody ever finds the run free."""
        self.paths.must_write()
        run_id, created = new_id(), time.time()
        title = " ".join((name or "").split())[:NAME_LIMIT] or default_name(request)
        folder, building = self.paths.run(run_id), self.paths.runs / f".new-{run_id}"
        row = {"run_id": run_id, "kind": kind_of(request), "name": title, "created": created}
        lock: FileLock | None = None
        try:
            (building / "snapshots").mkdir(parents=True)
            (building / "ckpt").mkdir()
            request = with_own_list(request, building, folder)
            write_config(building, Config(title, created, request, versions()))
            sign(building, self.visitor)
            with self.db.write() as connection:
                connection.execute(insert(RUN), row | {"state": state})
                os.rename(building, folder)
                if state == "starting":
                    lock = hold_new(folder / ALIVE)
        except BaseException as error:
            if lock is not None:
                lock.release()
            shutil.rmtree(building, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)  # the row was not committed
            if isinstance(error, OSError):
                text = f"The run could not be queued in {folder} ({error.strerror or error})."
                raise refusal(error, text) from error
            raise
        return run_id, request, lock

    def runs(self, *kinds: str) -> list[RunRecord]:
        """Newest first, of these kinds or of all. A damaged run is listed as such; it never raises
        nor hides the others."""
        rows = self._rows()
        if self.db.adopt({row.run_id for row in rows}):
            rows = self._rows()
        return [self._record(row) for row in rows if row.kind in (kinds or (row.kind,))]

    def run(self, run_id: str) -> RunRecord:
        """UnknownRun when there is none of this id."""
        self.paths.run(run_id)
        row = self._row(run_id)
        if row is None:
            raise unknown_run(run_id)
        return self._record(row)

    def is_known(self, run_id: str) -> bool:
        """Whether it is still on the list of runs: cheap to ask, however large the run."""
        return self._row(run_id) is not None

    def progress(self, record: RunRecord) -> RunProgress:
        """What the run says of itself, of an ended one as remembered; empty of a damaged one."""
        if record.state == "damaged":
            return RunProgress()
        return facts_of(self.paths.run(record.run_id), record.state)[0]

    def news(self) -> tuple[object, ...]:
        """Another one as soon as a run was queued, moved or deleted, or a question asked: cheap to
        look at, before any of it is read."""
        path = self.paths.app_db
        return stamp(path), stamp(path.with_name("app.db-wal"))

    def rename(self, run_id: str, name: str) -> None:
        """A new name, at most 200 characters; kept in the run's folder too when that is sound."""
        title = " ".join(name.split())[:NAME_LIMIT]
        if not title:
            raise StoreError("A run's name cannot be empty; type at least one character.")
        with self.db.write() as connection:
            query = update(RUN).where(RUN.c.run_id == run_id).values(name=title)
            if connection.execute(query).rowcount == 0:
                raise unknown_run(run_id)
        folder = self.paths.run(run_id)
        try:
            known = read_config(folder)
        except StoreError:
            return  # a damaged run keeps its new name in the index
        write_config(folder, Config(title, known.created, known.request, known.versions))

    @contextmanager
    def settling(self, run_id: str) -> Iterator[bool]:
        """True for the one process that may count a run's exact figures now; held meanwhile."""
        lock = hold(self.paths.run(run_id) / SETTLING, 0)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()

    def is_settling(self, run_id: str) -> bool:
        return held(self.paths.run(run_id) / SETTLING)

    @contextmanager
    def ended(self, run_id: str) -> Iterator[None]:
        """Holds a run that has ended, for what is added to its record. RunBusy while another
        process has it."""
        lock = hold(self.paths.run(run_id) / ALIVE)
        if lock is None:
            raise RunBusy(f"Run {run_id} is being worked on, or gone.")
        with lock:
            yield

    def delete(self, run_id: str) -> None:
        """The run and its files. RunBusy while a worker holds it."""
        folder = self.paths.run(run_id)
        lock = hold(folder / ALIVE) if folder.exists() else None
        if lock is None and folder.exists():
            raise RunBusy(f"Run {run_id} is being worked on; stop it first, then delete it.")
        gone = self.paths.runs / f".gone-{run_id}-{secrets.token_hex(2)}"
        try:
            try:
                self._forget(run_id, folder, gone)
            except DiskFull:  # the index has no room to say so: first the files, which make some
                if folder.exists():
                    os.rename(folder, gone)
                self.paths.sweep(self.paths.runs, ".gone-*", 0)
                self._forget(run_id, folder, gone)
        except OSError as error:
            raise StoreError(f"{folder} could not be deleted ({error.strerror}).") from error
        finally:
            if lock is not None:
                lock.release()
        self.paths.sweep(self.paths.runs, ".gone-*", 0)
        self.paths.sweep(self.paths.runs, ".new-*", DAY_S)

    def _forget(self, run_id: str, folder: Path, gone: Path) -> None:
        with self.db.write() as connection:
            known = connection.execute(delete(RUN).where(RUN.c.run_id == run_id)).rowcount
            connection.execute(delete(COMMAND).where(COMMAND.c.run_id == run_id))
            if not known and not folder.exists():
                raise unknown_run(run_id)
            if folder.exists():
                os.rename(folder, gone)

    def move(
        self, run_id: str, old: RunState | Collection[RunState], new: RunState, message: str = ""
    ) -> bool:
        """Compare-and-swap: True if the run was in ``old`` and now is in ``new``.

        ``old`` may name "lost": active on record with nobody holding it. ``done`` is for ever;
        ``stopped`` and ``failed`` lead only back to the queue or to a worker.
        """
        froms = {old} if isinstance(old, str) else set(old)
        if new not in STORED:
            raise StoreError(f"{new!r} is what the store finds out, not a state to move to.")
        lock = hold(self.paths.alive(run_id)) if "lost" in froms else None
        try:
            froms |= set(ACTIVE if lock else ())
            return self.patience.insist(lambda: self._swap(run_id, froms, new, message))
        finally:
            if lock is not None:
                lock.release()

    def _swap(self, run_id: str, froms: Collection[str], new: str, message: str = "") -> bool:
        here = RUN.c.run_id == run_id
        with self.db.write() as connection:  # nobody else writes between the look and the swap
            was = connection.execute(select(RUN.c.state).where(here)).scalar_one_or_none()
            if was is None:
                raise unknown_run(run_id)
            if was not in froms or new not in AFTER_FINAL.get(was, STORED):
                return False
            change = update(RUN).where(here, RUN.c.state == was)
            connection.execute(change.values(state=new, message=message))
            if new in FINAL:
                void_commands(connection, run_id, ENDED)
            elif new in AGAIN and was != "queued":
                void_commands(connection, run_id, SUPERSEDED)
        return True

    def _rows(self) -> Sequence[Row[Any]]:
        with self.db.read() as connection:
            return connection.execute(select(RUN).order_by(RUN.c.seq.desc())).all()

    def _row(self, run_id: str) -> Row[Any] | None:
        with self.db.read() as connection:
            return connection.execute(select(RUN).where(RUN.c.run_id == run_id)).one_or_none()

    def _really(self, row: Row[Any]) -> tuple[RunState, str]:
        """State and message of a run whose lock was found free while its row called it active."""
        now = self._row(row.run_id) or row
        if now.state in ACTIVE and not held(self.paths.alive(row.run_id)):
            return "lost", ""
        return now.state, now.message

    def _record(self, row: Row[Any]) -> RunRecord:
        state, message = row.state, row.message
        request: Request | None = None
        progress, summary, later = RunProgress(), Summary(), ""
        try:
            folder = self.paths.run(row.run_id)
            if state in ACTIVE and not held(folder / ALIVE):
                # Its worker may have ended it between the look at the row and that at the lock.
                state, message = self._really(row)
            config = read_config(folder)
            request = config.request
            progress, summary = facts_of(folder, state)
            message = message or standstill.words(folder, state, row.kind == WATCHED, progress)
            if progress.layout:
                later = config.versions.get("lethe", UNNAMED)
        except LaterConfig as error:
            state, message, later = "damaged", str(error), error.made_by
        except LetheError as error:
            state, message, request = "damaged", str(error), None
        return RunRecord(
            run_id=row.run_id,
            name=row.name,
            state=state,
            created=row.created,
            request=request,
            step=progress.step,
            total=progress.total,
            phase=progress.phase,
            message=message,
            later=later,
            summary=summary,
        )


def void_commands(connection: Connection, run_id: str, note: str) -> None:
    """Answers what nobody will take: no page waits for it, and no later life obeys it."""
    open_ones = (COMMAND.c.run_id == run_id, COMMAND.c.note.is_(None))
    connection.execute(update(COMMAND).where(*open_ones).values(note=note))
