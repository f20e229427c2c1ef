"""What a file of this folder declares: one way in which several runs leave Lethe together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cu_core.comparison.together import Told
from cu_core.spec import RunRecord
from cu_core.stage.export import PLAIN, Format, Order
from cu_core.store import Store


@dataclass(frozen=True)
class Beside:
    """A run, and what it is called beside the others."""

    record: RunRecord
    told: Told


class Make(Protocol):
    def __call__(self, store: Store, runs: Sequence[Beside], order: Order = PLAIN) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class ComparisonFormat(Format):
    """``make(store, runs, order) -> bytes`` of two to six runs goes by what is on record, without
    torch, in some seconds; the page calls it. StoreError for a run that lacks what it is made of.
    """

    make: Make
