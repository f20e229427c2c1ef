"""Decoded images on disk, so that a dataset is decoded once: ``<home>/data/<name>.npz``.

The name holds a hash of the source's path and one of every file's path, size and time, so a
changed file is decoded anew and the older cache goes. npz, since its CRC finds a flipped byte.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cu_core.spec import Dataset

RULE = 1  # counted up when decoding the same bytes gives other arrays
PARTS = ("train_x", "train_y", "test_x", "test_y")


def cached(
    home: Path | None, key: str, files: Sequence[Path], read: Callable[[], Dataset]
) -> Dataset:
    """What ``read()`` gives, from the cache if the files are those it was made of.

    A cache that cannot be read or written costs time, never the dataset.
    """
    if home is None:
        return read()
    where = _digest(os.path.abspath(os.path.commonpath(files)))
    path = home / "data" / f"{where}-{_fingerprint(files)}.npz"
    try:
        return _load(path, key)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        dataset = read()
    try:
        _save(path, dataset)
    except OSError as error:
        return replace(dataset, notes=(*dataset.notes, f"not cached, decoded each time: {error}"))
    for old in path.parent.glob(f"{where}-*.npz"):
        if old != path:
            old.unlink(missing_ok=True)
    return dataset


def _fingerprint(files: Sequence[Path]) -> str:
    stats = [(os.path.abspath(file), file.stat()) for file in files]
    return _digest(*(f"{name}|{s.st_size}|{s.st_mtime_ns}" for name, s in stats), str(RULE))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _load(path: Path, key: str) -> Dataset:
    with np.load(path, allow_pickle=False) as stored:
        about = json.loads(stored["about"].tobytes())
        train_x, train_y, test_x, test_y = (stored[name] for name in PARTS)
    names, notes = tuple(about["class_names"]), tuple(about["notes"])
    return Dataset(key, train_x, train_y, test_x, test_y, names, notes)


def _save(path: Path, dataset: Dataset) -> None:
    about = json.dumps({"class_names": dataset.class_names, "notes": dataset.notes}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(
                file,
                about=np.frombuffer(about, np.uint8),
                train_x=dataset.train_x,
                train_y=dataset.train_y,
                test_x=dataset.test_x,
                test_y=dataset.test_y,
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
