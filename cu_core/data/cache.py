"""Decoded images on disk, so that a dataset is decoded once: a folder ``<home>/data/<name>/``.

The name holds a hash of the source's path and one of every file's path, size and time, so a
changed file is decoded anew and the older cache goes. Arrays are plain .npy files, since these can
be mapped: no worker copies them, and a set larger than the memory is read as it is needed. The
folder gets its name last, so whoever is killed leaves no half cache.

A cache that fits in memory is compared with its hash, which a run asks for anyway. A larger one is
only if its files' sizes or times are not those on record: that would delay every start by minutes.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from cu_core.data.memory import Room, fits, parts
from cu_core.errors import BadData
from cu_core.files import stamp
from cu_core.spec import Dataset, Origin

RULE = 3  # counted up when decoding the same bytes gives other arrays, or the cache another form
PARTS = ("train_x", "train_y", "test_x", "test_y")
ABOUT = "about.json"  # below its own hash
DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError)  # what reading raises


def cached(
    home: Path | None,
    key: str,
    files: Sequence[Path],
    read: Callable[[Room], Dataset],
    size: int | None = None,
    source: Path | None = None,
) -> Dataset:
    """What ``read`` gives, from the cache if the files are those it was made of.

    ``read`` puts its arrays into the room it is given. ``size``: that images are read at; each has
    a cache of its own. ``source``: what earlier caches are known by, if not where the files lie. A
    cache that cannot be read or written costs time, never the dataset, unless
    that fits nowhere else.
    """
    if home is None:
        return read(Room())
    whose = str(source) if source else os.path.abspath(os.path.commonpath(files))
    where = _digest([whose, *([str(size)] if size else [])])
    folder = home / "data" / f"{where}-{_digest(_stamps(files))}"
    with suppress(*DAMAGED):
        return _load(folder, key)
    made = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    try:
        return _made(made, folder, key, read)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _made(made: Path, folder: Path, key: str, read: Callable[[Room], Dataset]) -> Dataset:
    """Reads into the folder ``made``, which then becomes ``folder``."""
    room = Room(made)
    dataset = read(room)
    try:
        made.mkdir(parents=True, exist_ok=True)
        _save(made, dataset, sync=bool(room.on_disk))
        for scratch in room.on_disk:
            scratch.unlink()
        with suppress(*DAMAGED):
            return _load(folder, key)  # another process was faster, and may be using it
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        made.rename(folder)
    except OSError as error:
        if room.on_disk:
            raise BadData(f"{key} does not fit in memory, and on disk: {error}.") from error
        return replace(dataset, notes=(*dataset.notes, f"not cached, decoded each time: {error}"))
    _sweep(folder)
    return _load(folder, key)


def _sweep(folder: Path) -> None:
    """Removes other caches of the same source, and what readers left that were killed."""
    source = folder.name.partition("-")[0]
    for other in folder.parent.glob(f"{source}-*"):
        name, *half = other.name.split(".")
        if half[-1:] == ["part"] and psutil.pid_exists(int(half[0])):
            continue  # another process is making it
        if name != folder.name or half:
            shutil.rmtree(other, ignore_errors=True)
            with suppress(OSError):
                other.unlink()  # caches were files once


def _stamps(files: Sequence[Path]) -> Iterable[str]:
    for file in files:
        found = stamp(file)  # None where a link leads nowhere
        yield f"{os.path.abspath(file)}|{found[1:] if found else ''}"
    yield str(RULE)


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _load(folder: Path, key: str) -> Dataset:
    """One of DAMAGED if it is not there or not what was written."""
    said, _, text = (folder / ABOUT).read_text("utf-8").partition("\n")
    if said != _digest([text]):
        raise ValueError(f"{folder / ABOUT} is damaged")
    about = json.loads(text)
    paths = [folder / f"{name}.npy" for name in PARTS]
    touched = _sizes_and_times(paths) != about["files"]
    whole = fits(sum(path.stat().st_size for path in paths))
    # "c", changes stay private: torch shares such an array as it is. Not for a file larger than
    # the memory, since the system refuses to promise a private copy of all of it.
    mode: Any = "c" if whole else "r"
    train_x, test_x = (np.load(paths[i], mmap_mode=mode) for i in (0, 2))
    train_y, test_y = (np.load(paths[i]) for i in (1, 3))
    names, notes = tuple(about["class_names"]), tuple(about["notes"])
    dataset = Dataset(key, train_x, train_y, test_x, test_y, names, notes)
    train, test = (_origin(of) for of in about["origins"])
    dataset = replace(dataset, train_origin=train, test_origin=test)
    if not whole and not touched:
        return replace(dataset, known_hash=about["hash"])
    if dataset.hash != about["hash"]:
        raise ValueError(f"{folder} is damaged")
    return dataset


def _save(folder: Path, dataset: Dataset, sync: bool) -> None:
    """``sync``: have the files on the disk now, as one that is not compared with its hash must be
    before it is trusted: the power may go."""
    paths = [folder / f"{name}.npy" for name in PARTS]
    for path, array in zip(paths, (getattr(dataset, name) for name in PARTS), strict=True):
        _write(path, array, sync)
    about = {
        "class_names": dataset.class_names,
        "notes": dataset.notes,
        "hash": dataset.hash,
        "origins": [_written(of) for of in (dataset.train_origin, dataset.test_origin)],
        "files": _sizes_and_times(paths),
    }
    text = json.dumps(about)
    (folder / ABOUT).write_text(f"{_digest([text])}\n{text}", "utf-8")


def _written(origin: Origin | None) -> dict[str, Any] | None:
    """``row``: how many, where they count upwards from 0, as most do."""
    if origin is None:
        return None
    plain = np.array_equal(origin.row, np.arange(len(origin.row)))
    return {**vars(origin), "row": len(origin.row) if plain else origin.row.tolist()}


def _origin(written: dict[str, Any] | None) -> Origin | None:
    """What ``_written`` was given."""
    if written is None:
        return None
    rows = written["row"]
    row = np.arange(rows) if isinstance(rows, int) else np.array(rows, np.int64)
    names = {name: tuple(written[name]) for name in ("file", "key", "text")}
    return Origin(row, written["of"], **names)


def _write(path: Path, array: Any, sync: bool) -> None:
    """An array, or rows of one, as .npy, a part at a time."""
    with path.open("wb") as file:
        descr = np.lib.format.dtype_to_descr(array.dtype)
        header = {"descr": descr, "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts(array):
            file.write(np.ascontiguousarray(part).data)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def _sizes_and_times(paths: Sequence[Path]) -> list[list[int]]:
    return [[s.st_size, s.st_mtime_ns] for s in (path.stat() for path in paths)]
