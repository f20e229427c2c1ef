"""``cifar10py:PATH``: CIFAR as its makers give it for Python, the folder cifar-10-batches-py.

Also CIFAR-100 (cifar-100-python) and other sets in their form. The files are pickles; they are read
by a reader that runs nothing, see ``inert``.
"""

import math
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core import inert
from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.memory import Room, fits
from cu_core.data.missing import missing
from cu_core.data.partnames import listed
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.files import given_path
from cu_core.spec import Dataset, Origin

FIRST = ("data_batch_1", "data_batch", "train_data_batch_1", "train")  # of a set, by its name
TRAIN_FILE = re.compile(r"((train_)?data_batch(_\d+)?|train)")
TEST_FILE = re.compile(r"test_batch|test|val_data")
META_FILES = ("batches.meta", "meta")
LABELS = ("labels", "fine_labels")
NAMES = ("label_names", "fine_label_names")
KNOWN = ("data", "filenames", "batch_label", "mean", *LABELS)


@dataclass(frozen=True)
class _Batch:
    """One file. ``x``: uint8 (N, 3, H, W); ``rest``: keys that are not read."""

    x: NDArray[np.uint8]
    labels: list[Any]
    files: list[str]
    rest: list[str]


def found_in(root: Path) -> Path | None:
    """``root``, or the only folder in it, if it holds such files. BadData if several do."""
    if _begins(root):
        return root
    inside = [f for f in sorted(root.iterdir()) if _begins(f)]
    if len(inside) > 1:
        raise BadData(f"{str(root)!r} holds {listed([f.name for f in inside])}; give one of them.")
    return inside[0] if inside else None


def _begins(root: Path) -> bool:
    """A file called train alone could be anything."""
    found = next((name for name in FIRST if (root / name).is_file()), "")
    return bool(found) and (
        found != "train" or any((root / name).is_file() for name in ("test", "meta"))
    )


def _training_files(root: Path) -> list[Path]:
    """In the order of their numbers."""
    files = [f for f in root.iterdir() if TRAIN_FILE.fullmatch(f.name) and f.is_file()]
    return sorted(files, key=lambda f: (len(f.name), f.name))


def load(argument: str, home: Path | None) -> Dataset:
    """50,000 + 10,000 images (N, 3, 32, 32), their file names, and the class names of the set."""
    root = given_path(argument)
    if not root.is_dir():
        raise BadData(
            f"{missing(root, 'folder')}. Give the folder cifar-10-batches-py that its archive "
            "unpacks to."
        )
    there = found_in(root)
    if there is None:
        raise BadData(
            f"{str(root)!r} holds no data_batch_1 and no train; give the folder "
            "cifar-10-batches-py or cifar-100-python."
        )
    return read(f"cifar10py:{argument}", there, home)


def read(key: str, root: Path, home: Path | None) -> Dataset:
    """The set in a folder that ``found_in`` gave."""
    train = _training_files(root)
    test = [f for f in sorted(root.iterdir()) if TEST_FILE.fullmatch(f.name) and f.is_file()]
    meta = [f for name in META_FILES if (f := root / name).is_file()]
    files = [*train, *test[:1], *meta[:1]]
    if fits(sum(f.stat().st_size for f in files)):
        return _read(key, train, test[:1], meta[:1], Room())
    return cached(home, key, files, lambda room: _read(key, train, test[:1], meta[:1], room))


def _read(key: str, train: list[Path], test: list[Path], meta: list[Path], room: Room) -> Dataset:
    batches = [_batch(file) for file in (*train, *test)]
    shapes = {batch.x.shape[1:] for batch in batches}
    if len(shapes) > 1:
        raise BadData(f"{key}: the batches hold images of several sizes; they must agree.")
    x = room.array((sum(len(b.x) for b in batches), *shapes.pop()))
    at = 0
    for batch in batches:
        x[at : at + len(batch.x)] = batch.x
        at += len(batch.x)
    n_train = sum(len(b.x) for b in batches[: len(train)])
    origins = [_origin(train, batches[: len(train)])]
    origins += [_origin(test, batches[len(train) :])] if test else []
    return assemble(
        key,
        x,
        [label for batch in batches for label in batch.labels],
        n_train if test else None,
        _names(meta[0]) if meta else (),
        [_read_from(train, test, batches)],
        origins,
    )


def _read_from(train: list[Path], test: list[Path], batches: list[_Batch]) -> str:
    names = [file.name for file in (*train, *test)]
    rest = list(dict.fromkeys(name for batch in batches for name in batch.rest))
    said = f"read from {listed(names)}"
    last = int(train[-1].name.rpartition("_")[2]) if len(train) > 1 else len(train)
    said += f"; of {last} batches {last - len(train)} are missing" if last > len(train) else ""
    return f"{said}; {listed(rest)} left aside" if rest else said


def _origin(files: list[Path], batches: list[_Batch]) -> Origin:
    called = [name for batch in batches for name in batch.files]
    n = sum(len(batch.x) for batch in batches)
    of = files[0].name if len(files) == 1 else "the training files"
    return Origin(np.arange(n), of, tuple(called) if len(called) == n else ())


def _batch(file: Path) -> _Batch:
    held = _unpickled(file)
    labels = next((held[name] for name in LABELS if name in held), None)
    x = held.get("data")
    if not isinstance(x, np.ndarray) or x.ndim != 2 or labels is None:
        raise BadData(
            f"{str(file)!r} is no batch of CIFAR: it needs data (N, 3072) and labels, and holds "
            f"{listed(list(held)) or 'nothing'}."
        )
    side = math.isqrt(x.shape[1] // 3)
    if x.dtype != np.uint8 or 3 * side * side != x.shape[1] or len(x) != len(labels):
        raise BadData(
            f"{str(file)!r}: data is {x.dtype} of shape {x.shape} beside {len(labels):,} labels; "
            "a batch holds bytes of square colour images, and a label of each."
        )
    files = held.get("filenames")
    called = [_text(name) for name in files] if isinstance(files, list) else []
    rest = [name for name in held if name not in KNOWN]
    return _Batch(x.reshape(len(x), 3, side, side), list(labels), called, rest)


def _names(meta: Path) -> tuple[str, ...]:
    """The class names in the order of the labels."""
    held = _unpickled(meta)
    found: list[Any] = next((of for name in NAMES if isinstance(of := held.get(name), list)), [])
    return tuple(_text(name) for name in found)


def _unpickled(file: Path) -> dict[str, Any]:
    """A pickled dictionary; keys of Python 2 and of Python 3 are texts."""
    try:
        held = inert.load(BytesIO(file.read_bytes()))
    except (inert.Unreadable, OSError) as error:
        raise BadData(f"{str(file)!r} cannot be read as a batch of CIFAR: {error}.") from None
    if not isinstance(held, dict):
        raise BadData(f"{str(file)!r} is no batch of CIFAR: it holds a {type(held).__name__}.")
    return {_text(key): value for key, value in held.items()}


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


SOURCES = (
    Source(
        key="cifar10py",
        title="CIFAR batches (cifar-10-batches-py)",
        help="The folder of CIFAR-10 or CIFAR-100 as its makers give it for Python.",
        load=load,
        needs_path=True,
    ),
)
