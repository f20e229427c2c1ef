"""``folder:PATH``: a sub-folder of images per class, directly or in ``train/`` and ``test/``."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from cu_core.data import cifar_batches
from cu_core.data._layout import Layout, Picture, layout
from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.decode import decode
from cu_core.data.memory import Room
from cu_core.data.missing import missing
from cu_core.data.scaling import scaled
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.files import given_path
from cu_core.spec import Dataset, Ints, Origin


def load(argument: str, home: Path | None, size: int | None = None) -> Dataset:
    """Images (N, C, H, W) uint8 and the folder names as classes; see ``decode`` for the rule."""
    root = given_path(argument)
    if not root.is_dir():
        raise BadData(f"{missing(root, 'folder')}. Give the folder that holds the classes.")
    key = f"folder:{argument}"
    if batches := cifar_batches.found_in(root):
        return scaled(cifar_batches.read(key, batches, home), size)
    found = layout(root)
    files = [picture.file for picture in chain(found.train, found.test)]
    dataset = cached(home, key, files, lambda room: _read(key, root, found, room, size), size)
    return replace(dataset, notes=(*found.notes, *dataset.notes))


def _read(key: str, root: Path, found: Layout, room: Room, size: int | None) -> Dataset:
    pictures = [*found.train, *found.test]
    called = [picture.file.relative_to(root).as_posix() for picture in pictures]
    decoded = decode([picture.file for picture in pictures], called, room, size)
    place = {name: k for k, name in enumerate(found.classes)}
    labels = [place[pictures[i].label] for i in decoded.kept]
    n_train = int(np.searchsorted(decoded.kept, len(found.train)))
    names = ("the training files", "the test files") if found.test else ("the files",) * 2
    kept = (decoded.kept[:n_train], decoded.kept[n_train:])
    origins = [_origin(of, pictures, called, part) for of, part in zip(names, kept, strict=True)]
    parts = {"n_train": n_train, "origins": origins} if found.test else {"origins": origins[:1]}
    return assemble(key, decoded.x, labels, names=found.classes, notes=decoded.notes, **parts)


def _origin(of: str, pictures: list[Picture], called: list[str], index: Ints) -> Origin:
    rows = np.array([pictures[i].row for i in index], np.int64)
    return Origin(rows, of, tuple(called[i] for i in index))


SOURCES = (
    Source(
        key="folder",
        title="Image folder",
        help="A folder with one sub-folder of images per class, optionally below train/ and test/.",
        load=load,
        needs_path=True,
        sizes=True,
    ),
)
