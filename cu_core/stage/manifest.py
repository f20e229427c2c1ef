"""What a run's zip says of itself: every file with its hashes, and how the archive is laid out.

``MANIFEST`` is JSON. It has a hash of each whole file and of each block of it, so that what differs
is found by its bytes; it is not signed, so it tells damage, not forgery. Files are stored, not
compressed, with one date for all: the same run gives the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO

from pydantic import Field

from cu_core.spec import Recorded

NAME = "MANIFEST"
LAYOUT = 1
BLOCK_BYTES = 64 * 1024
LEAST_BLOCK = 4096  # smaller ones take longer than what they tell is worth
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip knows
UNIX, READABLE = 3, 0o100644 << 16
RECORD, WEIGHTS, TABLES = "record/", "weights/", "tables/"  # folders of the archive


class Listed(Recorded):
    """A file. ``blocks``: of each so many bytes of it, and of what is left, the SHA-256."""

    name: str
    bytes: int = Field(ge=0)
    sha256: str
    blocks: tuple[str, ...]


class Manifest(Recorded):
    """``layout``: of this file; ``lethe``: version, ``sources``: hash of the sources that wrote
    it; ``versions``: of what computed the run; ``command``: that makes it again, "" where there is
    none; ``weights_sha256``: over names, shapes and values of the unlearned model's weights."""

    layout: int = LAYOUT
    lethe: str = ""
    sources: str = ""
    run: str = ""
    command: str = ""
    weights_sha256: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    block_bytes: int = Field(default=BLOCK_BYTES, ge=LEAST_BLOCK)
    files: tuple[Listed, ...] = ()


def listed(name: str, data: bytes) -> Listed:
    view = memoryview(data)
    blocks = tuple(hashlib.sha256(part).hexdigest() for part in blocks_of(view, BLOCK_BYTES))
    return Listed(
        name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), blocks=blocks
    )


def blocks_of(data: memoryview, size: int) -> Iterator[memoryview]:
    """In their order, the last one shorter; none of nothing."""
    return (data[at : at + size] for at in range(0, len(data), size))


def written(manifest: Manifest) -> bytes:
    return (manifest.model_dump_json(indent=1) + "\n").encode()


def pack(members: Iterable[tuple[str, bytes]], out: IO[bytes]) -> None:
    """The archive, in this order."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system, entry.external_attr = UNIX, READABLE
            archive.writestr(entry, data)
