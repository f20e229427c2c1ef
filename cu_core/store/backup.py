"""A home folder as one file, and back: runs, models, data, choices and sweeps, each file with its
hash. Databases are copied as they stand between two transactions, so a backup can be taken while
runs go on; such a run is in it as far as its last commit, and is taken up from its checkpoint.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cu_core.errors import StoreError
from cu_core.spec import SCHEMA_VERSION
from cu_core.store.begun import FILE as BEGUN
from cu_core.store.config import CONFIG
from cu_core.store.parcels import copy_of

MANIFEST = "MANIFEST.json"
LEFT_OUT = ("workers", "locks", "incoming", "handouts")  # of living processes, and of the day
DATABASE = ".db"
TRANSIENT = ("-wal", "-shm", "-journal", ".lock", ".tmp", ".part")


@dataclass(frozen=True)
class Backup:
    """What a backup file holds: how many files, and their bytes."""

    files: int
    bytes: int


def backup(home: Path, target: Path, tick: Callable[[int, int], None]) -> Backup:
    """Writes ``target`` whole or not at all. ``tick(done, total)``: files. StoreError when the
    disk does not have the room or ``target`` lies in the home itself."""
    if target.absolute().is_relative_to(home):
        raise StoreError(
            f"{target} lies in the home folder that it is to hold. Give another place."
        )
    unfinished = target.with_name(f".{target.name}.part")
    hashes: dict[str, str] = {}
    total = 0
    try:
        with tarfile.open(unfinished, "w") as archive:
            expected = sum(1 for _ in _files(home))
            for path in _in_order(home):
                name = path.relative_to(home).as_posix()
                try:
                    hashes[name], n = _add(archive, name, path)
                except FileNotFoundError:
                    continue  # deleted meanwhile
                total += n
                tick(len(hashes), max(expected, len(hashes)))
            said = {"layout": SCHEMA_VERSION, "home": str(home), "sha256": hashes}
            _add_bytes(archive, MANIFEST, json.dumps(said).encode())
        unfinished.replace(target)
    except OSError as fault:
        raise StoreError(f"{target} could not be written ({fault.strerror or fault}).") from fault
    finally:
        unfinished.unlink(missing_ok=True)
    return Backup(len(hashes), total)


def restore(source: Path, home: Path, tick: Callable[[int, int], None]) -> Backup:
    """Makes ``home`` of a backup; it must not exist yet, or be empty. Nothing is left of a backup
    that is damaged, names a place outside, or is of a later Lethe: StoreError says which."""
    try:
        if home.exists() and any(home.iterdir()):
            raise StoreError(f"{home} is not empty. Restore into a new folder: --home FOLDER.")
        home.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    except OSError as fault:
        raise StoreError(f"{home} cannot be made ({fault.strerror or fault}).") from fault
    try:
        with tarfile.open(source, "r:") as archive:  # as it is written: nothing in it is packed
            members = archive.getmembers()
            size = sum(member.size for member in members)
            if size > source.stat().st_size:
                raise StoreError(f"{source.name} claims {size:,} bytes, more than it can hold.")
            for done, member in enumerate(members, start=1):
                if not member.isfile():
                    raise StoreError(f"{source.name} holds {member.name!r}, which is no file.")
                archive.extract(member, unfinished, filter="data")
                tick(done, len(members))
        found = _checked(source, unfinished, home)
        if home.exists():
            home.rmdir()
        unfinished.rename(home)
    except (OSError, tarfile.TarError, EOFError) as fault:
        raise StoreError(f"{source} cannot be restored: {fault}.") from fault
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return found


def _checked(source: Path, folder: Path, home: Path) -> Backup:
    """``home``: where ``folder`` is to be. Lists of samples that runs have there are named so."""
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
        hashes, layout, old = dict(said["sha256"]), int(said["layout"]), str(said["home"])
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError(f"{source.name} is no backup of Lethe: it has no {MANIFEST}.") from None
    if layout > SCHEMA_VERSION:
        raise StoreError(
            f"{source.name} was made by a later Lethe (layout {layout}). Update first."
        )
    (folder / MANIFEST).unlink()
    there = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    odd = sorted(set(hashes) ^ set(there)) or sorted(
        name for name, path in there.items() if _digest(path) != hashes[name]
    )
    if odd:
        raise StoreError(f"{source.name} is damaged: {odd[0]} is not as it was backed up.")
    found = Backup(len(there), sum(path.stat().st_size for path in there.values()))
    for said in (*folder.glob(f"runs/*/{CONFIG}"), *folder.glob(f"*/*/{BEGUN}")):
        text = said.read_text("utf-8")
        said.write_text(text.replace(f"{old}{os.sep}", f"{home}{os.sep}"), "utf-8")
    return found


def _in_order(home: Path) -> Iterator[Path]:
    """The records first, then the files that they name, listed once the records are copied: what a
    run adds meanwhile is in the backup without a record, never the other way round."""
    for records in (True, False):
        yield from sorted(path for path in _files(home) if (path.suffix == DATABASE) == records)


def _files(home: Path) -> Iterator[Path]:
    for path in home.rglob("*"):
        inner = path.relative_to(home)
        hidden = any(part.startswith(".") for part in inner.parts)
        if inner.parts[0] in LEFT_OUT or hidden or path.name.endswith(TRANSIENT):
            continue
        if path.is_symlink():
            raise StoreError(
                f"{path} is a link, which no backup follows. Back up with the folder itself in "
                "the home, or copy what it leads to by hand and take the link away meanwhile."
            )
        if path.is_file():
            yield path


def _add(archive: tarfile.TarFile, name: str, path: Path) -> tuple[str, int]:
    """(SHA-256, bytes) of what is now in the archive."""
    if path.suffix == DATABASE:
        data = _database(path)
        _add_bytes(archive, name, data)
        return hashlib.sha256(data).hexdigest(), len(data)
    with path.open("rb") as file:
        about = archive.gettarinfo(arcname=name, fileobj=file)
        about.uid = about.gid = 0
        about.uname = about.gname = ""
        hearing = _Hearing(file)
        archive.addfile(about, hearing)
    return hearing.digest.hexdigest(), about.size


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size = len(data)
    archive.addfile(about, io.BytesIO(data))


class _Hearing(io.RawIOBase):
    """A file whose bytes are hashed as they are read: it is read once."""

    def __init__(self, file: io.BufferedReader) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found = self.file.read(size)
        self.digest.update(found)
        return found


def _database(path: Path) -> bytes:
    """As it stands between two transactions, its journal included; one that is damaged, as it is:
    it is no reason to keep nothing of the others."""
    try:
        return copy_of(path)
    except sqlite3.Error:
        return path.read_bytes()  # FileNotFoundError of one that has been deleted


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
