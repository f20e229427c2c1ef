"""The original model while it learns -> the Stage's bytes: a picture of its own, before the run's.

``runs/learning`` keeps it as a view beside the run. Nothing is forgotten yet, so no sample is drawn
as one to forget and the only curve is the accuracy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cu_core.errors import StoreError
from cu_core.spec import RunProgress, RunRecord
from cu_core.stage.boxes import fixed_box
from cu_core.stage.replay import OVERLAP, Sent
from cu_core.stage.sections import named
from cu_core.stage.wire import frames_blob
from cu_core.store import RunReader
from cu_core.store.views import LEARNING


def blob(
    record: RunRecord, reader: RunReader, progress: RunProgress, sent: Sent
) -> tuple[bytes, str] | None:
    """(the frames that this tab lacks, what is said of the newest); None before the first one.

    The same bytes as before while there is no new frame. A damaged picture is as good as none.
    """
    try:
        found, probe = reader.view(LEARNING), reader.probe()
    except StoreError:
        return None
    if found is None or probe is None:
        return None
    arrays, facts = found
    if sent.data is None or sent.version != facts["steps"]:
        if sent.steps != facts["steps"][: len(sent.steps)]:
            sent.frames = 0  # taken up from an earlier update: later ones are void
        sent.data = _packed(record, progress, probe, arrays, facts, sent)
        sent.frames, sent.steps = len(facts["steps"]), list(facts["steps"])
        sent.version = sent.steps
    return sent.data, words(facts)


def words(facts: dict[str, Any]) -> str:
    """What the picture shows, and that it is not the forgetting."""
    step, right = facts["steps"][-1], f"{facts['accuracy'][-1]:.0f} %"
    seen = f"after update {step:,} of {facts['total']:,}" if step else "untrained"
    return (
        f"The original model as it learns, {seen}: {right} of the test images right. "
        "Nothing is forgotten yet; that picture follows."
    )


def _packed(
    record: RunRecord,
    progress: RunProgress,
    probe: dict[str, Any],
    arrays: dict[str, Any],
    facts: dict[str, Any],
    sent: Sent,
) -> bytes:
    start = min(max(0, sent.frames - OVERLAP), len(facts["steps"]) - 1)
    sent.box = sent.box if start and sent.box else fixed_box(arrays["xy"][0])
    sheet = progress.atlas
    atlas = None
    if sheet is not None and "atlas" in probe:
        atlas = probe["atlas"].tobytes(), sheet.mime, sheet.tile, sheet.columns
    header = {
        "run": f"learning-{record.run_id}",
        "title": "The original model learns",
        "steps": facts["steps"][start:],
        "total": len(facts["steps"]),
        "total_steps": facts["total"],
        "live": True,
        "state": "running",
        "classes": list(progress.class_names),
        "box": sent.box,
        "names": None if start else named(probe),
    }
    return frames_blob(
        arrays["xy"][start:],
        arrays["pred"][start:],
        probe["label"],
        np.zeros(len(probe["label"]), bool),
        probe["index"],
        atlas,
        [_curve(facts)],
        header,
        start,
        true_label=probe.get("true_label"),
    )


def _curve(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": "test_acc",
        "title": "Test accuracy",
        "unit": "%",
        "group": "accuracy",
        "original": None,
        "retrained": None,
        "steps": facts["steps"],
        "values": facts["accuracy"],
    }
