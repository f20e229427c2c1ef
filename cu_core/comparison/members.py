"""Which runs stand side by side: those asked for by their ids, as far as they can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cu_core.errors import LetheError
from cu_core.spec import LIVE, MAPPED, RunRecord
from cu_core.store import Store

MOST = 6
LETTERS = "ABCDEF"  # what they are called


@dataclass(frozen=True)
class Members:
    """``runs`` in the order they were asked for; ``said``: a sentence for each that is left out."""

    runs: tuple[RunRecord, ...]
    said: tuple[str, ...]


def members(store: Store, ids: Sequence[str]) -> Members:
    """The first MOST of these ids, each once, without those that have nothing to show."""
    asked = list(dict.fromkeys(one for one in ids if one))
    said = []
    if len(asked) > MOST:
        said.append(
            f"Six runs at most stand side by side: these are the first six of {len(asked)}."
        )
    runs = []
    for run_id in asked[:MOST]:
        try:
            record = store.run(run_id)
            why = _why_not(store, record)
        except LetheError as fault:
            said.append(str(fault))
            continue
        if why:
            said.append(f"{record.name or run_id} is left out: {why}")
        else:
            runs.append(record)
    return Members(tuple(runs), tuple(said))


def _why_not(store: Store, record: RunRecord) -> str:
    """Why a run has no place here; "" if it has one."""
    if record.state == "damaged":
        return record.message
    if record.request is None or record.request.kind not in MAPPED:
        return "it has no map."
    if not store.reader(record.run_id).frame_steps(1):
        waits = record.state in LIVE
        return "it has no picture yet." if waits else "it ended before its first picture."
    return ""
