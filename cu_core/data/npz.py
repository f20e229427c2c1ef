"""``npz:PATH``: numpy arrays under x/y, or train_x, train_y, test_x, test_y. Never unpickled."""

import shutil
import zipfile
import zlib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cu_core.data.assemble import assemble
from cu_core.data.cache import cached
from cu_core.data.memory import Room, fits, parts, release
from cu_core.data.source import Source
from cu_core.errors import BadData
from cu_core.spec import Dataset

X, Y = ("x", "images", "data"), ("y", "labels", "targets")
CHANNELS = (1, 3)


def load(argument: str, home: Path | None) -> Dataset:
    """Images, (N, H, W), (N, H, W, C) or (N, C, H, W), or rows (N, D), as one Dataset.

    Images of floats in 0..1 are spread over 0..255, said in the notes. BadData for object arrays,
    for numbers that are not finite and for shapes or ranges that fit neither. What does not fit in
    memory is unpacked into the cache.
    """
    path = Path(argument).expanduser()
    key = f"npz:{argument}"
    if fits(_size(path)):
        return _read(key, path, Room())
    return cached(home, key, [path], lambda room: _read(key, path, room))


def _read(key: str, path: Path, room: Room) -> Dataset:
    arrays = _arrays(path, room)
    whole_x, whole_y = _find(arrays, X, ""), _find(arrays, Y, "")
    if whole_x is not None and whole_y is not None:
        x, said = _samples(whole_x, path, room)
        return assemble(key, x, whole_y, notes=said)
    found = [_find(arrays, names, part) for part in ("train", "test") for names in (X, Y)]
    train_x, train_y, test_x, test_y = found
    if train_x is None or train_y is None or test_x is None or test_y is None:
        raise BadData(
            f"{str(path)!r} holds {', '.join(arrays) or 'nothing'}; it needs x and y, or train_x, "
            "train_y, test_x and test_y."
        )
    if train_x.shape[1:] != test_x.shape[1:]:
        raise BadData(
            f"{str(path)!r}: training samples have the shape {train_x.shape[1:]}, "
            f"test samples {test_x.shape[1:]}; they must agree."
        )
    if len(train_x) != len(train_y):
        raise BadData(f"{key} has {len(train_x)} training samples but {len(train_y)} labels.")
    x, said = _samples(_joined(train_x, test_x, room), path, room)
    return assemble(key, x, np.concatenate([train_y, test_y]), len(train_x), notes=said)


def _size(path: Path) -> int:
    """Bytes of the arrays unpacked; 0 for what is no such file, which is said when it is read."""
    try:
        with zipfile.ZipFile(path) as members:
            return sum(member.file_size for member in members.infolist())
    except (OSError, zipfile.BadZipFile):
        return 0


def _arrays(path: Path, room: Room) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise BadData(f"There is no file {str(path)!r}; give a .npz file.")
    try:
        stored = np.load(path, allow_pickle=False)
        if isinstance(stored, np.ndarray):
            raise BadData(f"{str(path)!r} is one array; save x and y with numpy.savez.")
        with stored:
            if room.folder is not None:
                return _unpacked(stored, room)
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise BadData(
            f"{str(path)!r} cannot be read as plain numpy arrays: {str(error).rstrip('.')}. "
            "Arrays of Python objects are refused; save numbers with numpy.savez."
        ) from None


def _unpacked(stored: Any, room: Room) -> dict[str, NDArray[Any]]:
    """The arrays of an open .npz in files of the room, mapped."""
    found = {}
    for name in stored.files:
        with stored.zip.open(f"{name}.npy") as member, room.file().open("wb") as file:
            shutil.copyfileobj(member, file, 1 << 20)
        found[name] = np.load(room.on_disk[-1], mmap_mode="r", allow_pickle=False)
    return found


def _joined(a: NDArray[Any], b: NDArray[Any], room: Room) -> NDArray[Any]:
    """Both, one after the other, as ``np.concatenate`` does."""
    x = room.array((len(a) + len(b), *a.shape[1:]), np.result_type(a, b))
    return _filled(x, chain(parts(a), parts(b)))


def _filled(x: NDArray[Any], pieces: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """``x`` (N, ...), holding the pieces in their order."""
    at = 0
    for piece in pieces:
        x[at : at + len(piece)] = piece
        at += len(piece)
        release(x)
    return x


def _find(
    arrays: dict[str, NDArray[Any]], names: tuple[str, ...], part: str
) -> NDArray[Any] | None:
    """The array called x, train_x, x_train, xtrain, ... in any case; None if there is none."""
    spelled = {name.lower().replace("_", ""): array for name, array in arrays.items()}
    options = [n + part for n in names] + [part + n for n in names]
    return next((spelled[option] for option in options if option in spelled), None)


def _samples(x: NDArray[Any], path: Path, room: Room) -> tuple[NDArray[Any], tuple[str, ...]]:
    """float32 (N, D) rows, or uint8 (N, C, H, W) images and what was done to them."""
    if x.dtype.kind not in "biuf" or x.ndim not in (2, 3, 4):
        raise BadData(
            f"{str(path)!r}: samples are {x.dtype} of shape {x.shape}; rows (N, D) or images "
            "(N, H, W), (N, H, W, C) or (N, C, H, W) of numbers are needed."
        )
    wrong = sum(int((~np.isfinite(part)).sum()) for part in parts(x)) if x.dtype.kind == "f" else 0
    if wrong:
        raise BadData(f"{str(path)!r}: {wrong} values of the samples are NaN or infinite.")
    if x.ndim == 2 and x.dtype == np.float32:
        return x, ()
    if x.ndim == 2:
        return _filled(room.array(x.shape, np.float32), parts(x)), ()
    return _pixels(_channels_first(x, path), path, room)


def _channels_first(x: NDArray[Any], path: Path) -> NDArray[Any]:
    """A view of the images as (N, C, H, W)."""
    if x.ndim == 3:
        return x[:, None]
    if x.shape[3] in CHANNELS:  # where both ends could be it, the last is the usual one
        return x.transpose(0, 3, 1, 2)
    if x.shape[1] in CHANNELS:
        return x
    raise BadData(f"{str(path)!r}: images of shape {x.shape[1:]} have neither 1 nor 3 channels.")


def _pixels(x: NDArray[Any], path: Path, room: Room) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    if x.dtype == np.uint8 and x.flags.c_contiguous:
        return x, ()
    said: tuple[str, ...] = ()
    scale = 1
    if x.dtype != np.uint8 and x.size:
        low = min(float(part.min()) for part in parts(x))
        high = max(float(part.max()) for part in parts(x))
        if low < 0 or high > 255:
            raise BadData(
                f"{str(path)!r}: pixels go from {low:g} to {high:g}; "
                "they must lie in 0..255 or 0..1."
            )
        scale = 255 if x.dtype.kind in "bf" and high <= 1 else 1
        spread = "pixels from 0..1 spread over 0..255"
        said = (spread if scale > 1 else f"{x.dtype} pixels stored as 8 bits",)
    pieces = (part if x.dtype == np.uint8 else np.rint(part * scale) for part in parts(x))
    return _filled(room.array(x.shape), pieces), said


SOURCES = (
    Source(
        key="npz",
        title="NumPy arrays (.npz)",
        help="x and y, or train_x, train_y, test_x and test_y: images or rows of numbers.",
        load=load,
        needs_path=True,
    ),
)
