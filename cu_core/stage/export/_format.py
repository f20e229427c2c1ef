"""What a file of this folder declares: one way in which a run leaves Lethe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from cu_core.spec import RunRecord
from cu_core.store import Store

Purpose = Literal["watch", "show", "compute"]


def unheard(done: int, total: int) -> None:
    """Nobody asks how far a file is."""


@dataclass(frozen=True)
class Order:
    """What is asked of a file beside its run.

    ``opens``: what was on the screen, as the header of the Stage's bytes has it (see
    ``stage.wire``): a format that is ``seen`` shows that, others do not heed it. ``tick(done,
    total)``: is told how far the file is, and ends it by raising.
    """

    opens: Mapping[str, object] = field(default_factory=dict)
    tick: Callable[[int, int], None] = unheard


PLAIN = Order()


class Make(Protocol):
    def __call__(self, store: Store, record: RunRecord, order: Order = PLAIN) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of file, of a run or of several.

    ``key``: as the command line has it. ``title``: "a table"; lists begin with it. ``noun``: after
    "Save the". ``ending``: of the file's name, with its dot. ``mime``: its type for a browser.
    ``help``: what it is for, one sentence. ``first``: the format that comes first. ``seen``:
    whether the file shows what was on the screen. ``slow``: it takes longer than a second or so,
    and reports to ``order.tick``; a page leaves it to a process. ``counts``: what it reports of.
    """

    key: str
    title: str
    noun: str
    ending: str
    mime: str
    help: str
    first: bool = False
    seen: bool = False
    slow: bool = False
    counts: str = "frame"

    @property
    def purpose(self) -> Purpose:
        """What moves is to watch, what stands still is to show, the rest is to compute with."""
        kind = self.mime.partition("/")[0]
        if kind == "video" or self.mime in ("text/html", "image/gif"):
            return "watch"
        return "show" if kind == "image" or self.mime == "application/pdf" else "compute"


@dataclass(frozen=True, kw_only=True)
class ExportFormat(Format):
    """One kind of file that a run can be kept as.

    ``make(store, record, order) -> bytes`` goes by what is on record, without torch. It takes a
    second or so, and a page calls it; of a format that is ``slow`` it takes longer and reports to
    ``order.tick``, and a page leaves it to a process of its own. StoreError, as a sentence, when
    the run lacks what the file is made of.
    ``prepare(store, record)``, where there is one, first computes what the file would hold if it
    were on record (takes up to minutes, needs torch); the command line calls it, a page does not.
    """

    make: Make
    prepare: Callable[[Store, RunRecord], None] | None = None
