"""A run in the store -> the Stage's bytes: curves, events, and the frames a tab still lacks.

What a browser tab has been sent is kept in its ``Sent``: a poll then costs the new frames only,
and a run in which nothing changed gives the very same bytes, which Streamlit does not send again.
Of a long run a page has every k-th frame on record and the newest, which gives way to the next
one; when k grows, all that are shown then travel anew. Frames are counted as the page has them.
What comes but once (the retrained ghost, the 3-D map, an exact map) travels when it has changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cu_core.spec import RATIO, Catalog, RunProgress, RunRecord, Summary
from cu_core.stage import fixed_box, frames_blob
from cu_core.stage.sections import named
from cu_core.store import Frames, RunReader

OVERLAP = 2  # frames sent once more, so that a page that missed one poll does not have to ask
LIMIT = 300  # frames in a page: at 2,000 points 9 MB to send and hold, and 25 seconds of playing
CURVE_POINTS = 600  # a curve on the wire; a screen has no more columns to show it in
ACCURACIES = ("ra", "ta")
PLANTED = ("planted_home", "planted_trigger")  # of runs on data in which something was planted
OF_FORGET = ("knn_probe_forget", "centrality")  # a panel each, whose title says what is measured
TIMES = 2  # what has changed travels in so many blobs: a page may miss one, never two

Values = Mapping[str, Any]
Curves = dict[str, tuple[list[int], list[float | None]]]


@dataclass
class Sent:
    """What one tab has of one run. ``version``: what the last bytes were made from."""

    run_id: str
    generation: Any = None
    frames: int = 0
    every: int = 1  # of how many frames on record one was sent
    steps: list[int] = field(default_factory=list)  # of the frames that were sent
    last_step: int = -1
    box: list[float] | None = None
    curves: Curves = field(default_factory=dict)
    version: Any = None
    data: bytes | None = None
    parts: dict[str, tuple[str, int]] = field(default_factory=dict)  # name -> which, how often

    def start_over(self, generation: Any) -> None:
        """The run was rewound: what was sent is void."""
        vars(self).update(vars(Sent(self.run_id, generation)))

    def forget_from(self, frame: int) -> None:
        """The page says that it lacks the frames from this one on."""
        self.frames, self.version = max(0, frame), None
        self.parts.clear()

    def lacks(self, part: str, which: Any) -> bool:
        """Whether the blob that is being made has to carry ``which`` state of this part."""
        held, times = self.parts.get(part, ("", 0))
        times = times + 1 if held == str(which) else 1
        self.parts[part] = (str(which), times)
        return times <= TIMES


def blob(
    record: RunRecord,
    reader: RunReader,
    progress: RunProgress,
    catalog: Catalog,
    sent: Sent,
    exact: Values | None = None,
    solid: Values | None = None,
) -> bytes | None:
    """The frames this tab lacks, with the curves and events so far; None before the first frame.

    ``exact`` and ``solid``: the header's words on the two views, None where they cannot be made;
    their positions are added when they are on record.
    """
    if sent.generation != progress.generation:
        sent.start_over(progress.generation)
    events, known = reader.events(), _read_curves(reader, sent)
    version: tuple[Any, ...] = (
        record.state,
        len(known),
        sent.last_step,
        len(events),
        bool(record.summary),
        bool(catalog.metrics),  # which names the curves
    )
    version += tuple(bool(part) for part in (progress.original, progress.retrained, progress.ghost))
    version += (str(exact), str(solid))
    if sent.data is not None and sent.version == version:
        return sent.data
    frames, probe = _frames(reader, sent), reader.probe()
    if not frames.total or probe is None:
        return None
    header = _header(record, progress, frames, events, sent.box)
    header["exact"], parts = _exact(reader, sent, exact)
    header["solid"], more = _solid(reader, sent, solid)
    lines = curves(known, record, progress, catalog)
    parts |= more | _ghost(probe, progress, sent)
    sent.data = _packed(frames, probe, _atlas(probe, progress), lines, header, parts)
    sent.frames, sent.version = frames.total, version
    return sent.data


def _packed(
    frames: Frames,
    probe: Values,
    atlas: Any,
    lines: list[dict[str, Any]],
    header: Values,
    parts: Values,
) -> bytes:
    """``parts``: what travels only when it has changed, by the names that the Stage gives it."""
    return frames_blob(
        frames.xy,
        frames.pred,
        probe["label"],
        probe["is_forget"],
        probe["index"],
        atlas,
        lines,
        {**header, "names": None if frames.start else named(probe)},
        frames.start,
        share=frames.share,
        share_class=frames.share_class,
        true_label=probe.get("true_label"),
        **parts,
    )


def _frames(reader: RunReader, sent: Sent) -> Frames:
    """Those that the tab lacks, and a few before them; all when some that it has are gone, or are
    too many by now."""
    frames = reader.frames(max(0, sent.frames - OVERLAP), LIMIT)
    if frames.start and (frames.total < sent.frames or frames.every != sent.every):
        frames = reader.frames(0, LIMIT)
    sent.every, sent.steps = frames.every, sent.steps[: frames.start] + frames.steps
    if frames.start == 0 and frames.total:
        sent.box = sent.box or fixed_box(frames.xy[0])
        sent.parts.clear()  # the page takes it for a new run
    return frames


def _ghost(probe: Values, progress: RunProgress, sent: Sent) -> dict[str, Any]:
    """The retrained model's places and shares, where it has some and the page lacks them."""
    if progress.ghost is None or not sent.lacks("ghost", "there"):
        return {}
    return {name: probe.get(name) for name in ("ghost", "ghost_share", "ghost_share_class")}


