"""A run as something to keep: one blob with all there is to see of it, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cu_core.errors import StoreError
from cu_core.files import slug
from cu_core.spec import Catalog, RunProgress, RunRecord
from cu_core.stage import pack, replay, unpack
from cu_core.store import Store, title

LONGEST = 60  # letters of a title in a file's name


def whole(store: Store, record: RunRecord) -> bytes:
    """The run from its first frame on, with its verdict, its command and the views on record: the
    3-D map if it is complete, and the exact map of the last frame that has one. Of a long run as
    many frames as a live page has (``replay.LIMIT``), which the page says.

    StoreError when the run has no frame.
    """
    reader = store.reader(record.run_id)
    progress = reader.progress()
    data = replay.blob(
        record,
        reader,
        progress,
        store.catalog() or Catalog(),
        replay.Sent(record.run_id),
        exact=_exact(reader),
        solid=_solid(reader),
    )
    if data is None:
        raise StoreError(f"Run {record.run_id} has no frame, so there is nothing to play.")
    header, sections = unpack(data)
    return pack({**header, "command": record.command, "live": False}, sections)


def file_name(record: RunRecord, ending: str = ".html", progress: RunProgress | None = None) -> str:
    """The run's title as a file's: plain letters, figures and dashes, and the format's ending."""
    named = slug(title(record, progress or RunProgress()), LONGEST)
    return f"lethe-{named or record.run_id}{ending}"


def _exact(reader: Any) -> Mapping[str, Any] | None:
    """Words on the exact map of the last frame in the page that has one; a damaged one counts as
    none."""
    steps = {int(name.split("-")[1]) for name in reader.views() if name.startswith("exact-")}
    for step in sorted(steps.intersection(reader.frame_steps(replay.LIMIT)), reverse=True):
        try:
            known = reader.view_facts(f"exact-{step}")
        except StoreError:
            continue
        if known is not None:
            return {"state": "done", **known}
    return None


def _solid(reader: Any) -> Mapping[str, Any] | None:
    """Words on the 3-D map, if every frame is in it."""
    try:
        known = reader.view_facts("solid")
    except StoreError:
        return None
    total = reader.snapshot_count()
    if known is None or len(known["steps"]) + len(known["skipped"]) < total:
        return None
    names = ("steps", "quality", "ghost")
    return {"state": "done", "done": total, "total": total, **{n: known[n] for n in names}}
