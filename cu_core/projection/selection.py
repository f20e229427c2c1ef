"""The k smallest of every row of a block of distances; of equal ones the lower column comes first.

The hot spot of a frame beside the matrix product. Of columns in groups, the k smallest values lie
in groups whose minimum is at most the k-th smallest minimum: a row is read once, and then little
more than k groups of it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GROUP = 8  # columns; of 8 to 50, the fastest at 2,000 and at 20,000 points
LAST = np.iinfo(np.int64).max


def smallest(squared: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row of ``squared`` (R, N), N > k, ascending, and their columns (R, k).

    The same on every device, found in the way that is fast there: numpy selects and sorts with
    vector instructions, which torch does not on a CPU. Values below 0 come in no certain order,
    but first.
    """
    return (_by_keys if squared.device.type == "cpu" else _by_topk)(squared, k)


def _by_keys(squared: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """``smallest`` on a CPU: what may be among them is sorted by one integer, value before column.

    Floats that are not negative are in the order of their bits.
    """
    n = squared.shape[1]
    lows, groups = _minima(squared, k)
    bound = np.partition(lows.numpy(), k - 1, axis=1)[:, k - 1 : k]  # (R, 1)
    hit = np.flatnonzero(lows.numpy() <= bound)
    row, group = np.divmod(hit, lows.shape[1])
    column = group[:, None] + np.arange(0, n, groups)  # (C, GROUP)
    flat = np.minimum(column, n - 1)
    flat += (row * n)[:, None]
    value = squared.view(-1).numpy().take(flat)
    kept = np.flatnonzero((value <= bound[row]) & (column < n))
    key = value.take(kept).view(np.int32).astype(np.int64) << 32 | column.take(kept)
    ordered = _ragged(row.take(kept // column.shape[1]), key, len(squared))[:, :k]
    found = (ordered >> 32).astype(np.int32).view(np.float32)
    return torch.from_numpy(found), torch.from_numpy(ordered & 0xFFFFFFFF)


def _ragged(row: NDArray[np.int64], key: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """``key`` (C,) of rows ``row`` (C,), ascending, as one sorted row each, filled up with LAST."""
    count = np.bincount(row, minlength=rows)
    place = np.arange(len(row)) - (np.cumsum(count) - count)[row]
    padded = np.full((rows, int(count.max())), LAST)
    padded[row, place] = key
    padded.sort(axis=1)
    return padded


def _minima(squared: Tensor, k: int) -> tuple[Tensor, int]:
    """Minima (R, G) of columns g, g + G, g + 2 G..., and G; short rows are not grouped."""
    n = squared.shape[1]
    groups = -(-n // GROUP)
    if groups < 4 * k:
        return squared, n
    whole = n // groups * groups
    lows = squared[:, :whole].unflatten(1, (-1, groups)).amin(1)
    rest = squared[:, whole:]
    few = lows[:, : rest.shape[1]]
    torch.minimum(few, rest, out=few)
    return lows, groups


def _by_topk(squared: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """``smallest`` on a GPU: rows with ties near the k-th are sorted whole."""
    extra = min(k + 1, squared.shape[1])
    value, index = _topk(squared, extra)
    tied = (value[:, 1:] == value[:, :-1]).any(1)
    if bool(tied.any()):
        rows = squared[tied].sort(dim=1, stable=True)
        value[tied], index[tied] = rows.values[:, :extra], rows.indices[:, :extra]
    return value[:, :k].contiguous(), index[:, :k].contiguous()


def _topk(squared: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """``topk`` of the smallest; the order among equals is unspecified."""
    n = squared.shape[1]
    groups = n // GROUP
    if groups < 4 * k:
        value, index = squared.topk(k, dim=1, largest=False)
        return value, index
    grouped = squared[:, : groups * GROUP].unflatten(1, (GROUP, groups)).amin(1)  # (R, groups)
    chosen = grouped.topk(k, dim=1, largest=False, sorted=False).indices
    step = groups * torch.arange(GROUP, device=squared.device)
    column = (chosen[:, :, None] + step).flatten(1)  # (R, k GROUP)
    rest = torch.arange(groups * GROUP, n, device=squared.device).expand(len(squared), -1)
    column = torch.cat([column, rest], 1)
    value, index = squared.gather(1, column).topk(k, dim=1, largest=False)
    return value, column.gather(1, index)
