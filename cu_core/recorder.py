"""Where the costly part of a snapshot is done: at once, or beside the training.

On a GPU the next updates are computed while a thread of its own measures, lays out and writes the
last snapshot, on a CUDA stream of its own. On the processor it would only take the cores away from
the training, so there it is done at once. Either way in order, so that a run is the same.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

import torch

from cu_core.models.capture import ALONE

WAITING = 2  # snapshots that may wait before the training does


class Recorder:
    """Does what it is given, one after another; ``beside`` the caller or at once."""

    def __init__(self, device: str, beside: bool) -> None:
        self._pool = ThreadPoolExecutor(1, "recorder") if beside else None
        self._waiting: deque[Future[None]] = deque()
        self._stream = torch.cuda.Stream(device) if beside and device.startswith("cuda") else None

    def do(self, work: Callable[[], None]) -> None:
        """Raises what ``work`` raised, now or on a later call."""
        if self._pool is None:
            work()
            return
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= WAITING):
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._on_stream, work))

    def drain(self) -> None:
        """Returns when all is done; raises the first thing that went wrong."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Ends the thread. What is still waiting is done; its faults are not raised any more."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def _on_stream(self, work: Callable[[], None]) -> None:
        own: AbstractContextManager[object] = (
            torch.cuda.stream(self._stream) if self._stream else nullcontext()
        )
        with ALONE, own:
            work()
