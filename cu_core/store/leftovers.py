"""What of a home folder may go without a loss: how much it is, and its removal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cu_core.store.paths import DAY_S, Paths, held


@dataclass(frozen=True)
class Leftover:
    """``key``: on the command line; ``title``: what it is; ``paths``: files and folders."""

    key: str
    title: str
    paths: tuple[Path, ...]

    @property
    def bytes(self) -> int:
        return sum(size(path) for path in self.paths)


def size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; of what has gone meanwhile 0."""
    files = path.rglob("*") if path.is_dir() else [path]
    total = 0
    for file in files:
        try:
            total += file.lstat().st_size if not file.is_dir() else 0
        except OSError:
            continue
    return total


def leftovers(paths: Paths) -> list[Leftover]:
    """By kind, those that there are; nothing younger than a day, which somebody may be making."""
    found = []
    for key, (title, look) in KINDS.items():
        there = tuple(sorted(path for path in look(paths) if _old(path)))
        if there:
            found.append(Leftover(key, title, there))
    return found


def remove(leftover: Leftover) -> int:
    """The bytes that were freed."""
    freed = 0
    for path in leftover.paths:
        held = size(path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):  # another's file, say: the rest may go all the same
                path.unlink(missing_ok=True)
        freed += held - size(path)
    return freed


def _old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime >= DAY_S
    except OSError:
        return False


def _unfinished(paths: Paths) -> Iterator[Path]:
    for folder in (paths.home, paths.runs, paths.models, paths.data, paths.sweeps):
        for pattern in (".new-*", ".gone-*", ".*.tmp", "*.part"):
            yield from folder.glob(pattern)
    for run_id in paths.run_ids():
        if not held(paths.alive(run_id)):  # a run that waits for room may be at it for days
            for pattern in (".making-*", ".*.tmp"):
                yield from paths.run(run_id).rglob(pattern)


def _overviews(paths: Paths) -> Iterator[Path]:
    yield from paths.overviews.glob("*")


def _decoded(paths: Paths) -> Iterator[Path]:
    """Not what was downloaded, which has no record of how it was decoded."""
    for about in paths.data.glob("*/about.json"):
        yield about.parent


KINDS: dict[str, tuple[str, Callable[[Paths], Iterator[Path]]]] = {
    "unfinished": ("half made or half deleted by processes that were killed", _unfinished),
    "uploads": ("uploads older than a day", lambda p: p.incoming.glob("*")),
    "moved": (
        "damaged indexes that were moved aside",
        lambda p: p.home.glob("*.damaged-*"),
    ),
    "earlier": (
        "databases as an earlier Lethe had them, kept when they were brought up",
        lambda p: p.earlier.glob("*"),
    ),
    "overviews": ("pictures of original models, made anew on demand", _overviews),
    "decoded": ("decoded copies of data, made anew on demand", _decoded),
}
