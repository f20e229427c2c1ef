"""Files written whole or not at all, how a change of one is seen, where ours lie, and which of a
person's own may be read."""

import errno
import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from cu_core.errors import BadData, DiskFull, LetheError, StoreError

PACKAGE = Path(__file__).resolve().parent
# An installed Lethe carries its app inside the package; a copy of the source has it beside it.
INSTALLED = (PACKAGE / "_app").is_dir()
ROOT = PACKAGE / "_app" if INSTALLED else PACKAGE.parent
ASSETS = ROOT / "assets"
# Where others reach the app (docs/SERVING.md), in its environment:
CONFINED = "LETHE_DATA"  # folders outside of which nobody may name a path; unset: anywhere
TOKEN = "LETHE_TOKEN"  # what a visitor must know; "none" where everybody may come in
READ_ONLY = "LETHE_READONLY"  # 1: what is on record can be looked at, and nothing begun or changed
SESSION_RUNS = "LETHE_SESSION_RUNS"  # that a visitor may have queued or at work
SESSION_GB = "LETHE_SESSION_GB"  # 10^9 bytes, that the runs a visitor began may take on the disk
NAME_LIMIT, PATH_LIMIT = 255, 4096  # bytes, as file systems have it
FULL = (errno.ENOSPC, errno.EDQUOT)  # no room for anybody, or for this user
MOST_UNPACKED, MOST_RATIO = 2 << 30, 100  # bytes, and times the file: beyond both it is a bomb


def given_path(text: str) -> Path:
    """The path that a person has written, with ``~`` resolved. BadData, with one sentence, for what
    no file system could hold, for a user that this machine does not know, and, where $LETHE_DATA
    confines paths, for one outside of it: the sentence is the same whether anything is there.
    """
    written = Path(text)
    longest = max((len(os.fsencode(part)) for part in written.parts), default=0)
    if "\0" in text or longest > NAME_LIMIT or len(os.fsencode(text)) > PATH_LIMIT:
        raise BadData(
            f"A path of {len(text):,} characters that begins with {text[:40]!r} is none that a "
            "file can have. Give the path of a file or folder."
        )
    try:
        path = written.expanduser()
    except RuntimeError:
        raise BadData(f"{text!r} names a user whom this machine does not know.") from None
    allowed = [Path(folder) for folder in os.environ.get(CONFINED, "").split(os.pathsep) if folder]
    if not allowed:
        return path
    resolved = (allowed[0] / path).resolve()
    if not any(resolved.is_relative_to(folder.resolve()) for folder in allowed):
        raise BadData(
            f"{text!r} lies outside the folders that this Lethe may read ({CONFINED}). "
            "Upload the file, or ask whoever runs this server to put it there."
        )
    return resolved


@contextmanager
def confined(folders: str) -> Iterator[None]:
    """Inside, paths are confined to these folders, as $LETHE_DATA has them; "": as they are."""
    before = os.environ.get(CONFINED)
    if folders:
        os.environ[CONFINED] = folders
    try:
        yield
    finally:
        os.environ.pop(CONFINED, None)
        if before is not None:
            os.environ[CONFINED] = before


def refuse_bomb(called: str, packed: int, unpacked: int, kind: type[LetheError] = BadData) -> None:
    """A ``kind`` of refusal for a packed file that would fill memory or disk: before anything is
    unpacked. ``packed``, ``unpacked``: bytes."""
    if unpacked > MOST_UNPACKED and unpacked > MOST_RATIO * max(packed, 1):
        raise kind(
            f"{called} is {packed / 1e6:.1f} MB and would unpack to {unpacked / 1e9:.1f} GB, "
            f"{unpacked // max(packed, 1):,} times as much: it is refused. "
            "Save it anew without compression if it is what you meant."
        )


def slug(text: str, most: int) -> str:
    """A name for a file: plain letters, figures and dashes of ``text``, at most so many; "" where
    it has none."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:most].strip("-")


def stamp(path: Path) -> tuple[int, int, int] | None:
    """(inode, bytes, mtime in ns): changes whenever the file is replaced or rewritten."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def write_atomic(path: Path, data: bytes) -> None:
    """The file is either as before or whole, and on the disk. DiskFull when it has no room there,
    StoreError when it cannot be for another reason."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise refusal(
            error,
            f"{path} could not be written ({error.strerror or error}). "
            "Free some space or give the folder write permission; what was there before is intact.",
        ) from error


def refusal(error: OSError, sentence: str) -> StoreError:
    """The error to raise with this sentence: DiskFull where room is all that lacks."""
    return DiskFull(sentence) if error.errno in FULL else StoreError(sentence)


def sync_folder(folder: Path) -> None:
    """Puts a rename in ``folder`` on the disk, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@cache
def sources_hash() -> str:
    """First 16 hex digits of the SHA-256 over this package's source files, names and contents."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("_app/"):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
