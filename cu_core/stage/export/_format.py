"""What a file of this folder declares: one way in which a run leaves Lethe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cu_core.spec import RunRecord
from cu_core.store import Store


@dataclass(frozen=True)
class ExportFormat:
    """One kind of file that a run can be kept as.

    ``key``: as the command line has it. ``title``: after "Download as". ``noun``: after "Save the".
    ``ending``: of the file's name, with its dot. ``mime``: its type for a browser. ``help``: what
    it is for, one sentence. ``first``: the format that a page offers by itself.

    ``make(store, record) -> bytes`` goes by what is on record, in a second or so, without torch: a
    page calls it. StoreError, as a sentence, when the run lacks what the file is made of.
    ``prepare(store, record)``, where there is one, first computes what the file would hold if it
    were on record (takes up to minutes, needs torch); the command line calls it, a page does not.
    ``make_seen(store, record, opens)``, of a format that can, makes a file that opens as a screen
    was: ``opens`` is what the Stage reported as ``screen``, and the ``frame`` that stood still.
    """

    key: str
    title: str
    noun: str
    ending: str
    mime: str
    help: str
    make: Callable[[Store, RunRecord], bytes]
    prepare: Callable[[Store, RunRecord], None] | None = None
    make_seen: Callable[[Store, RunRecord, Mapping[str, object]], bytes] | None = None
    first: bool = False
