"""Whether a run's zip is as it was written: each file by its blocks, then what is around them."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import BinaryIO

from pydantic import ValidationError

from cu_core.cli._archive import CHUNK, HEAD, WHAT, Archive, Part
from cu_core.errors import BadData, BadRequest
from cu_core.stage import manifest
from cu_core.stage.manifest import LAYOUT, NAME, Listed, Manifest

MOST_MANIFEST = 256 << 20
MOST_BLOCK = 16 << 20
AROUND = "the archive itself"
PACKED_ANEW = "Packed anew by another program: its files are compared, not the archive around them."


@dataclass(frozen=True)
class Difference:
    """``first``, ``last``: bytes of ``file``, counted from 0, among which it differs; None where no
    place can be named. ``what``: goes on a sentence that begins with the file's name."""

    file: str
    what: str
    first: int | None = None
    last: int | None = None

    @property
    def sentence(self) -> str:
        if self.first is None:
            return f"{self.file}: {self.what}."
        many = f"bytes {self.first:,} to {self.last:,}" if self.first != self.last else ""
        return f"{self.file}: {many or f'byte {self.first:,}'} {self.what}."


@dataclass(frozen=True)
class Checked:
    """``manifest``: None where it is damaged itself."""

    manifest: Manifest | None
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = field(default=())


def check(archive: Archive) -> Checked:
    """BadRequest for an archive that is none of a run's, or of a later Lethe."""
    if NAME not in archive.parts:
        raise BadRequest(f"{archive.path} has no {NAME}, so it is no run's zip; {WHAT}.")
    part = archive.parts[NAME]
    if part.bytes > MOST_MANIFEST:
        raise BadRequest(f"{archive.path} has a {NAME} of {part.bytes:,} bytes, which is none.")
    try:
        raw = archive.read(NAME)
    except BadData as fault:
        return Checked(None, (Difference(NAME, str(fault)),))
    if len(raw) != part.bytes or zlib.crc32(raw) != part.crc:
        what = "or their checksum are not as they were written, so nothing else can be compared"
        return Checked(None, (Difference(NAME, what, 0, max(len(raw) - 1, 0)),))
    said = _manifest(archive, raw)
    found = [*_files(archive, said)]
    ours = all(one.stored and not _folder(one) for one in archive.parts.values())
    if not found and ours:
        found += _around(archive, said)
    return Checked(said, tuple(found), () if ours else (PACKED_ANEW,))


def _folder(part: Part) -> bool:
    """An entry that other programs write and Lethe does not."""
    return part.name.endswith("/") and not part.bytes


def _manifest(archive: Archive, raw: bytes) -> Manifest:
    try:
        said = Manifest.model_validate_json(raw)
    except ValidationError as error:
        why = " ".join(str(error).split())[:120]
        raise BadRequest(f"{archive.path} has a {NAME} that is none ({why}); {WHAT}.") from error
    if said.layout > LAYOUT:
        by = f"Lethe {said.lethe}"[:40]
        raise BadRequest(f"{archive.path} was written by {by}; update Lethe to verify it.")
    for one in said.files:
        blocks = -(-one.bytes // said.block_bytes)
        if said.block_bytes > MOST_BLOCK or blocks != len(one.blocks):
            raise BadRequest(f"{archive.path}: {NAME} contradicts itself about {one.name[:80]!r}.")
    return said


def _files(archive: Archive, said: Manifest) -> Iterator[Difference]:
    listed = {one.name: one for one in said.files}
    for name, one in listed.items():
        if name not in archive.parts:
            yield Difference(name, "is missing")
        else:
            yield from _file(archive, one, said.block_bytes)
    for name, part in archive.parts.items():
        if name not in listed and name != NAME and not _folder(part):
            yield Difference(name, f"is not in {NAME}: somebody added it")


def _file(archive: Archive, one: Listed, size: int) -> Iterator[Difference]:
    part, whole, wrong = archive.parts[one.name], hashlib.sha256(), list[int]()
    crc = 0
    if part.bytes != one.bytes:
        yield Difference(one.name, f"has {part.bytes:,} bytes and had {one.bytes:,}")
        return
    try:
        for k, (block, hash_) in enumerate(
            zip_longest(_blocks(archive.contents(part), size), one.blocks)
        ):
            whole.update(block or b"")
            crc = zlib.crc32(block or b"", crc)
            if hashlib.sha256(block or b"").hexdigest() != hash_:
                wrong.append(k)
    except BadData as fault:
        yield Difference(one.name, str(fault))
        return
    for first, last in _runs_of(wrong):
        end = min((last + 1) * size, one.bytes) - 1
        yield Difference(one.name, "are not as they were written", first * size, end)
    if not wrong and whole.hexdigest() != one.sha256:
        yield Difference(one.name, f"its blocks are as {NAME} says, and the whole is not")
    elif not wrong and crc != part.crc:
        yield Difference(one.name, "is as it was written, and its checksum in the archive is not")


def _blocks(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes, so many at a time."""
    held = b""
    for chunk in chunks:
        held += chunk
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held


def _runs_of(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbours together: 3, 4, 7 are 3 to 4, and 7."""
    first = 0
    for k, number in enumerate(numbers):
        if k + 1 == len(numbers) or numbers[k + 1] != number + 1:
            yield numbers[first], number
            first = k + 1


def _around(archive: Archive, said: Manifest) -> Iterator[Difference]:
    """Packs the same files anew and looks for the first byte that is another one."""
    names = (NAME, *(one.name for one in said.files))
    with tempfile.TemporaryFile() as anew, archive.path.open("rb") as given:
        manifest.pack(((name, archive.read(name)) for name in names), anew)
        anew.seek(0)
        at = _first_difference(given, anew)
    if at is not None:
        yield Difference(AROUND, f"is not as it was written ({_place(archive, at)})", at, at)


def _first_difference(one: BinaryIO, other: BinaryIO) -> int | None:
    at = 0
    while True:
        mine, theirs = one.read(CHUNK), other.read(CHUNK)
        if mine != theirs:
            pairs = enumerate(zip_longest(mine, theirs))
            return at + next(k for k, (a, b) in pairs if a != b)
        if not mine:
            return None
        at += len(mine)


def _place(archive: Archive, at: int) -> str:
    for part in archive.parts.values():
        if part.at <= at < part.at + HEAD.size + len(part.name.encode()):
            return f"the header of {part.name}"
    return "its table of contents"
