"""Many small images on all cores: in processes, since threads only wait for one another there.

Processes are loky's, by joblib, which comes with scikit-learn: started afresh, so that no lock or
thread of this one is copied, and gone when the images are read. What they send are their own
arrays. Where they cannot start, or one dies, what is left is read here.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import joblib
import numpy as np
import psutil
from joblib.externals.loky import get_reusable_executor
from numpy.typing import NDArray

log = logging.getLogger(__name__)

FEWEST = 4000  # images: of fewer, starting processes would take longer than reading them
CHUNK, CHUNK_BYTES = 500, 16 << 20  # images, or bytes of them, that go to a process in one message
# What a process looks like from here that ends, or cannot start; what ``read`` itself raises, it
# raises again when it is asked here.
LOST = (RuntimeError, OSError)
WATCH_S = 1.0

Item = TypeVar("Item")
Found = TypeVar("Found")


def each(read: Callable[[Item], Found], items: Collection[Item]) -> Iterator[Found]:
    """``read`` of all items, in order. ``read``: a function of a module, or a partial of one; what
    it is given and what it gives go from process to process."""
    done, cores = 0, joblib.cpu_count()
    if cores > 1 and len(items) >= FEWEST:
        try:
            for found in _by_several(read, items, cores):
                yield found
                done += 1
            return
        except LOST as fault:
            log.warning("Read on by one process: %s", fault)
    yield from map(read, islice(items, done, None))


def _by_several(
    read: Callable[[Item], Found], items: Iterable[Item], cores: int
) -> Iterator[Found]:
    pool = joblib.Parallel(cores, backend="loky", return_as="generator", pre_dispatch=2 * cores)
    own = os.getpid()
    answers = pool(joblib.delayed(_answer)(own, read, part) for part in _parts(items))
    try:
        for pixels, others in answers:
            yield from others if pixels is None else _unpacked(pixels, others)
    finally:
        get_reusable_executor(reuse=True).shutdown(wait=False, kill_workers=True)


def _answer(
    asker: int, read: Callable[[Item], Found], part: list[Item]
) -> tuple[NDArray[Any] | None, Any]:
    """In a process of its own: what was found of a part. Pairs that begin with arrays of one shape
    are sent as one array (K, ...) and what goes with each, None where there was no pair."""
    _end_with(asker)
    found: list[Any] = [read(item) for item in part]
    pairs = (one for one in found if isinstance(one, tuple) and isinstance(one[0], np.ndarray))
    arrays = [pixels for pixels, _ in pairs]
    if not arrays:
        return None, found
    return np.stack(arrays), [one and one[1] for one in found]


@cache
def _end_with(process: int) -> None:
    """Ends this process soon after that one, which may be killed and then tells nobody."""

    def watch() -> None:
        while psutil.pid_exists(process):
            time.sleep(WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _unpacked(pixels: NDArray[Any], others: Iterable[Any]) -> Iterator[Any]:
    """What ``_answer`` was given."""
    each_of = iter(pixels)
    return (other if other is None else (next(each_of), other) for other in others)


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Of ``CHUNK`` items, fewer where these are large: several parts are on their way at once."""
    part: list[Item] = []
    size = 0
    for item in items:
        part.append(item)
        size += len(item) if isinstance(item, bytes) else 0
        if len(part) == CHUNK or size > CHUNK_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
