"""Files written whole or not at all, how a change of one is seen, and where ours lie."""

import hashlib
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

from cu_core.errors import StoreError

PACKAGE = Path(__file__).resolve().parent
# An installed Lethe carries its app inside the package; a copy of the source has it beside it.
INSTALLED = (PACKAGE / "_app").is_dir()
ROOT = PACKAGE / "_app" if INSTALLED else PACKAGE.parent
ASSETS = ROOT / "assets"


def stamp(path: Path) -> tuple[int, int, int] | None:
    """(inode, bytes, mtime in ns): changes whenever the file is replaced or rewritten."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def write_atomic(path: Path, data: bytes) -> None:
    """The file is either as before or whole, and on the disk. StoreError when it cannot be."""
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
        raise StoreError(
            f"{path} could not be written ({error.strerror or error}). "
            "Free some space or give the folder write permission; what was there before is intact."
        ) from error


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
