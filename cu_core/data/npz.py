"""``npz:PATH``: numpy arrays under x/y, or train_x, train_y, test_x, test_y. Never unpickled."""

import zipfile
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data._npz_arrays import Arrays, Found, Part, find
from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.memory import Room, fits, parts
from cu_core.data.pixels import filled, samples
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.files import given_path, refuse_bomb
from cu_core.spec import Dataset, Origin


def load(argument: str, home: Path | None) -> Dataset:
    """Images, (N, H, W), (N, H, W, C) or (N, C, H, W), or rows (N, D), as one Dataset.

    What numbers mean is told by their values and said in the notes, see ``pixels``. BadData for
    object arrays, for numbers that are not finite and for shapes or ranges that fit nothing. What
    does not fit in memory is unpacked into the cache.
    """
    path = given_path(argument)
    key, size = f"npz:{argument}", _size(path)
    if size:
        refuse_bomb(path.name, path.stat().st_size, size)
    if fits(size):
        return _read(key, path, Room())
    return cached(home, key, [path], lambda room: _read(key, path, room))


def _size(path: Path) -> int:
    """Bytes of the arrays unpacked; 0 for what is no such file, which is said when it is read."""
    try:
        with zipfile.ZipFile(path) as members:
            return sum(member.file_size for member in members.infolist())
    except (OSError, zipfile.BadZipFile):
        return 0


def _read(key: str, path: Path, room: Room) -> Dataset:
    arrays = Arrays(path, room)
    found = find(arrays)
    labels = [_one_each(arrays.read(part.y)) for part in found.parts]
    xs = [arrays.read(part.x) for part in found.parts]
    called = f"{found.parts[0].x} of {path.name}"
    if len(xs) == 1:
        x, said = samples(xs[0], called, room, len(labels[0]))
    else:
        _agree(key, found, xs, labels)
        x, said = samples(_joined(xs[0], xs[1], room), called, room)
    names = arrays.read(found.names).tolist() if found.names else ()
    origins = [_origin(arrays, part) for part in found.parts]
    return assemble(
        key,
        x,
        np.concatenate(labels),
        len(labels[0]) if len(labels) > 1 else None,
        [name.decode() if isinstance(name, bytes) else name for name in names],
        [*found.notes, *said],
        origins,
    )


def _one_each(labels: NDArray[Any]) -> NDArray[Any]:
    """(N,) of the rows or the columns that labels are saved as, MATLAB's (1, N) too."""
    return labels.reshape(-1) if labels.ndim == 2 and 1 in labels.shape else labels


def _agree(key: str, found: Found, xs: list[NDArray[Any]], labels: list[NDArray[Any]]) -> None:
    if xs[0].shape[1:] != xs[1].shape[1:]:
        raise BadData(
            f"{key}: {found.parts[0].x} holds samples of the shape {xs[0].shape[1:]}, "
            f"{found.parts[1].x} of {xs[1].shape[1:]}; they must agree."
        )
    for part, x, y in zip(found.parts, xs, labels, strict=True):
        if len(x) != len(y):
            raise BadData(
                f"{key} has {len(x)} samples in {part.x} but {len(y)} labels in {part.y}."
            )


def _origin(arrays: Arrays, part: Part) -> Origin:
    named = {
        role: tuple(str(v) for v in arrays.read(name).astype(str).tolist())
        for role in ("file", "key", "text")
        if (name := getattr(part, role))
    }
    n = max(arrays.heads[part.y][0] or (0,))
    return Origin(np.arange(n), f"{part.x} of {arrays.path.name}", **named)


def _joined(a: NDArray[Any], b: NDArray[Any], room: Room) -> NDArray[Any]:
    """Both, one after the other, as ``np.concatenate`` does."""
    x = room.array((len(a) + len(b), *a.shape[1:]), np.result_type(a, b))
    return filled(x, chain(parts(a), parts(b)))


SOURCES = (
    Source(
        key="npz",
        title="NumPy arrays (.npz)",
        help="x and y, or train_x, train_y, test_x and test_y: images or rows of numbers.",
        load=load,
        needs_path=True,
    ),
)
