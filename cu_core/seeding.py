"""Seeds that are a pure function of names and numbers, and a fence around observers."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager


def derive(*parts: object) -> int:
    """A 63-bit seed from any printable parts: the same parts give the same seed everywhere."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


@contextmanager
def preserve_random_state(device: str = "cpu") -> Iterator[None]:
    """Random numbers drawn inside leave torch's global streams as they were.

    An observer that draws between two steps would otherwise change the final weights.
    """
    import torch

    devices = [torch.cuda.current_device()] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        yield
