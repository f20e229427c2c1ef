"""How far the reading of images is, for whoever wants to know: a source need not pass it on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]
"""(images read, of how many): called from time to time, and what it raises ends the reading."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def counting(listener: Listener) -> Iterator[None]:
    """Inside, ``listener`` hears of every image that is decoded, a thousand at a time."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def counted(done: int, total: int) -> None:
    """So many images are read."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)
