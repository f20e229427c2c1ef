"""Folders of runs and models on their way between machines: what has changed since the last time.

A run that is made on another machine is sent home file by file; its ``run.db`` as a consistent copy
without side files, so that a reader here has either the last copy or the one before it.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from cu_core.errors import StoreError
from cu_core.files import stamp, write_atomic
from cu_core.store.config import CONFIG
from cu_core.store.modelcache import WEIGHTS, ModelCache

Files = dict[str, bytes | None]
"""Contents by path inside a folder, with slashes; None: there is no such file any more."""
RECORD, MODEL_RECORD = "run.db", "record.json"
SIDES = (f"{RECORD}-wal", f"{RECORD}-shm", f"{RECORD}-journal")
ROLLBACK_JOURNAL = bytes((1, 1))  # in a file's head, where a database with a log has 2, 2
JOURNAL_AT = slice(18, 20)


class Outgoing:
    """A run's folder as it is sent: each ``collect`` gives what the one before did not.

    ``there``: the folder that it is to look as if it lay in; None: this one.
    """

    def __init__(self, folder: Path, there: Path | None = None) -> None:
        self.folder, self.there = folder, there or folder
        self._sent: dict[str, object] = {}

    def settle(self) -> None:
        """What is here now is there too."""
        self._sent = self._stamps()

    def collect(self) -> Files:
        """The record first, then the files it names: whatever it names is with it or was sent."""
        before = self._sent.get(RECORD)
        now = {RECORD: self._record_stamp()}
        changed: Files = {}
        if now[RECORD] not in (None, before):
            changed[RECORD] = self._record()
        now = self._stamps() | now
        for name, stamped in now.items():
            if name != RECORD and stamped != self._sent.get(name):
                changed[name] = _read(self.folder / name)
        gone = {name: None for name in self._sent if name not in now}
        self._sent = now
        return changed | gone

    def again(self) -> None:
        """What was collected last did not arrive: all is sent anew."""
        self._sent = {}

    def _stamps(self) -> dict[str, object]:
        found: dict[str, object] = {
            path.relative_to(self.folder).as_posix(): stamp(path) for path in _files(self.folder)
        }
        return found | {RECORD: self._record_stamp()}

    def _record_stamp(self) -> object:
        path = self.folder / RECORD
        log = path.with_name(SIDES[0])
        return (stamp(path), stamp(log)) if path.exists() else None

    def _record(self) -> bytes:
        """A copy as of one moment, in one file, that speaks of the folder ``there``."""
        return _elsewhere(copy_of(self.folder / RECORD), self.folder, self.there)


def copy_of(record: Path) -> bytes:
    """A record as of one moment, as a file that needs no side files."""
    source = sqlite3.connect(f"{record.as_uri()}?mode=rw", uri=True)
    with closing(source), closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)
        data = bytearray(copy.serialize())
    data[JOURNAL_AT] = ROLLBACK_JOURNAL
    return bytes(data)


def whole(folder: Path) -> dict[str, bytes]:
    """All of a run's folder, with what was asked."""
    files = Outgoing(folder).collect() | {CONFIG: _read(folder / CONFIG)}
    return {name: data for name, data in files.items() if data is not None}


def unpack(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Puts them in place: the record after the files that it names, and before others go."""
    last = {name: files[name] for name in (RECORD,) if name in files}
    for name, data in {**{k: v for k, v in files.items() if k != RECORD}, **last}.items():
        if data is not None:
            path = _inside(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)
    if RECORD in files:
        for side in SIDES:  # of a writer that was here before: they belong to another file
            (folder / side).unlink(missing_ok=True)
    for name, data in files.items():
        if data is None:
            _inside(folder, name).unlink(missing_ok=True)


def pack_model(store: ModelCache, model_id: str) -> dict[str, bytes]:
    """Everything kept of a complete model: weights, record, and what was computed from it."""
    return {name: path.read_bytes() for name, path in model_files(store, model_id).items()}


def model_files(store: ModelCache, model_id: str) -> dict[str, Path]:
    """By name: those of the model, and those computed from one that comes with Lethe."""
    folders = dict.fromkeys((store.model_dir(model_id), store.paths.models / model_id))
    return {path.name: path for folder in folders for path in _files(folder)}


def unpack_model(store: ModelCache, model_id: str, files: Mapping[str, bytes]) -> None:
    """Adds what is not there yet; the record, which makes the model complete, last."""
    folder = store.paths.child(store.paths.models, model_id)
    if folder is None:
        raise StoreError(f"{model_id[:80]!r} is no model's id; it was not kept.")
    folder.mkdir(exist_ok=True)
    known = (MODEL_RECORD, WEIGHTS) if store.has_model(model_id) else ()
    for name in sorted(files, key=MODEL_RECORD.__eq__):
        path = _inside(folder, name)
        if name not in known and not path.exists():
            write_atomic(path, files[name])


def _files(folder: Path) -> Iterator[Path]:
    """Those that travel: no locks, nothing half-written, no side files, not what was asked."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        own = path.name.startswith(".") or path.suffix == ".lock"
        if path.is_file() and not own and path.name not in (CONFIG, RECORD, *SIDES):
            yield path


def _read(path: Path) -> bytes | None:
    """None for a file that has gone just now."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"{name!r} leads out of {folder}; nothing was written there.")
    return path


def _elsewhere(record: bytes, here: Path, there: Path) -> bytes:
    """The record with one folder's path in the place of another's, as JSON spells both."""
    if here == there:
        return record
    words = [json.dumps(str(folder))[1:-1] for folder in (here, there)]
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(record)
        copy.execute("UPDATE state SET v = replace(v, ?, ?)", words)
        copy.commit()
        return copy.serialize()
