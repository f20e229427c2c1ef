"""Why a run that is at work on record does not go on: its process is gone, or waits for room."""

from pathlib import Path

from cu_core.process import most_memory
from cu_core.spec import ACTIVE, RunProgress
from cu_core.store.patience import WAITS, waiting_words

LEFT = "The script that was watched ended without closing its watch. What it recorded is kept."
LOST = "The process that ran this ended unexpectedly."
RESUME = "Resume takes up its last checkpoint."
MUCH = 0.6  # of the machine's memory, from which on its lack is the likely reason
GB = 1e9


def words(folder: Path, state: str, is_watched: bool, progress: RunProgress) -> str:
    """What is said of a run that is ``lost`` or at work; "" of one that goes on."""
    if state == "lost":
        return LEFT if is_watched else _lost(progress)
    if state in ACTIVE and (folder / WAITS).exists():
        return waiting_words(folder.parents[1])
    return ""


def _lost(progress: RunProgress) -> str:
    """A process that the system ends for want of memory writes no log: what it had taken is all
    there is to go by."""
    if not progress.peak_bytes:
        return f"{LOST} {RESUME}"
    there = most_memory()
    had = f"It had taken up to {progress.peak_bytes / GB:.1f} GB of {there / GB:.1f} GB of memory"
    if progress.peak_bytes < MUCH * there:
        return f"{LOST} {had}, so a lack of it is not the likely reason. {RESUME}"
    return (
        f"{LOST} {had}, so the system has probably ended it for lack of memory. Close what else "
        f"needs much, then Resume, which takes up its last checkpoint; or start it anew with a "
        "smaller batch_size, a smaller network or fewer points on the map."
    )
