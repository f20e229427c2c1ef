"""The worker's pen: everything a run records. One process writes a run, the one that holds it.

A snapshot is committed by its row: file, fsync, rename, then the row with the file's SHA-256. A
file without a row is garbage, a row without its file is a damaged snapshot.

A row that has no room on the disk is waited with, as the store's ``patience`` has it: a transaction
happens whole or not at all, so it is in the record once, however often it was tried. Of a file
that has no room (a snapshot, a checkpoint) the caller hears, and can do without.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from sqlalchemy import Connection, delete, func, insert, select

from cu_core.errors import StoreError
from cu_core.files import stamp, write_atomic
from cu_core.spec import ACTIVE, Probe, RunProgress, RunState, StepLog, Summary
from cu_core.store import sql
from cu_core.store.patience import STOP, WAITS, T
from cu_core.store.probabilities import shares
from cu_core.store.runs import Runs
from cu_core.store.runtables import (
    EVENT,
    METRIC,
    SNAPSHOT,
    STATE,
    SUMMARY,
    TABLES,
    encode_value,
    parse_progress,
    read_state,
    snapshot_path,
)

Array = NDArray[Any]
F16_MAX = np.finfo(np.float16).max


class FolderGone(StoreError):
    """The run's record is no longer where it was: nothing is left to write to."""


def to_float16(values: Array) -> NDArray[np.float16]:
    """float16, finite values held within its range: a huge logit must not become infinite."""
    values = np.asarray(values)
    with np.errstate(over="ignore"):
        rounded = np.ascontiguousarray(values, dtype=np.float16)
    overflown = np.isinf(rounded) & np.isfinite(values)
    if overflown.any():
        rounded = np.where(overflown, np.copysign(F16_MAX, rounded), rounded)
    return rounded


def view_digest(
    xy: Array, pred: Array, share: Array | None = None, share_class: Array | None = None
) -> str:
    """SHA-256 of what a page draws of a snapshot, so that it need not read the rest.

    Snapshots made before there were shares have none in their digest either.
    """
    drawn = [xy.astype("<f4"), pred.astype("<u2")]
    drawn += [] if share is None else [share.astype("u1")]
    drawn += [] if share_class is None else [share_class.astype("<u2")]
    return hashlib.sha256(b"".join(part.tobytes() for part in drawn)).hexdigest()


