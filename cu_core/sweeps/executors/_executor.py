"""What a file of this folder declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cu_core.spec import SweepRequest
from cu_core.store import Store


class Place(Protocol):
    """An executor at work for one sweep, in its owner's process."""

    @property
    def slots(self) -> int:
        """Runs at once, as things stand; 0 while there is no room at all."""

    def begin(self, run_id: str) -> None:
        """Sees to it that a queued run is made. Called again for one that is to be taken up from
        its checkpoint, which is queued again then."""

    def look(self) -> None:
        """Called now and then: brings the store up to date with what is known elsewhere, and starts
        what has died."""

    def stop(self, run_id: str) -> None:
        """The run is not wanted any more; it ends as stopped, at once or at its next step."""

    def close(self) -> None:
        """Nothing more is asked; what runs now runs to its end."""


@dataclass(frozen=True)
class Executor:
    """``open(store, sweep_id, request)``: the place, ready to take runs; a LetheError says why
    there is none."""

    key: str
    title: str
    help: str
    open: Callable[[Store, str, SweepRequest], Place]
