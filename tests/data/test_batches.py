"""Batches as a pure function of (seed, set, i), and augmentation beside a slow loop."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cu_core import data
from cu_core.data.batches import Augment, DeviceBatches, resident, shift_and_flip
from cu_core.errors import BadRequest
from cu_core.spec import Batches, Dataset

ZERO, ONE = torch.zeros(1), torch.ones(1)


def rows(n: int, batch_size: int = 16, seed: int = 0, name: str = "forget") -> DeviceBatches:
    """A set of every second of 2n numbered rows: what a batch holds is who is in it."""
    x = torch.arange(2 * n, dtype=torch.float32)[:, None]
    index = np.arange(1, 2 * n, 2)
    return DeviceBatches(x, torch.arange(2 * n), index, batch_size, seed, name, "none", ZERO, ONE)


def images(n: int = 40, size: int = 16, augment: Augment = "crop+flip") -> DeviceBatches:
    x = torch.randint(1, 256, (n, 3, size, size), dtype=torch.uint8)
    y = torch.arange(n)
    return DeviceBatches(x, y, np.arange(n), 8, 0, "retain", augment, torch.zeros(3), torch.ones(3))


@given(st.integers(1, 200), st.integers(2, 64), st.integers(0, 3))
@settings(deadline=None)
def test_a_pass_holds_each_sample_once(n: int, batch_size: int, epoch: int) -> None:
    batches = rows(n, batch_size)
    assert batches.n == n and batches.n_batches == -(-n // batch_size)
    first = epoch * batches.n_batches
    parts = [batches.batch(i)[1] for i in range(first, first + batches.n_batches)]
    assert sorted(torch.cat(parts).tolist()) == list(range(1, 2 * n, 2))
    sizes = {len(part) for part in parts}
    assert max(sizes) - min(sizes) <= 1 and max(sizes) <= batch_size


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12))
@settings(deadline=None, max_examples=30)
def test_any_order_of_calls_gives_the_same_batches(calls: list[int]) -> None:
    one, fresh = images(), images()
    fresh.x = one.x
    wanted = {(i, view): fresh.batch(i, view=view) for i in range(31) for view in (0, 1)}
    for i in calls:
        for view in (0, 1):
            x, y = one.batch(i, view=view)
            assert torch.equal(x, wanted[i, view][0]) and torch.equal(y, wanted[i, view][1])


def test_seed_name_and_pass_part_the_streams() -> None:
    def order(batches: DeviceBatches, epoch: int = 0) -> list[int]:
        return batches.batch(epoch)[1].tolist()

    base = order(rows(100, 100))
    assert base == order(rows(100, 100))
    others = [rows(100, 100, seed=1), rows(100, 100, name="retain")]
    assert base not in [order(b) for b in others]
    assert base != order(rows(100, 100), epoch=1) and sorted(base) != base


def test_the_stored_order_is_index_order_in_every_pass() -> None:
    batches = rows(10, 4)
    for epoch in range(2):
        parts = [batches.batch(3 * epoch + k, order="stored")[1] for k in range(3)]
        assert torch.cat(parts).tolist() == list(range(1, 20, 2))


def test_two_views_are_two_augmentations_of_the_same_images() -> None:
    batches = images()
    (a, ya), (b, yb) = batches.batch(3, view=0), batches.batch(3, view=1)
    assert torch.equal(ya, yb) and not torch.equal(a, b)
    plain = images(augment="none")
    assert torch.equal(plain.batch(3, view=0)[0], plain.batch(3, view=1)[0])


def test_the_global_streams_are_left_alone() -> None:
    batches = images()
    torch.manual_seed(5)
    np.random.seed(5)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    for i in range(12):
        batches.batch(i, view=i % 2)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])


def slow_shift(x: Tensor, offset: Tensor, flip: Tensor, pad: int) -> Tensor:
    """Pixel by pixel: output (r, c) comes from (r + dy - pad, c + dx - pad), black outside."""
    out = torch.zeros_like(x)
    n, _, height, width = x.shape
    for b in range(n):
        for r in range(height):
            for c in range(width):
                row = r + int(offset[b, 0]) - pad
                column = (width - 1 - c if flip[b] else c) + int(offset[b, 1]) - pad
                if 0 <= row < height and 0 <= column < width:
                    out[b, :, r, c] = x[b, :, row, column]
    return out


@given(st.integers(0, 2**31), st.integers(1, 2), st.integers(3, 7), st.integers(3, 7))
@settings(deadline=None, max_examples=25)
def test_shift_and_flip_is_the_loop(seed: int, pad: int, height: int, width: int) -> None:
    g = torch.Generator().manual_seed(seed)
    x = torch.randint(0, 256, (4, 2, height, width), dtype=torch.uint8, generator=g)
    offset = torch.randint(0, 2 * pad + 1, (4, 2), generator=g)
    flip = torch.randint(0, 2, (4,), generator=g) > 0
    assert torch.equal(shift_and_flip(x, offset, flip, pad), slow_shift(x, offset, flip, pad))


def test_shift_and_flip_is_torchvisions() -> None:
    from torchvision.transforms.v2 import functional as tv

    x = torch.randint(0, 256, (9, 3, 32, 32), dtype=torch.uint8)
    offset = torch.tensor([[dy, dx] for dy in (0, 4, 8) for dx in (0, 3, 8)])
    flip = torch.arange(9) % 2 == 0
    ours = shift_and_flip(x, offset, flip, 4)
    for b, (top, left) in enumerate(offset.tolist()):
        theirs = tv.crop(tv.pad(x[b], [4]), top, left, 32, 32)
        assert torch.equal(ours[b], tv.horizontal_flip(theirs) if flip[b] else theirs)


def test_every_image_of_a_batch_is_moved_on_its_own() -> None:
    one = torch.arange(32 * 32, dtype=torch.float32).reshape(1, 1, 32, 32) % 251 + 1
    x = one.to(torch.uint8).expand(256, 1, 32, 32)
    y = torch.zeros(256, dtype=torch.int64)
    kinds = {}
    for augment in ("none", "crop", "crop+flip"):
        batches = DeviceBatches(x, y, np.arange(256), 256, 0, "retain", augment, ZERO, ONE)
        kinds[augment] = len(torch.unique(batches.batch(0)[0].flatten(1), dim=0))
        assert batches.pad == 4
    assert kinds["none"] == 1 and 60 < kinds["crop"] <= 81 and kinds["crop+flip"] > 100


def test_crop_does_not_mirror() -> None:
    x = torch.zeros(64, 1, 8, 8, dtype=torch.uint8)
    x[..., :4] = 200  # bright left half; moved by at most one pixel it stays on the left
    batches = DeviceBatches(
        x, torch.zeros(64, dtype=torch.int64), np.arange(64), 64, 0, "a", "crop", ZERO, ONE
    )
    moved, _ = batches.batch(0)
    assert batches.pad == 1 and (moved[..., 1:3].amax((1, 2, 3)) == 200).all()
    assert (moved[..., 6:] == 0).all()


def test_batches_are_normalised_with_the_training_part() -> None:
    digits = data.load("digits")
    home = resident(digits, "cpu")
    pixels = digits.train_x.astype(np.float64)
    assert home.mean.shape == (1, 1, 1)
    assert float(home.mean) == pytest.approx(pixels.mean(), rel=1e-6)
    assert float(home.std) == pytest.approx(pixels.std(), rel=1e-6)
    all_of_it: Batches = DeviceBatches(
        home.train_x, home.train_y, np.arange(1347), 1347, 0, "a", "none", home.mean, home.std
    )
    x, y = all_of_it.batch(0, order="stored")
    assert x.dtype == torch.float32 and torch.equal(x, home.normalise(home.train_x))
    assert abs(float(x.mean())) < 1e-5 and abs(float(x.std()) - 1) < 1e-3
    assert y.dtype == torch.int64 and y.tolist() == digits.train_y.tolist()


def test_statistics_are_per_channel_and_per_column_with_a_floor() -> None:
    y = np.array([0, 1])
    x = np.zeros((2, 3, 4, 4), np.uint8)
    x[0, 0], x[1, 0], x[:, 1] = 10, 30, 7
    home = resident(Dataset("it", x, y, x, y, ("a", "b")))
    assert home.mean.flatten().tolist() == [20, 7, 0] and home.std.flatten().tolist() == [10, 1, 1]
    table = np.array([[1, 5], [3, 5]], np.float32)
    home = resident(Dataset("it", table, y, table, y, ("a", "b")))
    assert home.mean.tolist() == [2, 5] and home.std.tolist() == [1, 1]
    assert home.normalise(home.test_x).tolist() == [[-1, 0], [1, 0]]


def test_what_is_refused() -> None:
    x, y = torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64)
    with pytest.raises(BadRequest, match="The forget set is empty"):
        DeviceBatches(x, y, np.array([], int), 2, 0, "forget", "none", ZERO, ONE)
    with pytest.raises(BadRequest, match="'crop' is for images"):
        DeviceBatches(x, y, np.arange(4), 2, 0, "forget", "crop", ZERO, ONE)


def test_a_batch_of_128_takes_less_than_3_ms_of_one_core() -> None:
    """Counted in the thread's own time, so that a busy machine does not decide it."""
    x = torch.randint(0, 256, (4096, 3, 32, 32), dtype=torch.uint8)
    y = torch.zeros(4096, dtype=torch.int64)
    mean, std = torch.full((3,), 120.0), torch.full((3,), 60.0)
    batches = DeviceBatches(x, y, np.arange(4096), 128, 0, "retain", "crop+flip", mean, std)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = []
    for i in range(64):
        start = time.thread_time()
        batches.batch(i)
        times.append(time.thread_time() - start)
    torch.set_num_threads(threads)
    assert min(times) < 3e-3
