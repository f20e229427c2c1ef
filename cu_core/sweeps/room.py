"""What a sweep uses up: room on the disk, and time."""

import time

from cu_core.store import Store

FIRST_RUN = 100 * 2**20  # bytes of a run while none has ended that could be measured
MARGIN = 200 * 2**20  # bytes that are left to everything else on the disk
MB = 1e6


class Room:
    """Whether the runs that are left fit on the disk, by the size of those that have ended."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sizes: dict[str, int] = {}

    def count(self, run_id: str) -> None:
        """A run that has ended."""
        self._sizes[run_id] = self._store.run_bytes(run_id)

    def lacking(self, runs: int) -> str:
        """The sentence of why no further run is begun while ``runs`` are left; "" with room."""
        per_run = sum(self._sizes.values()) / len(self._sizes) if self._sizes else FIRST_RUN
        needed, free = MARGIN + runs * per_run, self._store.free_bytes()
        if free >= needed:
            return ""
        return (
            f"The disk of {self._store.home} has {free / MB:,.0f} MB free, and what is left of "
            f"this sweep needs {needed / MB:,.0f} MB. It goes on once there is room: delete runs, "
            "or stop the sweep."
        )


class Watch:
    """How long a sweep has been at work, over all processes that led it."""

    def __init__(self, spent: float) -> None:
        """``spent``: seconds before this process."""
        self.spent = spent
        self._at = time.monotonic()

    def look(self, minutes: float | None, resting: bool) -> bool:
        """Counts the time since the last look, unless it was one of rest; True at the one look
        at which ``minutes`` have passed."""
        now, before = time.monotonic(), self.spent
        self.spent += 0.0 if resting else now - self._at
        self._at = now
        return minutes is not None and before < 60 * minutes <= self.spent
