"""The whole dataset on the device, and batches of it that are a pure function of (seed, set, i).

No DataLoader: small sets fit on the device, and indexing them is faster than feeding them. What
does not fit stays where it is (``streamed``), and its batches have the same bits. Every random
number comes from a generator of its own, so torch's global stream is never touched and any
batch can be asked for at any time, in any order, on any device, with the same answer.

128 CIFAR-10 images gathered, cropped, flipped and normalised: 0.6 ms of one core, up to
1.7 ms where the allocator hands pages back in between (torch 2.15, a busy two-core machine).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cu_core.data.memory import parts
from cu_core.data.streamed import Streamed, placed
from cu_core.errors import BadRequest
from cu_core.seeding import derive
from cu_core.spec import SCALE, Dataset, Trigger

Augment = Literal["none", "crop", "crop+flip"]
Order = Literal["shuffled", "stored", "balanced"]

Scaling = tuple[tuple[float, ...], tuple[float, ...]]
"""(mean, std): of pixels in 0..1, one a channel, or of the columns of rows as they are."""

MIN_STD = 1.0  # of 255: a channel that hardly varies is not blown up
MIN_COLUMN_STD = 1e-6


@dataclass(frozen=True, eq=False)
class Resident:
    """A Dataset as tensors on one device, how it is normalised, and the mark planted in it.

    ``train_x``, ``test_x``: uint8 (N, C, H, W) or float32 (N, D), Streamed where they do not fit;
    ``*_y``: int64 (N,). ``mean``, ``std``: float32 (C, 1, 1) in 0..255, or (D,): of the training
    part, or those that a model of somebody's own brought.
    """

    train_x: Tensor | Streamed
    train_y: Tensor
    test_x: Tensor | Streamed
    test_y: Tensor
    mean: Tensor
    std: Tensor
    trigger: Trigger | None = None

    def normalise(self, x: Tensor) -> Tensor:
        """(x - mean) / std as float32, for any leading batch axis."""
        return _normalise(x, self.mean, self.std)


def resident(dataset: Dataset, device: str = "cpu", scaling: Scaling | None = None) -> Resident:
    """Put a dataset on ``device`` ("cpu", "cuda", "mps"), if it fits. On the CPU it is shared.

    ``scaling``: what it is normalised by; None: the mean and std of its training part.
    """
    mean, std = _stats(dataset) if scaling is None else _scaled(dataset, scaling)
    trailing = (1, 1) if dataset.is_image else ()
    return Resident(
        train_x=placed(dataset.train_x, device),
        train_y=_tensor(dataset.train_y, device),
        test_x=placed(dataset.test_x, device),
        test_y=_tensor(dataset.test_y, device),
        mean=_tensor(mean.astype(np.float32).reshape(-1, *trailing), device),
        std=_tensor(std.astype(np.float32).reshape(-1, *trailing), device),
        trigger=dataset.trigger,
    )


class DeviceBatches:
    """Batches of the samples ``index`` of a resident set; implements ``spec.Batches``.

    Every pass hands out each sample exactly once, in ceil(n / batch_size) batches whose sizes
    differ by at most one: no tiny last batch to upset batch norm.
    """

    def __init__(
        self,
        x: Tensor | Streamed,
        y: Tensor,
        index: NDArray[Any] | Tensor,
        batch_size: int,
        seed: int,
        name: str,
        augment: Augment,
        mean: Tensor,
        std: Tensor,
    ) -> None:
        """``x``, ``y``: the whole resident part, shared between sets; ``name`` parts the streams
        of two sets of one seed; ``mean``, ``std``: (C,), (C, 1, 1) or (D,).

        BadRequest for an empty set and for rows that should be cropped.
        """
        home = x.device if isinstance(x, Tensor) else "cpu"  # where rows are picked
        self.index = torch.as_tensor(index, dtype=torch.int64, device=home)
        self.n = len(self.index)
        if not self.n:
            raise BadRequest(f"The {name} set is empty; batches need at least one sample.")
        if augment != "none" and x.ndim != 4:
            raise BadRequest(f"Augmentation {augment!r} is for images; rows take 'none'.")
        self.n_batches = -(-self.n // batch_size)
        self.x, self.y = x, y
        self.seed, self.name, self.augment = seed, name, augment
        trailing = [1] * (x.ndim - 2)
        self.mean, self.std = mean.reshape(-1, *trailing), std.reshape(-1, *trailing)
        self._passes: dict[Order, tuple[int, Tensor]] = {}  # order -> (epoch, its rows)
        self._shifts: dict[int, tuple[int, Tensor, Tensor]] = {}  # view -> (epoch, offset, flip)

    def batch(self, i: int, order: Order = "shuffled", view: int = 0) -> tuple[Tensor, Tensor]:
        """Batch i, counted over all passes: x float32 (B, ...) normalised, y int64 (B,).

        ``order="stored"``: the samples in index order; "balanced": class counts in a batch differ
        by at most one, so rare classes come round more often. ``view`` changes the augmentation
        alone.
        """
        epoch, start, stop = self._span(i)
        rows = self.rows(i, order)
        x = self.x.index_select(0, rows)  # many times faster than self.x[rows] on a CPU
        if self.augment != "none":
            offset, flip = self._drawn(epoch, view)
            x = shift_and_flip(x, offset[start:stop], flip[start:stop], self.pad)
        return _normalise(x, self.mean, self.std), self.y[rows]

    def rows(self, i: int, order: Order = "shuffled") -> Tensor:
        """Which samples of the whole part batch i holds: int64 (B,)."""
        epoch, start, stop = self._span(i)
        return self._ordered(epoch, order)[start:stop]

    def _span(self, i: int) -> tuple[int, int, int]:
        """(the pass of batch i, where in its order it begins and ends)."""
        epoch, k = divmod(i, self.n_batches)
        return epoch, k * self.n // self.n_batches, (k + 1) * self.n // self.n_batches

    @property
    def pad(self) -> int:
        """Pixels a crop may move, each way: 4 at 32 pixels, as is usual."""
        return max(1, int(self.x.shape[2]) // 8)

    def _ordered(self, epoch: int, order: Order) -> Tensor:
        """The rows of a pass (n,); the last one asked for is kept."""
        if order == "stored":
            return self.index
        kept = self._passes.get(order)
        if kept is None or kept[0] != epoch:
            make = self._shuffled if order == "shuffled" else self._balanced
            kept = self._passes[order] = epoch, make(epoch).to(self.index.device)
        return kept[1]

    def _shuffled(self, epoch: int) -> Tensor:
        order = torch.randperm(self.n, generator=self._stream(epoch, "order"))
        return self.index[order.to(self.index.device)]

    def _balanced(self, epoch: int) -> Tensor:
        """n rows whose classes take turns, the turn going on from pass to pass. Each class goes
        through its own samples in a new order every time, however often that is."""
        index = self.index.cpu()
        label = self.y[self.index].cpu()  # (n,)
        classes = label.unique().tolist()
        place = torch.arange(epoch * self.n, (epoch + 1) * self.n)
        rows = torch.empty_like(index)
        for k, c in enumerate(classes):
            mine = place % len(classes) == k  # (n,)
            turn = place[mine] // len(classes)  # counted over all passes
            own = index[label == c]
            rounds = range(int(turn[0]) // len(own), int(turn[-1]) // len(own) + 1)
            orders = [
                torch.randperm(len(own), generator=self._stream(r, f"class {c}")) for r in rounds
            ]
            rows[mine] = own[torch.cat(orders)[turn - rounds.start * len(own)]]
        return rows

    def _drawn(self, epoch: int, view: int) -> tuple[Tensor, Tensor]:
        """Crop offsets (n, 2) in 0..2 pad and flips (n,), for all batches of a pass.

        Drawn for the pass at once: on a GPU, numbers sent for every batch would stall each step.
        """
        drawn = self._shifts.get(view)
        if drawn is None or drawn[0] != epoch:
            stream = self._stream(epoch, f"view {view}")
            offset = torch.randint(0, 2 * self.pad + 1, (self.n, 2), generator=stream)
            flip = torch.randint(0, 2, (self.n,), generator=stream) > 0
            flip &= self.augment == "crop+flip"
            drawn = epoch, offset.to(self.x.device), flip.to(self.x.device)
            self._shifts[view] = drawn
        return drawn[1], drawn[2]

    def _stream(self, epoch: int, purpose: str) -> torch.Generator:
        return torch.Generator().manual_seed(derive(self.seed, self.name, epoch, purpose))


def shift_and_flip(x: Tensor, offset: Tensor, flip: Tensor, pad: int) -> Tensor:
    """Each image (B, C, H, W) cropped at its ``offset`` (B, 2) from a black margin of ``pad``
    pixels, then mirrored where ``flip`` (B,): torchvision's RandomCrop and RandomHorizontalFlip,
    but drawn per image. ``offset`` = (pad, pad) leaves an image in place.
    """
    n, channels, height, width = x.shape
    padded = torch.nn.functional.pad(x, (pad, pad, pad, pad))  # (B, C, H+2p, W+2p)
    across = torch.arange(width, device=x.device).expand(n, width)
    across = torch.where(flip[:, None], across.flip(1), across) + offset[:, 1:]  # (B, W)
    down = torch.arange(height, device=x.device) + offset[:, :1]  # (B, H)
    source = down[:, :, None] * (width + 2 * pad) + across[:, None, :]  # (B, H, W)
    source = source.reshape(n, 1, -1).expand(n, channels, -1)
    return padded.flatten(2).gather(2, source).reshape(x.shape)


def _normalise(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (x - mean).div_(std)  # bytes become float32 in the subtraction


def _tensor(array: NDArray[Any], device: str) -> Tensor:
    return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(device)


def statistics(dataset: Dataset) -> Scaling:
    """Mean and std of the training part, as ``resident`` normalises by: of pixels in 0..1, one a
    channel, or of the columns of rows."""
    scale = SCALE if dataset.is_image else 1
    mean, std = (tuple((part / scale).tolist()) for part in _stats(dataset))
    return mean, std


def _stats(dataset: Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    return _image_stats(dataset.train_x) if dataset.is_image else _row_stats(dataset.train_x)


def _scaled(dataset: Dataset, scaling: Scaling) -> tuple[NDArray[Any], NDArray[Any]]:
    scale = SCALE if dataset.is_image else 1
    mean, std = (np.array(part, np.float64) * scale for part in scaling)
    return mean, std


def _image_stats(x: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and std (C,) of images (N, C, H, W), exact: from the counts of the 256 values."""
    counts = np.zeros((x.shape[1], 256), np.int64)
    for part in parts(x):
        for channel in range(x.shape[1]):
            values = torch.from_numpy(part[:, channel].flatten())
            counts[channel] += torch.bincount(values, minlength=256).numpy()
    level = np.arange(256.0)
    share = counts / counts.sum(1, keepdims=True)  # (C, 256)
    mean = share @ level
    variance = (share * (level - mean[:, None]) ** 2).sum(1)
    return mean, np.maximum(np.sqrt(variance), MIN_STD)


def _row_stats(x: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and std (D,) of rows (N, D); a constant column keeps its scale."""
    mean = _sum(x, lambda part: part.astype(np.float64)) / len(x)
    std = np.sqrt(_sum(x, lambda part: (part - mean) ** 2) / len(x))
    return mean, np.where(std < MIN_COLUMN_STD, 1.0, std)


def _sum(x: NDArray[Any], of: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
    """Over the rows (N, D) -> (D,), row after row as numpy does: from two columns on, parting x
    changes no bit."""
    total: NDArray[Any] = np.zeros((0, x.shape[1]))
    for part in parts(x):
        total = np.concatenate([total, of(part)]).sum(0, keepdims=True)  # (1, D)
    return total.reshape(-1)
