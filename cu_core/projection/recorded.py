"""What a frame does over and over, given to a GPU whole: a CUDA graph in place of its kernels.

A frame of 2,000 points is thousands of kernels of a few microseconds each, and Python takes longer
to ask for one than a GPU to run it. So a function of tensors that asks nothing of the host is
recorded once for each shape of what it is given, and replayed. What is recorded is compared, bit by
bit, with the function itself before it is used; where it cannot be recorded, or differs, the
function is called as it stands from then on, which gives the same map, later.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

log = logging.getLogger(__name__)

SEEN = 2  # times that a shape comes before it is worth recording
MOST = 16  # recordings of one layout: a map that grows changes the shape of its grid
WARM = 2  # calls before a recording: plans of transforms are made, and libraries loaded

Given = tuple[Tensor, ...]
Body = Callable[[Given, tuple[int, ...]], Given]
"""Of some tensors and what beside their shapes is fixed, some tensors."""
Way = Callable[..., Given]
"""Calls a body with (given, fixed), in whatever way a device is best given it."""


def plainly(body: Body, given: Given, fixed: tuple[int, ...] = ()) -> Given:
    """As it stands."""
    return body(given, fixed)


def way_of(device: str) -> Way:
    """The way for a layout on ``device``, to be kept with it."""
    return Recorder() if device.startswith("cuda") else plainly


def cuda_graph(
    body: Body, given: Given, fixed: tuple[int, ...]
) -> tuple[Callable[[], None], Given]:
    """(what runs it again, what it then writes) of a body that reads and writes in place."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM):
            body(given, fixed)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with (
        torch.cuda.stream(torch.cuda.current_stream()),  # a recording that fails leaves its own
        torch.cuda.graph(graph, capture_error_mode="thread_local"),
    ):
        written = body(given, fixed)
    return graph.replay, written


@dataclass
class Recording:
    """``given``: copies that it reads; ``of``: what each was last copied from, and its version."""

    replay: Callable[[], None]
    given: Given
    written: Given
    of: list[tuple[Tensor, int] | None]

    def __call__(self, given: Given) -> Given:
        """What the body makes of ``given``, in tensors that no later replay touches."""
        for i, (own, new) in enumerate(zip(self.given, given, strict=True)):
            last = self.of[i]
            if last is None or last[0] is not new or last[1] != new._version:
                own.copy_(new)
                self.of[i] = (new, new._version)
        self.replay()
        return tuple(one.clone() for one in self.written)


class Recorder:
    """A way to call bodies: those that keep coming are recorded. ``record`` is another way to do
    that, for machines without a GPU."""

    def __init__(
        self, record: Callable[..., tuple[Callable[[], None], Given]] = cuda_graph
    ) -> None:
        self.record = record
        self.fault = ""  # why nothing is recorded any more
        self._seen: Counter[Any] = Counter()
        self._made: dict[Any, Recording] = {}

    def __call__(self, body: Body, given: Given, fixed: tuple[int, ...] = ()) -> Given:
        given = tuple(one.contiguous() for one in given)  # sums go by how a tensor lies in memory
        if self.fault:
            return body(given, fixed)
        key = (body, fixed, *((one.shape, one.dtype) for one in given))
        if key in self._made:
            return self._made[key](given)
        self._seen[key] += 1
        if self._seen[key] < SEEN or len(self._made) >= MOST:
            return body(given, fixed)
        wanted = body(given, fixed)
        if made := self._recorded(body, given, fixed, wanted):
            self._made[key] = made
        return wanted

    def _recorded(
        self, body: Body, given: Given, fixed: tuple[int, ...], wanted: Given
    ) -> Recording | None:
        """None, with a fault that is told once, where it fails or does not give what is
        ``wanted``, twice."""
        own = tuple(one.clone() for one in given)
        try:
            replay, written = self.record(body, own, fixed)
            made = Recording(replay, own, written, [None] * len(own))
            if all(_same(made(given), wanted) for _ in range(2)):
                return made
            self.fault = "a recording gave other numbers"
        except RuntimeError as fault:
            self.fault = f"it could not be recorded ({fault})"
        self._made.clear()
        log.warning("The map is laid out kernel by kernel, which is slower: %s.", self.fault)
        return None


def _same(a: Given, b: Given) -> bool:
    return all(torch.equal(one, other) for one, other in zip(a, b, strict=True))