def _exact(
    reader: RunReader, sent: Sent, exact: Values | None
) -> tuple[Values | None, dict[str, Any]]:
    """The words on the exact map and, when it is on record and new to the page, its places."""
    if exact and sent.every > 1 and exact.get("step") not in sent.steps:
        return {"state": "none"}, {}  # of a frame that is not in the page, or no longer
    if not exact or exact["state"] != "done" or not sent.lacks("exact", exact["step"]):
        return exact, {}
    found = reader.view(f"exact-{exact['step']}")
    return (exact, {"exact": found[0]["xy"]}) if found else ({"state": "none"}, {})


def _solid(
    reader: RunReader, sent: Sent, solid: Values | None
) -> tuple[Values | None, dict[str, Any]]:
    """The words on the 3-D map and, when there are frames new to the page, all its places."""
    if not solid or not solid.get("steps"):
        return solid, {}
    known, _ = _in_page(solid, sent)
    if not known["steps"] or not sent.lacks("solid", (known["steps"], solid.get("ghost"))):
        return known, {}
    found = reader.view("solid")
    if found is None:
        return {**solid, "steps": [], "quality": []}, {}
    arrays, facts = found  # it may have grown since the words were found
    words = {name: facts[name] for name in ("steps", "quality", "ghost")}
    known, pick = _in_page({**solid, **words}, sent)
    return known, {"xyz": arrays["xyz"][pick], "ghost_xyz": arrays.get("ghost_xyz")}


def _in_page(solid: Values, sent: Sent) -> tuple[Values, Any]:
    """The words on those frames of the 3-D map that the page has, and which of its frames."""
    if sent.every == 1:
        return solid, slice(None)
    page = {*sent.steps}
    pick = [i for i, step in enumerate(solid["steps"]) if step in page]
    words = {name: [solid[name][i] for i in pick] for name in ("steps", "quality")}
    return {**solid, **words}, pick


def _read_curves(reader: RunReader, sent: Sent) -> Curves:
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


def _atlas(probe: Values, progress: RunProgress) -> tuple[bytes, str, int, int] | None:
    sheet = progress.atlas
    if sheet is None or "atlas" not in probe:
        return None
    return probe["atlas"].tobytes(), sheet.mime, sheet.tile, sheet.columns


def _header(
    record: RunRecord, progress: RunProgress, frames: Frames, events: Sequence[Any], box: Any
) -> dict[str, Any]:
    return {
        "run": record.run_id,
        "title": record.name,
        "steps": frames.steps,
        "total": frames.total,
        "total_steps": record.total or None,
        "headline": record.summary.headline or None,
        "verdict": record.summary.verdict or None,
        "live": record.state in ("starting", "running", "paused"),
        "state": record.state,
        "classes": list(progress.class_names),
        "forget_classes": list(progress.forget.classes),
        "box": box,
        "scale": progress.scale,
        "ghost": progress.ghost and progress.ghost.model_dump(),
        "quality": frames.quality,
        **({"every": frames.every, "on_record": frames.recorded} if frames.every > 1 else {}),
        "events": [{"step": e.step, "kind": e.kind, "text": e.text} for e in events],
    }


def curves(
    known: Curves, record: RunRecord, progress: RunProgress, catalog: Catalog
) -> list[dict[str, Any]]:
    """The Stage's curves: accuracies, the probe, what became of planted samples, how far out the
    forget samples lie between the other classes, and every loss term, each with its references."""
    declared = {metric.key: metric for metric in catalog.metrics}
    is_class = bool(progress.forget.classes)
    forget = "forget_acc_test" if is_class else "forget_acc_train"
    wanted = [(forget, "accuracy"), *((key, "accuracy") for key in ACCURACIES)]
    wanted.append(("knn_probe_forget", "probe"))
    wanted += [(key, "planted") for key in PLANTED if _has_values(known, key)]
    wanted.append(("centrality", "between"))
    wanted += [(name, "loss") for name in known if name.startswith("loss/")]
    found = []
    for name, group in wanted:
        if name not in known:
            continue
        metric = declared.get(name)
        steps, values = _decimated(*known[name])
        line = {
            "key": name,
            "title": metric.title if metric else name.removeprefix("loss/"),
            "unit": metric.unit if metric and metric.unit != RATIO else "",
            "group": group,
            **({"short": "Forget samples"} if name in OF_FORGET else {}),
            "original": (record.summary.original or progress.original).get(name),
            "retrained": (record.summary.retrained or progress.retrained).get(name),
        }
        found.append({**line, "steps": steps, "values": values})
    return found


def _has_values(known: Curves, name: str) -> bool:
    return any(value is not None for value in known.get(name, ((), ()))[1])


def _decimated(steps: list[int], values: list[Any]) -> tuple[list[int], list[Any]]:
    """Every k-th point and the last one."""
    k = math.ceil(len(steps) / CURVE_POINTS) or 1
    pick = [i for i in range(len(steps)) if i % k == 0 or i == len(steps) - 1]
    return [steps[i] for i in pick], [values[i] for i in pick]


def so_far(sent: Sent, progress: RunProgress) -> Summary:
    """A summary from the newest values on record, while the final one is not there."""
    return Summary(
        metrics={name: values[-1] for name, (_, values) in sent.curves.items() if values},
        original=progress.original,
        retrained=progress.retrained or None,
        reasons=progress.reasons,
    )
