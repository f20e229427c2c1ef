"""Samples that stay on disk (or in host memory): every batch is gathered when it is asked for.

All rows of a batch are announced to the system, then read one by one. 128 random images of 64 x 64
from a file of 2.5 GB: 0.5 ms once the system has them (1.0 ms through a map of the file, whose
pages then count as this process's, 300 MB of them), else 4 ms (41 ms unannounced). So no thread
reads ahead: it would save less than it costs two cores.
"""

import mmap
import os
import weakref
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cu_core.data import memory
from cu_core.errors import BadData
from cu_core.spec import Ints


class Streamed:
    """An array (N, ...) that gives tensors on ``device``: as much of a Tensor as batches need.

    Slices, index tensors and index arrays read their rows alone. A GPU gets them from pinned
    memory, and computes while they travel.
    """

    def __init__(self, array: NDArray[Any], device: str) -> None:
        self.array, self.device = array, torch.device(device)
        self.shape, self.ndim = torch.Size(array.shape), array.ndim
        self.dtype = _dtype(array)
        self._file: int | None = None
        if isinstance(array, np.memmap) and array.filename and hasattr(os, "preadv"):
            self._file, self._began = _opened(array)
            weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, item: slice | Tensor | NDArray[Any]) -> Tensor:
        if isinstance(item, slice):
            return self._sent(np.arange(*item.indices(len(self))))
        return self._sent(torch.as_tensor(item).cpu().numpy())

    def index_select(self, dim: int, rows: Tensor) -> Tensor:
        """The samples ``rows`` (B,), as a Tensor's method of this name; ``dim`` is 0."""
        assert dim == 0
        return self[rows]

    def _sent(self, rows: Ints) -> Tensor:
        held = self.array[rows] if self._file is None else self._read(self._file, rows)
        batch = torch.from_numpy(held)  # (B, ...)
        batch = batch.pin_memory() if self.device.type == "cuda" else batch
        return batch.to(self.device, non_blocking=True)

    def _read(self, file: int, rows: Ints) -> NDArray[Any]:
        """The rows (B, ...) from the file itself. BadData when it has become shorter."""
        batch = np.empty((len(rows), *self.shape[1:]), self.array.dtype)
        size = self.array.strides[0]
        places = (self._began + rows * size).tolist()
        if hasattr(os, "posix_fadvise"):
            for place in places:
                os.posix_fadvise(file, place, size, os.POSIX_FADV_WILLNEED)
        for one, place in zip(batch, places, strict=True):
            if os.preadv(file, [one], place) != size:
                raise BadData(
                    f"{getattr(self.array, 'filename', '')} was cut short while it was read. "
                    "Start the run again; the set is then decoded anew."
                )
        return batch


def _opened(array: np.memmap[Any, Any]) -> tuple[int, int]:
    """(descriptor of the file behind an array, where in it the array begins)."""
    mapped = np.frombuffer(array._mmap, np.uint8, 1)  # type: ignore[attr-defined]
    first = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY  # of the file, in the map
    began = first + array.ctypes.data - mapped.ctypes.data
    return os.open(str(array.filename), os.O_RDONLY), began


def placed(array: NDArray[Any], device: str) -> Tensor | Streamed:
    """``array`` as a Tensor on ``device`` if it fits there, else as what reads it in batches.

    On the CPU an array that can be written is shared as it is: it is in memory, or it is a private
    map of a file that fits. (One of a larger file would be refused by the system.)
    """
    if device == "cpu" and isinstance(array, np.ndarray) and array.flags.writeable:
        return torch.from_numpy(np.require(array, requirements=["C", "W"]))
    if array.nbytes > memory.SHARE * free(device):
        return Streamed(array, device)
    held = torch.empty(array.shape, dtype=_dtype(array), device=device)
    at = 0
    for part in memory.parts(array):  # what fits on a GPU need not fit in the memory beside it
        held[at : at + len(part)] = torch.from_numpy(np.array(part))
        at += len(part)
    return held


def _dtype(array: NDArray[Any]) -> torch.dtype:
    return torch.from_numpy(np.empty(0, array.dtype)).dtype


def free(device: str) -> int:
    """Bytes that are free on a device now. "mps" shares the machine's memory."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    return memory.free()
