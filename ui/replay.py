"""A run in the store -> the Stage's bytes: curves, events, and the frames a tab still lacks.

What a browser tab has been sent is kept in its ``Sent``: a poll then costs the new frames only,
and a run in which nothing changed gives the very same bytes, which Streamlit does not send again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cu_core.spec import RunRecord
from cu_core.store import Frames, RunReader
from ui.stage import fixed_box, frames_blob

OVERLAP = 2  # frames sent once more, so that a page that missed one poll does not have to ask
CURVE_POINTS = 600  # a curve on the wire; a screen has no more columns to show it in
ACCURACIES = ("ra", "ta")

Values = Mapping[str, Any]
Curves = dict[str, tuple[list[int], list[float | None]]]


@dataclass
class Sent:
    """What one tab has of one run. ``version``: what the last bytes were made from."""

    run_id: str
    generation: Any = None
    frames: int = 0
    last_step: int = -1
    box: list[float] | None = None
    curves: Curves = field(default_factory=dict)
    version: Any = None
    data: bytes | None = None

    def forget_from(self, frame: int) -> None:
        """The page says that it lacks the frames from this one on."""
        self.frames, self.version = max(0, frame), None


def blob(
    record: RunRecord, reader: RunReader, progress: Values, catalog: Values, sent: Sent
) -> bytes | None:
    """The frames this tab lacks, with the curves and events so far; None before the first frame."""
    if sent.generation != progress.get("generation"):
        sent.__init__(sent.run_id, progress.get("generation"))  # rewound: what was sent is void
    events, known = reader.events(), _merged(reader, sent)
    version = (record.state, len(known), sent.last_step, len(events), bool(record.summary))
    version += (bool(progress.get("original")), bool(progress.get("retrained")))
    if sent.data is not None and sent.version == version:
        return sent.data
    start = max(0, sent.frames - OVERLAP)
    frames = reader.frames(start)
    if frames.total < sent.frames:
        start, frames = 0, reader.frames(0)
    probe = reader.probe()
    if not frames.total or probe is None:
        return None
    if frames.start == 0 and sent.box is None:
        sent.box = fixed_box(frames.xy[0])
    sent.data = frames_blob(
        frames.xy,
        frames.pred,
        probe["label"],
        probe["is_forget"],
        probe["index"],
        _atlas(probe, progress),
        curves(known, record, progress, catalog),
        _header(record, progress, frames, events, sent.box),
        frames.start,
        probe.get("ghost"),
    )
    sent.frames, sent.version = frames.total, version
    return sent.data


def _merged(reader: RunReader, sent: Sent) -> Curves:
    """All metric rows; only those since the last snapshot are read, where rows can still come."""
    since = sent.last_step - 1
    for name, (steps, values) in reader.metrics(since).items():
        held_steps, held_values = sent.curves.setdefault(name, ([], []))
        while held_steps and held_steps[-1] > since:
            held_steps.pop()
            held_values.pop()
        held_steps.extend(steps)
        held_values.extend(values)
    snapshots = reader.snapshots(sent.last_step)
    sent.last_step = snapshots[-1].step if snapshots else sent.last_step
    return sent.curves


def _atlas(probe: Values, progress: Values) -> tuple[bytes, str, int, int] | None:
    sheet = progress.get("atlas")
    if not sheet or "atlas" not in probe:
        return None
    return probe["atlas"].tobytes(), sheet["mime"], sheet["tile"], sheet["columns"]


def _header(
    record: RunRecord, progress: Values, frames: Frames, events: Sequence[Any], box: Any
) -> dict[str, Any]:
    return {
        "run": record.run_id,
        "title": record.name,
        "steps": frames.steps,
        "total": frames.total,
        "total_steps": record.total or None,
        "live": record.state in ("starting", "running", "paused"),
        "state": record.state,
        "classes": [str(name) for name in progress.get("class_names", ())],
        "forget_classes": list((progress.get("forget") or {}).get("classes", ())),
        "box": box,
        "floor": progress.get("floor", 0.0),
        "quality": frames.quality,
        "events": [{"step": e.step, "kind": e.kind, "text": e.text} for e in events],
    }


def curves(known: Curves, record: RunRecord, progress: Values, catalog: Values) -> list[dict]:
    """The Stage's curves: accuracies, the probe, and every loss term, each with its references."""
    declared = {m["key"]: m for m in catalog.get("metrics", ())}
    is_class = bool((progress.get("forget") or {}).get("classes"))
    forget = "forget_acc_test" if is_class else "forget_acc_train"
    wanted = [(forget, "accuracy"), *((key, "accuracy") for key in ACCURACIES)]
    wanted.append(("knn_probe_forget", "probe"))
    wanted += [(name, "loss") for name in known if name.startswith("loss/")]
    found = []
    for name, group in wanted:
        if name not in known:
            continue
        metric = declared.get(name, {"title": name.removeprefix("loss/"), "unit": ""})
        steps, values = _thinned(*known[name])
        line = {"key": name, "title": metric["title"], "unit": metric["unit"], "group": group}
        for source in ("original", "retrained"):
            values_of = record.summary.get(source) or progress.get(source) or {}
            line[source] = values_of.get(name)
        found.append({**line, "steps": steps, "values": values})
    return found


def _thinned(steps: list[int], values: list[Any]) -> tuple[list[int], list[Any]]:
    """Every k-th point and the last one."""
    k = math.ceil(len(steps) / CURVE_POINTS) or 1
    pick = [i for i in range(len(steps)) if i % k == 0 or i == len(steps) - 1]
    return [steps[i] for i in pick], [values[i] for i in pick]


def so_far(sent: Sent, progress: Values) -> dict[str, Any]:
    """A summary from the newest values on record, while the final one is not there."""
    newest = {name: values[-1] for name, (_, values) in sent.curves.items() if values}
    kept = {k: progress.get(k) or {} for k in ("original", "retrained", "reasons")}
    return {"metrics": newest, **kept}