class RunWriter:
    """Open from the claim to the end of a run. Not for use by several threads."""

    def __init__(self, store: Runs, run_id: str) -> None:
        self.run_id, self._store = run_id, store
        self.folder = store.paths.run(run_id)
        self._insist = store.patience.insist
        self._path = self.folder / "run.db"
        # UnknownRun before anything is made
        state = self._insist(lambda: store.run(run_id)).state
        for part in ("snapshots", "ckpt"):
            (self.folder / part).mkdir(exist_ok=True)
        for said in (STOP, WAITS):  # to an earlier life of the run, and by it
            (self.folder / said).unlink(missing_ok=True)
        self._db: Connection = self._insist(self._opened)
        self._inode = _inode(self._path)
        if state in ACTIVE:
            self.put(RunProgress(state=state))
        self._remove_orphans()

    def _opened(self) -> Connection:
        if not self._path.exists():
            sql.create_whole(self._path, TABLES)
        return sql.opened(self._path, TABLES)

    @property
    def log_path(self) -> Path:
        return self.folder / "worker.log"

    @property
    def ckpt_path(self) -> Path:
        """The newest checkpoint; the file may not exist."""
        return self.folder / "ckpt" / "last.pt"

    def checkpoint(self, state: bytes) -> None:
        """Replaces the checkpoint, whole or not at all. DiskFull when it has no room."""
        write_atomic(self.ckpt_path, state)

    def close(self) -> None:
        self._db.close()

    def look(self) -> None:
        """FolderGone once the run's folder was deleted or replaced by another."""
        if _inode(self._path) != self._inode:
            raise FolderGone(
                f"The folder {self.folder} was deleted or replaced while run {self.run_id} was "
                "made, so it ends here. Start it anew to have it."
            )

    def put(self, progress: RunProgress) -> None:
        """The fields that are set, in one transaction; the others stay as they are."""
        self._commit(lambda: self._put(progress.written))

    def read(self) -> RunProgress:
        """Everything on record, e.g. to take a run up again."""
        return self._commit(lambda: parse_progress(read_state(self._db)))

    def move(self, old: RunState | Sequence[RunState], new: RunState, message: str = "") -> bool:
        """``Store.move``, and the same in run.db, from which app.db can be rebuilt."""
        self.look()
        moved = self._store.move(self.run_id, old, new, message)
        if moved:
            self.put(RunProgress(state=new, message=message))
        return moved

    def steps(self, logs: Sequence[StepLog], progress: RunProgress | None = None) -> None:
        """Losses as metrics named ``loss/<term>``; ``progress`` in the same transaction."""
        rows = [
            (log.step, f"loss/{term}", value) for log in logs for term, value in log.losses.items()
        ]
        self._add(rows, progress)

    def metrics(self, step: int, values: Mapping[str, Any]) -> None:
        """None means not computed; NaN and infinities are kept as such."""
        self._add([(step, name, value) for name, value in values.items()], None)

    def snapshot(
        self,
        step: int,
        *,
        z: Array,
        logits: Array,
        test_logits: Array,
        xy: Array,
        quality: Mapping[str, float],
    ) -> int:
        """z (P, D), logits (P, C), test_logits (Q, C) kept as float16, xy (P, 2) as float32.
        Returns the bytes of the file.

        The predicted class (P,) and the shares of the classes (P, K) in 255ths are taken from
        ``logits`` as given, before rounding can make ties.
        DiskFull when the file has no room, StoreError when it cannot be written for another reason;
        every earlier snapshot is then intact.
        """
        pred = np.argmax(logits, axis=1).astype(np.uint16)
        xy = np.ascontiguousarray(xy, dtype=np.float32)
        arrays = {
            "z": to_float16(z),
            "logits": to_float16(logits),
            "test_logits": to_float16(test_logits),
        }
        share, share_class = shares(logits)
        drawn = {"xy": xy, "pred": pred, "share": share}
        drawn |= {} if share_class is None else {"share_class": share_class}
        data = save(arrays | drawn, {"step": str(step)})
        write_atomic(snapshot_path(self.folder, step), data)
        row = {
            "step": step,
            "sha256": hashlib.sha256(data).hexdigest(),
            "view_sha256": view_digest(xy, pred, share, share_class),
            "bytes": len(data),
            "quality": json.dumps({name: float(value) for name, value in quality.items()}),
        }
        self._commit(lambda: self._db.execute(insert(SNAPSHOT).prefix_with("OR REPLACE"), row))
        return len(data)

    def probe(self, probe: Probe, **extras: Array) -> None:
        """The probe's arrays and, by name, what else pages need once: ``ghost``, ``atlas``...

        Extras that the file already holds of the same probe are kept: a run that is resumed does
        not lose the retrained model's places.
        """
        names = ("index", "label", "is_forget", "test_index", "test_label")
        arrays = {name: np.asarray(getattr(probe, name)) for name in names}
        if probe.true_label is not None:
            arrays["true_label"] = probe.true_label
        held = self._held_probe()
        if held and all(np.array_equal(held.get(name, ()), arrays[name]) for name in arrays):
            arrays = held | arrays
        self._write_probe(arrays | extras)

    def probe_extras(self, **extras: Array) -> None:
        """Adds to the probe's file, which must have been written."""
        held = self._held_probe()
        if held is None:
            raise StoreError(f"Run {self.run_id} has no sound probe file to add to; start it anew.")
        self._write_probe(held | extras)

    def _held_probe(self) -> dict[str, Array] | None:
        """What the probe's file holds; None if there is none that can be read."""
        try:
            held: dict[str, Array] = load((self.folder / "probe.safetensors").read_bytes())
        except (OSError, SafetensorError):
            return None
        return held

    def _write_probe(self, arrays: Mapping[str, Array]) -> None:
        data = save({name: np.ascontiguousarray(values) for name, values in arrays.items()})
        self._insist(lambda: write_atomic(self.folder / "probe.safetensors", data))

    def event(self, step: int, kind: str, text: str) -> None:
        row = {"step": step, "kind": kind, "text": text}
        self._commit(lambda: self._db.execute(insert(EVENT), row))

    def truncate(self, from_step: int, progress: RunProgress | None = None) -> None:
        """Forgets everything from ``from_step`` on, as if it had not happened; one transaction.

        ``generation`` grows by one, which tells a page that frames it has are void.
        """

        def forget() -> None:
            for table in (METRIC, SNAPSHOT, EVENT):
                self._db.execute(delete(table).where(table.c.step >= from_step))
            void = RunProgress(generation=parse_progress(read_state(self._db)).generation + 1)
            self._put({**void.written, **(progress.written if progress else {})})

        self._commit(forget)
        self._remove_orphans()

    def finish(self, summary: Summary) -> None:
        """The final record: metrics, hashes, verdict. Moving to "done" is the caller's next act."""
        self._commit(lambda: self._put({SUMMARY: summary.written}))

    def last_snapshot(self) -> int | None:
        """The step of the newest snapshot on record."""
        newest = select(func.max(SNAPSHOT.c.step))
        step: int | None = self._commit(lambda: self._db.execute(newest).scalar_one())
        return step

    def _add(self, rows: Sequence[tuple[int, str, Any]], progress: RunProgress | None) -> None:
        spelled = []
        for step, name, raw in rows:
            value, kind = encode_value(raw)
            spelled.append({"step": step, "name": name, "value": value, "kind": kind})

        def put() -> None:
            if spelled:
                self._db.execute(insert(METRIC).prefix_with("OR REPLACE"), spelled)
            self._put(progress.written if progress else {})

        self._commit(put)

    def _put(self, values: Mapping[str, Any]) -> None:
        rows = [{"k": key, "v": json.dumps(value)} for key, value in values.items()]
        if rows:
            self._db.execute(insert(STATE).prefix_with("OR REPLACE"), rows)

    def _remove_orphans(self) -> None:
        """Snapshot files that no row names: a killed writer's, or truncated ones."""
        steps = self._commit(lambda: self._db.execute(select(SNAPSHOT.c.step)).scalars().all())
        known = {snapshot_path(self.folder, step).name for step in steps}
        for path in (self.folder / "snapshots").iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)

    def _commit(self, act: Callable[[], T]) -> T:
        """What ``act`` gives, in one transaction, once there is room for it."""

        def once() -> T:
            with sql.sentences(self._path), sql.transaction(self._db):
                return act()

        if self._db.closed:
            raise StoreError(f"The record of run {self.run_id} is closed; open a new RunWriter.")
        self.look()
        return self._insist(once)


def _inode(path: Path) -> int | None:
    found = stamp(path)
    return found[0] if found else None
