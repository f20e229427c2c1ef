"""The worker's pen: everything a run records. One process writes a run, the one that holds it.

A snapshot is committed by its row: file, fsync, rename, then the row with the file's SHA-256. A
file without a row is garbage, a row without its file is a damaged snapshot.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from sqlalchemy import Connection, delete, func, insert, select

from cu_core.errors import StoreError
from cu_core.files import write_atomic
from cu_core.spec import ACTIVE, SCHEMA_VERSION, Probe, RunProgress, RunState, StepLog, Summary
from cu_core.store import sql
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
        self._path = self.folder / "run.db"
        state = store.run(run_id).state  # UnknownRun before anything is made
        for part in ("snapshots", "ckpt"):
            (self.folder / part).mkdir(exist_ok=True)
        with sql.sentences(self._path):
            self._db: Connection = sql.engine(self._path, "rwc").connect()
            known = sql.version(self._db)
            if known > SCHEMA_VERSION:
                self.close()
                raise sql.NewerDatabase(sql.newer(self._path))
            sql.create(self._db, TABLES, wal=True)
            self._db.exec_driver_sql("PRAGMA synchronous=NORMAL")
            self._db.commit()
        if state in ACTIVE:
            self.put(RunProgress(state=state))
        self._remove_orphans()

    @property
    def log_path(self) -> Path:
        return self.folder / "worker.log"

    @property
    def ckpt_path(self) -> Path:
        """The newest checkpoint; the file may not exist."""
        return self.folder / "ckpt" / "last.pt"

    def checkpoint(self, state: bytes) -> None:
        """Replaces the checkpoint, whole or not at all."""
        write_atomic(self.ckpt_path, state)

    def close(self) -> None:
        self._db.close()

    def put(self, progress: RunProgress) -> None:
        """The fields that are set, in one transaction; the others stay as they are."""
        with self._transaction():
            self._put(progress.written)

    def read(self) -> RunProgress:
        """Everything on record, e.g. to take a run up again."""
        with self._transaction():
            return parse_progress(read_state(self._db))

    def move(self, old: RunState | Sequence[RunState], new: RunState, message: str = "") -> bool:
        """``Store.move``, and the same in run.db, from which app.db can be rebuilt."""
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
    ) -> None:
        """z (P, D), logits (P, C), test_logits (Q, C) kept as float16, xy (P, 2) as float32.

        The predicted class (P,) and the shares of the classes (P, K) in 255ths are taken from
        ``logits`` as given, before rounding can make ties.
        StoreError when the disk refuses; every earlier snapshot is then intact.
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
        with self._transaction():
            self._db.execute(insert(SNAPSHOT).prefix_with("OR REPLACE"), row)

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
        write_atomic(self.folder / "probe.safetensors", data)

    def event(self, step: int, kind: str, text: str) -> None:
        with self._transaction():
            self._db.execute(insert(EVENT), {"step": step, "kind": kind, "text": text})

    def truncate(self, from_step: int, progress: RunProgress | None = None) -> None:
        """Forgets everything from ``from_step`` on, as if it had not happened; one transaction.

        ``generation`` grows by one, which tells a page that frames it has are void.
        """
        with self._transaction():
            for table in (METRIC, SNAPSHOT, EVENT):
                self._db.execute(delete(table).where(table.c.step >= from_step))
            void = RunProgress(generation=parse_progress(read_state(self._db)).generation + 1)
            self._put({**void.written, **(progress.written if progress else {})})
        self._remove_orphans()

    def finish(self, summary: Summary) -> None:
        """The final record: metrics, hashes, verdict. Moving to "done" is the caller's next act."""
        with self._transaction():
            self._put({SUMMARY: summary.written})

    def last_snapshot(self) -> int | None:
        """The step of the newest snapshot on record."""
        with self._transaction():
            step: int | None = self._db.execute(select(func.max(SNAPSHOT.c.step))).scalar_one()
        return step

    def _add(self, rows: Sequence[tuple[int, str, Any]], progress: RunProgress | None) -> None:
        spelled = []
        for step, name, raw in rows:
            value, kind = encode_value(raw)
            spelled.append({"step": step, "name": name, "value": value, "kind": kind})
        with self._transaction():
            if spelled:
                self._db.execute(insert(METRIC).prefix_with("OR REPLACE"), spelled)
            self._put(progress.written if progress else {})

    def _put(self, values: Mapping[str, Any]) -> None:
        rows = [{"k": key, "v": json.dumps(value)} for key, value in values.items()]
        if rows:
            self._db.execute(insert(STATE).prefix_with("OR REPLACE"), rows)

    def _remove_orphans(self) -> None:
        """Snapshot files that no row names: a killed writer's, or truncated ones."""
        with self._transaction():
            steps = self._db.execute(select(SNAPSHOT.c.step)).scalars().all()
        known = {snapshot_path(self.folder, step).name for step in steps}
        for path in (self.folder / "snapshots").iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._db.closed:
            raise StoreError(f"The record of run {self.run_id} is closed; open a new RunWriter.")
        with sql.sentences(self._path), sql.transaction(self._db):
            yield
