"""A zip from somebody else's hands, read with care: nothing of it is unpacked onto the disk, no
more is read than it declares, and a checksum that does not fit hides no bytes."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cu_core.errors import BadData, BadRequest
from cu_core.files import refuse_bomb

HEAD = struct.Struct("<4s5H3I2H")  # of a file in the archive; its name follows
SIGN = b"PK\x03\x04"
CHUNK = 1 << 20
MOST_FILES = 200_000
SMALL, MOST_RATIO = 1 << 20, 200  # larger files that shrink further than so are no record
WHAT = "`lethe verify` checks the zip that `lethe export RUN --zip FILE` writes"
UNREADABLE = (
    zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A file of the archive. ``at``: of its header, ``bytes``: declared, ``packed``: in the
    archive; ``crc``: of its contents."""

    name: str
    at: int
    bytes: int
    packed: int
    stored: bool
    crc: int


@dataclass(frozen=True)
class Archive:
    path: Path
    parts: dict[str, Part]

    def contents(self, part: Part) -> Iterator[bytes]:
        """A chunk after the other, never more than declared. BadData where they are not there."""
        try:
            with self.path.open("rb") as file:
                _to_contents(file, part)
                yield from _plain(file, part.bytes) if part.stored else _inflated(file, part)
        except (OSError, struct.error, zlib.error) as error:
            raise BadData(f"it cannot be read ({error})") from error

    def read(self, name: str) -> bytes:
        """All of a part. BadData, also where there is none."""
        if name not in self.parts:
            raise BadData(f"{self.path} has no {name}.")
        return b"".join(self.contents(self.parts[name]))


def opened(path: Path) -> Archive:
    """BadRequest, in a sentence, for what is no zip or none that may be read."""
    try:
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except OSError as error:
        raise BadRequest(f"{path} cannot be read ({error.strerror or error}).") from error
    except UNREADABLE as error:
        raise BadRequest(f"{path} is no zip that can be read ({error}); {WHAT}.") from error
    if len(entries) > MOST_FILES:
        raise BadRequest(f"{path} claims {len(entries):,} files, more than any run has.")
    for entry in entries:
        _check(path, entry)
    refuse_bomb(str(path), size, sum(entry.file_size for entry in entries), BadRequest)
    if sum(entry.compress_size for entry in entries) > size:
        raise BadRequest(f"{path} is made to burst: its parts are more than the file has bytes.")
    parts = {entry.filename: _part(entry) for entry in entries}
    if len(parts) < len(entries):
        raise BadRequest(f"{path} has two files of one name, so it is not clear which is meant.")
    return Archive(path, parts)


def _check(path: Path, entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    if entry.header_offset < 0:
        raise BadRequest(f"{path} is damaged: {name[:80]!r} would begin before it does.")
    inside = PurePosixPath(name)
    unsafe = inside.is_absolute() or ".." in inside.parts or any(sign in name for sign in "\\:\0")
    if unsafe or not name or stat.S_ISLNK(entry.external_attr >> 16):
        raise BadRequest(f"{path} has a path that leads out of it ({name[:80]!r}); not read.")
    if entry.flag_bits & 1:
        raise BadRequest(f"{path} is locked with a password ({name[:80]!r}); unlock it first.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadRequest(f"{path} packs {name[:80]!r} in a way that Lethe does not read.")
    if entry.file_size > max(SMALL, MOST_RATIO * entry.compress_size):
        raise BadRequest(
            f"{path} is made to burst: {name[:80]!r} would grow from {entry.compress_size:,} to "
            f"{entry.file_size:,} bytes."
        )


def _part(entry: zipfile.ZipInfo) -> Part:
    stored = entry.compress_type == zipfile.ZIP_STORED
    sizes = entry.file_size, entry.compress_size
    return Part(entry.filename, entry.header_offset, *sizes, stored, entry.CRC)


def _to_contents(file: BinaryIO, part: Part) -> None:
    """Sets the file to where the contents begin."""
    file.seek(part.at)
    head = file.read(HEAD.size)
    if len(head) < HEAD.size or not head.startswith(SIGN):
        raise BadData("its header in the archive is none")
    *_, name_bytes, more_bytes = HEAD.unpack(head)
    name = file.read(name_bytes)
    if name not in (part.name.encode(), part.name.encode("cp437", "replace")):
        raise BadData("its header in the archive has another name")
    file.seek(more_bytes, 1)


def _plain(file: BinaryIO, left: int) -> Iterator[bytes]:
    while left:
        chunk = file.read(min(left, CHUNK))
        if not chunk:
            raise BadData("the archive ends in the middle of it")
        left -= len(chunk)
        yield chunk


def _inflated(file: BinaryIO, part: Part) -> Iterator[bytes]:
    inflate, left, packed = zlib.decompressobj(-zlib.MAX_WBITS), part.bytes, part.packed
    waiting = b""
    while not inflate.eof:
        if not waiting and packed:
            waiting = file.read(min(packed, CHUNK))
            packed -= len(waiting)
            if not waiting:
                raise BadData("the archive ends in the middle of it")
        chunk = inflate.decompress(waiting, CHUNK)
        ended = not chunk and not inflate.unconsumed_tail and not packed
        waiting, left = inflate.unconsumed_tail, left - len(chunk)
        if left < 0:
            raise BadData("it holds more than the archive declares")
        if ended and not inflate.eof:
            raise BadData("the archive ends in the middle of it")
        yield chunk
