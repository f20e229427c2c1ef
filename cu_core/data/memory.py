"""Where arrays go while a source is read: into memory, or onto disk if they would not fit.

What "fits" means is said here, once: at most half of the memory that is free now, so that a split
that copies still finds room. An array on disk is a read-only or writable ``np.memmap``; whoever
walks over one does it by ``parts``, so that no more than one part is ever held.
"""

import math
import mmap
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import DTypeLike, NDArray

from cu_core.errors import BadData
from cu_core.spec import Ints

SHARE = 0.5  # of the memory that is free
PART_BYTES = 1 << 23  # of an array, held at once


def fits(n_bytes: int) -> bool:
    """Whether an array of so many bytes may be held in memory."""
    return n_bytes <= SHARE * free()


def free() -> int:
    """Bytes of memory that are free now."""
    return int(psutil.virtual_memory().available)


@dataclass
class Room:
    """Gives arrays to fill. ``folder``: for those that do not fit; None: all go into memory."""

    folder: Path | None = None
    on_disk: list[Path] = field(default_factory=list)

    def array(self, shape: tuple[int, ...], dtype: DTypeLike = np.uint8) -> NDArray[Any]:
        """Zeros. BadData if neither memory nor the disk has room for them.

        The disk is asked for twice the size: the array, and the cache that is made of it. Writing
        to a file that cannot grow any more would end the process without a word.
        """
        n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
        if self.folder is None or fits(n_bytes):
            return np.zeros(shape, dtype)
        try:
            return self._mapped(self.folder, shape, np.dtype(dtype), n_bytes)
        except OSError as error:
            raise BadData(
                f"{shape[0]:,} samples take {n_bytes / 1e9:.1f} GB decoded: too much for memory, "
                f"and on disk: {error}. Free some space, or set LETHE_HOME to a larger disk."
            ) from error

    def _mapped(
        self, folder: Path, shape: tuple[int, ...], dtype: np.dtype[Any], n_bytes: int
    ) -> NDArray[Any]:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if 2 * n_bytes > free:
            raise OSError(f"{str(folder.parent)!r} has {free / 1e9:.1f} GB free of twice that")
        return np.lib.format.open_memmap(self.file(), mode="w+", dtype=dtype, shape=shape)

    def file(self) -> Path:
        """A new file of the room, which must have a folder."""
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.on_disk.append(self.folder / f"{len(self.on_disk)}.tmp.npy")
        return self.on_disk[-1]


@dataclass(frozen=True)
class Rows:
    """Some rows of an array on disk, in an order of their own, without copying them.

    ``array``: (M, ...); ``index``: (N,). Slices and index arrays give arrays, as of an array.
    """

    array: NDArray[Any]
    index: Ints

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.index), *self.array.shape[1:])

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, item: Any) -> NDArray[Any]:
        rows = np.asarray(self.array[self.index[item]])
        release(self.array)
        return rows


def take(x: Any, item: slice | Ints) -> Any:
    """``x[item]``, which stays where it is if ``x`` is on disk."""
    if isinstance(x, Rows):
        return Rows(x.array, x.index[item])
    return Rows(x, np.arange(len(x))[item]) if isinstance(x, np.memmap) else x[item]


def parts(x: Any) -> Iterator[NDArray[Any]]:
    """``x`` (N, ...) from the first row to the last, at most 8 MB at a time."""
    rows = max(1, PART_BYTES // max(1, math.prod(x.shape[1:]) * x.dtype.itemsize))
    for start in range(0, len(x), rows):
        yield x[start : start + rows]
        release(x)


def release(x: Any) -> None:
    """Gives back the memory through which a file was read or written; the system may keep its own.

    Otherwise a walk over a large file looks, and is counted, as if all of it were held. Changes of
    a private map ("c") are nowhere else, and stay.
    """
    mapped = getattr(x, "_mmap", None)
    if mapped is not None and x.mode != "c" and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
