"""What is done while the disk of the home folder is full: a run waits with the row that it could
not write, and says so by a file whose name needs no room.

Databases cannot be told that they are full, nor can a person's word to Stop be put into one: so
both are empty files in the run's folder, of which a full disk still takes some.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cu_core.errors import DiskFull

T = TypeVar("T")

WAITS, STOP = "waits-for-room", "stop"  # in a run's folder
LOW_BYTES = 200_000_000  # free, below which every page says so
ADVICE = "Free some space: runs can be deleted, and the command lethe gc says what else may go."


def free_words(home: Path) -> str:
    """How much is free, and where."""
    return f"{shutil.disk_usage(home).free / 1e6:,.1f} MB are free on the disk of {home}"


def waiting_words(home: Path) -> str:
    """What is said of a run that waits."""
    free = shutil.disk_usage(home).free / 1e6
    return (
        f"{free:,.1f} MB are free on the disk, too little for what the run computes. It goes on by "
        "itself once there is room; nothing is lost."
    )


def tight(home: Path, n_bytes: int) -> str:
    """The sentence for pictures of so many bytes that have no room; "" where they fit."""
    if n_bytes <= shutil.disk_usage(home).free:
        return ""
    return (
        f"The pictures of this run take about {n_bytes / 1e6:,.0f} MB, and {free_words(home)}: the "
        "last ones will be skipped. Ask for fewer with a larger --every, or for fewer points with "
        f"--probe-size. {ADVICE}"
    )


def low(home: Path) -> str:
    """The sentence of a disk that is nearly full; "" where there is room."""
    if shutil.disk_usage(home).free >= LOW_BYTES:
        return ""
    return (
        f"Only {free_words(home)}. Where pictures of a run no longer fit they are skipped, and a "
        f"run whose numbers no longer fit waits. {ADVICE}"
    )


def refuse(full: DiskFull) -> None:
    """Nobody waits: the caller hears of it."""
    raise full


class Patience:
    """Of one process with one run; without a folder, of whoever has no time to wait.

    ``wait``: called with what the disk refused, returns when it is to be tried again, and raises
    to give up.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.mark = folder / WAITS if folder else None
        self.wait: Callable[[DiskFull], None] = refuse

    def insist(self, act: Callable[[], T]) -> T:
        """What ``act`` gives. It does all or nothing, and is done again for as long as the disk is
        full and ``wait`` bears with it."""
        marked = False
        while True:
            try:
                made = act()
            except DiskFull as full:
                marked = self._mark() or marked
                try:
                    self.wait(full)
                except BaseException:
                    self.clear()
                    raise
                continue
            if marked:
                self.clear()
            return made

    def clear(self) -> None:
        """Nobody waits any more."""
        if self.mark is not None:
            self.mark.unlink(missing_ok=True)

    def _mark(self) -> bool:
        if self.mark is None:
            return False
        try:
            self.mark.touch()
        except OSError:  # not even a name: then pages have the free space alone to go by
            return False
        return True
